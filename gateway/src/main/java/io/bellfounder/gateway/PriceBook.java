package io.bellfounder.gateway;

import java.time.Instant;

/** What a token costs. Called on event loops: answers from an immutable snapshot, never blocks. */
@FunctionalInterface
public interface PriceBook {

  /**
   * The price of a provider's model in force at an instant. Never absent: a model without a price
   * gets the stated conservative default, with {@link Price#known} false.
   */
  Price price(String provider, String model, Instant at);

  /**
   * The price for a prompt of a given length: some models cost more, on every token of the request,
   * above a threshold.
   *
   * @param promptTokens all that was read: fresh input, cache reads and cache writes
   */
  default Price price(String provider, String model, Instant at, long promptTokens) {
    return price(provider, model, at);
  }

  /**
   * Prices in integer pico-dollars (10⁻¹² USD) per token.
   *
   * @param version names the price file and entry, such as {@code
   *     2026-11-01/anthropic/claude-opus-5-5}
   * @param known false if this is the default for a model that has no price
   */
  record Price(
      String version,
      boolean known,
      long inputPico,
      long cacheWrite5mPico,
      long cacheWrite1hPico,
      long cacheReadPico,
      long outputPico) {}
}
