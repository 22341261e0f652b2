package io.bellfounder.gateway;

import io.bellfounder.wire.Usage;
import org.jspecify.annotations.Nullable;

final class Cost {
  private Cost() {}

  static long of(Usage usage, PriceBook.Price price) {
    return n(usage.input()) * price.inputPico()
        + n(usage.cacheWrite5m()) * price.cacheWrite5mPico()
        + n(usage.cacheWrite1h()) * price.cacheWrite1hPico()
        + n(usage.cacheRead()) * price.cacheReadPico()
        + n(usage.output()) * price.outputPico();
  }

  private static long n(@Nullable Long tokens) {
    return tokens == null ? 0 : tokens;
  }
}
