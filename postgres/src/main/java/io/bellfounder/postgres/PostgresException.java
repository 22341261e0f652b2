package io.bellfounder.postgres;

import org.jspecify.annotations.Nullable;

/**
 * PostgreSQL cannot be started, reached or stopped. The message is for the operator: what happened,
 * to which directory, and what to do about it.
 */
public final class PostgresException extends RuntimeException {
  PostgresException(String message) {
    this(message, null);
  }

  PostgresException(@Nullable String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
