package io.bellfounder.server.dataplane;

import io.bellfounder.gateway.PriceBook.Price;
import io.bellfounder.gateway.SettledCall;
import io.bellfounder.gateway.SettledCall.Outcome;
import io.bellfounder.wire.Usage;
import java.math.BigInteger;
import org.jspecify.annotations.Nullable;

/** What several calls add up to. One thread. */
final class CallSums {
  long calls;
  long errors;
  long estimated;
  long unpriced;
  BigInteger input = BigInteger.ZERO;
  BigInteger cacheWrite5m = BigInteger.ZERO;
  BigInteger cacheWrite1h = BigInteger.ZERO;
  BigInteger cacheRead = BigInteger.ZERO;
  BigInteger output = BigInteger.ZERO;
  BigInteger costPico = BigInteger.ZERO;
  BigInteger cacheCostPico = BigInteger.ZERO;
  final TtfbHistogram ttfb = new TtfbHistogram();

  void add(SettledCall call) {
    calls++;
    errors += isError(call.outcome()) ? 1 : 0;
    estimated += call.estimated() ? 1 : 0;
    Price price = call.price();
    unpriced += price != null && !price.known() ? 1 : 0;
    Usage usage = call.usage();
    input = input.add(count(usage.input()));
    cacheWrite5m = cacheWrite5m.add(count(usage.cacheWrite5m()));
    cacheWrite1h = cacheWrite1h.add(count(usage.cacheWrite1h()));
    cacheRead = cacheRead.add(count(usage.cacheRead()));
    output = output.add(count(usage.output()));
    costPico = costPico.add(BigInteger.valueOf(call.costPico()));
    if (price != null) {
      cacheCostPico =
          cacheCostPico
              .add(cost(usage.cacheWrite5m(), price.cacheWrite5mPico()))
              .add(cost(usage.cacheWrite1h(), price.cacheWrite1hPico()))
              .add(cost(usage.cacheRead(), price.cacheReadPico()));
    }
    if (call.ttfbMillis() != null) {
      ttfb.add(call.ttfbMillis());
    }
  }

  void add(CallSums other) {
    calls += other.calls;
    errors += other.errors;
    estimated += other.estimated;
    unpriced += other.unpriced;
    input = input.add(other.input);
    cacheWrite5m = cacheWrite5m.add(other.cacheWrite5m);
    cacheWrite1h = cacheWrite1h.add(other.cacheWrite1h);
    cacheRead = cacheRead.add(other.cacheRead);
    output = output.add(other.output);
    costPico = costPico.add(other.costPico);
    cacheCostPico = cacheCostPico.add(other.cacheCostPico);
    ttfb.add(other.ttfb);
  }

  /** A client that leaves is not an error of the service. */
  static boolean isError(Outcome outcome) {
    return switch (outcome) {
      case COMPLETED, ABORTED -> false;
      case FAILED, REFUSED, CUT, INTERRUPTED -> true;
    };
  }

  private static BigInteger count(@Nullable Long tokens) {
    return tokens == null ? BigInteger.ZERO : BigInteger.valueOf(tokens);
  }

  private static BigInteger cost(@Nullable Long tokens, long pricePico) {
    return count(tokens).multiply(BigInteger.valueOf(pricePico));
  }
}
