package io.bellfounder.server.launch;

import org.jspecify.annotations.Nullable;

/** The start is not possible. The message is one line for the operator, with the remedy. */
public final class LaunchRefused extends RuntimeException {
  public LaunchRefused(String message) {
    super(message);
  }

  public LaunchRefused(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
