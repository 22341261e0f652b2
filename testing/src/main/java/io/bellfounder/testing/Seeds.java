package io.bellfounder.testing;

import java.util.concurrent.ThreadLocalRandom;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.LongStream;

/**
 * Randomness that can be replayed: prints its seed, and takes {@code -Dseed=N} instead of a new
 * one.
 */
public final class Seeds {
  private Seeds() {}

  /** The seed for a test, printed with the test's name. */
  public static long seed(String test) {
    Long given = Long.getLong("seed");
    long seed = given != null ? given : ThreadLocalRandom.current().nextLong();
    System.out.println(test + ": replay with -Dseed=" + seed);
    return seed;
  }

  /** Seeds for so many rounds of a test, each printed; the given one alone if there is one. */
  public static LongStream several(String test, int rounds) {
    return LongStream.range(0, Long.getLong("seed") == null ? rounds : 1).map(_ -> seed(test));
  }

  /** A generator from {@link #seed}. */
  public static RandomGenerator random(String test) {
    return random(seed(test));
  }

  /** The same numbers for the same seed, on every JDK. */
  public static RandomGenerator random(long seed) {
    return RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
  }
}
