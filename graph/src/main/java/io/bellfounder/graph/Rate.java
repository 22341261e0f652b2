package io.bellfounder.graph;

import java.time.Duration;

/**
 * How many runs may begin in a time. It is a bucket: what was not used remains, up to {@code runs}.
 * So in any time {@code t} at most {@code runs + runs × t / per} begin, over all workers.
 *
 * @param runs 1 to 1,000,000
 * @param per 1 ms to 366 days
 */
public record Rate(int runs, Duration per) {
  public Rate {
    if (runs < 1 || runs > 1_000_000) {
      throw new IllegalArgumentException("a rate is 1 to 1,000,000 runs, not " + runs);
    }
    if (per.toMillis() < 1 || per.toDays() > 366) {
      throw new IllegalArgumentException("a rate is per 1 ms to 366 days, not " + per);
    }
  }

  /** So many in any second, and as many more after a pause. */
  public static Rate perSecond(int runs) {
    return new Rate(runs, Duration.ofSeconds(1));
  }

  /** So many in any minute, and as many more after a pause. */
  public static Rate perMinute(int runs) {
    return new Rate(runs, Duration.ofMinutes(1));
  }
}
