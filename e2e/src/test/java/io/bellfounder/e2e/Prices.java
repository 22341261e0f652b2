package io.bellfounder.e2e;

import java.math.BigInteger;

/** Pico-dollars (10^-12 USD) per token in each class, and the tests' own arithmetic on them. */
record Prices(long input, long cacheWrite5m, long cacheWrite1h, long cacheRead, long output) {

  BigInteger cost(Usage usage) {
    return times(input, usage.input())
        .add(times(cacheWrite5m, usage.cacheWrite5m()))
        .add(times(cacheWrite1h, usage.cacheWrite1h()))
        .add(times(cacheRead, usage.cacheRead()))
        .add(times(output, usage.output()));
  }

  private static BigInteger times(long price, long tokens) {
    return BigInteger.valueOf(price).multiply(BigInteger.valueOf(tokens));
  }
}
