package io.bellfounder.graph;

import org.jspecify.annotations.Nullable;

/**
 * Thrown by a node that knows that trying again is of no use: its task has failed for good, with
 * code {@code gave_up}, whatever its {@link RetryPolicy} says. Stored is the kind of the cause, and
 * no message.
 */
public final class GiveUp extends Exception {
  private static final long serialVersionUID = 1;

  /**
   * @param message for the log of whoever catches it; it is not stored
   */
  public GiveUp(String message) {
    super(message);
  }

  /**
   * @param cause what made it give up; its kind is stored
   */
  public GiveUp(@Nullable Throwable cause) {
    super(cause);
  }
}
