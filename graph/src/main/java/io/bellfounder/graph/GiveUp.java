package io.bellfounder.graph;

import org.jspecify.annotations.Nullable;

/**
 * Thrown by a node that knows that trying again is of no use: its task has failed for good, with
 * code {@code gave_up}, whatever its {@link RetryPolicy} says. Stored is the kind of the cause, and
 * no message.
 */
public final class GiveUp extends Exception {
  private static final long serialVersionUID = 1;

  public GiveUp(String message) {
    super(message);
  }

  public GiveUp(@Nullable Throwable cause) {
    super(cause);
  }
}
