package io.bellfounder.gateway;

import io.bellfounder.wire.Usage;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The one settlement of an opened call: the first ending counts, every later one is ignored. */
final class Settlement {
  private static final Logger LOG = System.getLogger(Settlement.class.getName());

  private final GatewayPorts ports;
  private final OpenedCall opened;
  private final long startNanos;
  private boolean settled;

  private Settlement(GatewayPorts ports, OpenedCall opened, long startNanos) {
    this.ports = ports;
    this.opened = opened;
    this.startNanos = startNanos;
  }

  /**
   * Writes the call down.
   *
   * @throws Ledger.LedgerUnavailable if that is impossible; then there is nothing to settle
   */
  static Settlement open(GatewayPorts ports, OpenedCall opened, long startNanos) {
    ports.ledger().opened(opened);
    tell(() -> ports.listener().opened(opened));
    tell(() -> ports.metrics().opened(opened));
    return new Settlement(ports, opened, startNanos);
  }

  /** How a call ended, as far as the client's status and the provider's count go. */
  record Ending(
      SettledCall.Outcome outcome,
      @Nullable Integer status,
      @Nullable String errorType,
      @Nullable String provider,
      @Nullable String model,
      Usage usage,
      boolean estimated,
      @Nullable String rawUsage,
      @Nullable Long ttfbMillis,
      long responseBytes) {

    /** No provider's answer is part of it. */
    static Ending without(
        SettledCall.Outcome outcome, @Nullable Integer status, @Nullable String errorType) {
      return new Ending(outcome, status, errorType, null, null, Usage.NONE, false, null, null, 0);
    }
  }

  void settle(Ending ending, List<Attempt> attempts, boolean priced) {
    if (settled) {
      return;
    }
    settled = true;
    var price =
        priced && ending.provider() != null && ending.model() != null
            ? ports
                .prices()
                .price(
                    ending.provider(),
                    ending.model(),
                    opened.openedAt(),
                    promptTokens(ending.usage()))
            : null;
    var call =
        new SettledCall(
            opened,
            ending.outcome(),
            ending.status(),
            ending.errorType(),
            ending.provider(),
            ending.model(),
            attempts,
            ending.usage(),
            ending.estimated(),
            ending.rawUsage(),
            price,
            price == null ? 0 : Cost.of(ending.usage(), price),
            ports.clock().instant(),
            ending.ttfbMillis(),
            TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNanos),
            ending.responseBytes());
    try {
      ports.ledger().settled(call);
    } catch (Ledger.LedgerUnavailable e) {
      // The client has its answer already; the opened record stands and is settled at next start.
      LOG.log(Level.ERROR, "call " + opened.id() + " is not settled: " + e.getMessage());
    }
    tell(() -> ports.listener().settled(call));
    tell(() -> ports.metrics().settled(call));
  }

  /** Some models cost more beyond a length, which counts everything that was read. */
  private static long promptTokens(Usage usage) {
    return orZero(usage.input())
        + orZero(usage.cacheWrite5m())
        + orZero(usage.cacheWrite1h())
        + orZero(usage.cacheRead());
  }

  private static long orZero(@Nullable Long tokens) {
    return tokens == null ? 0 : tokens;
  }

  boolean settled() {
    return settled;
  }

  private static void tell(Runnable listener) {
    try {
      listener.run();
    } catch (RuntimeException e) {
      // A view's bug must not cost a call.
      LOG.log(Level.WARNING, "a listener of calls failed", e);
    }
  }
}
