package io.bellfounder.graph;

import java.time.Duration;

/**
 * How often and when a failed task is tried again.
 *
 * @param attemptsMax 1 to 100; 1 means never again
 * @param first wait before the second attempt; it doubles each time
 * @param longest the wait never exceeds it
 */
public record RetryPolicy(int attemptsMax, Duration first, Duration longest) {
  /** One attempt. */
  public static final RetryPolicy NEVER = new RetryPolicy(1, Duration.ZERO, Duration.ZERO);

  public RetryPolicy {
    if (attemptsMax < 1 || attemptsMax > 100) {
      throw new IllegalArgumentException("attemptsMax is 1 to 100, not " + attemptsMax);
    }
    if (first.isNegative() || longest.isNegative()) {
      throw new IllegalArgumentException("a wait is not negative: " + first + ", " + longest);
    }
  }

  /** So many attempts, 0.5 s after the first, twice that after the next, 30 s at most. */
  public static RetryPolicy times(int attemptsMax) {
    return new RetryPolicy(attemptsMax, Duration.ofMillis(500), Duration.ofSeconds(30));
  }

  /** After the attempt with this number, counted from 1. */
  Duration waitAfter(int attempt) {
    Duration wait = first.multipliedBy(1L << Math.min(attempt - 1, 20));
    return wait.compareTo(longest) > 0 ? longest : wait;
  }
}
