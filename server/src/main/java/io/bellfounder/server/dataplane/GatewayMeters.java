package io.bellfounder.server.dataplane;

import io.bellfounder.gateway.Attempt;
import io.bellfounder.gateway.GatewayMetrics;
import io.bellfounder.gateway.SettledCall;
import io.bellfounder.wire.Dialect;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * The data plane's figures at {@code /metrics}. Labels come from closed lists and the
 * configuration, never from clients, so there is a bounded number of them.
 */
@Component
final class GatewayMeters implements GatewayMetrics, MeterBinder {
  private static final Duration[] TTFB_CLASSES = {
    Duration.ofMillis(100),
    Duration.ofMillis(250),
    Duration.ofMillis(500),
    Duration.ofSeconds(1),
    Duration.ofMillis(2500),
    Duration.ofSeconds(5),
    Duration.ofSeconds(10),
    Duration.ofSeconds(30),
    Duration.ofSeconds(60)
  };

  private record Ended(Dialect dialect, String provider, SettledCall.Outcome outcome) {}

  private record Answered(Dialect dialect, String provider) {}

  private record Tried(String provider, Attempt.Outcome outcome) {}

  private final GatewayHealth health;

  // To find a meter by its name and labels costs more than to count.
  private final Map<Ended, Counter> calls = new ConcurrentHashMap<>();
  private final Map<Answered, Timer> firstBytes = new ConcurrentHashMap<>();
  private final Map<Tried, Counter> attempts = new ConcurrentHashMap<>();
  private volatile @Nullable MeterRegistry registry;
  private volatile @Nullable LedgerShipper shipper;

  GatewayMeters(GatewayHealth health) {
    this.health = health;
  }

  void shipping(LedgerShipper shipper) {
    this.shipper = shipper;
  }

  @Override
  public void bindTo(MeterRegistry to) {
    Gauge.builder("bellfounder.calls.open", health, GatewayHealth::openCalls)
        .description("calls under way")
        .register(to);
    ledger(
        to,
        "bellfounder.ledger.waiting",
        "settled calls not yet in the database",
        of -> of.backlog().records());
    ledger(
        to,
        "bellfounder.ledger.lag.seconds",
        "age of the oldest of them",
        of -> of.backlog().oldestAge().toMillis() / 1000.0);
    ledger(
        to,
        "bellfounder.ledger.spool.bytes",
        "disk the spool takes up",
        of -> of.backlog().diskBytes());
    ledger(
        to,
        "bellfounder.ledger.spool.bytes.max",
        "where new calls begin to be refused",
        of -> of.backlog().diskBytesMax());
    ledger(
        to,
        "bellfounder.ledger.refused",
        "settled calls kept aside because the database refuses them",
        LedgerShipper::refused);
    FunctionCounter.builder("bellfounder.ledger.stored", this, GatewayMeters::stored)
        .description("calls this process brought to the database")
        .register(to);
    registry = to;
  }

  private double stored() {
    LedgerShipper of = shipper;
    return of == null ? 0 : of.stored();
  }

  private void ledger(
      MeterRegistry to, String name, String description, ToDoubleFunction<LedgerShipper> figure) {
    Gauge.builder(
            name,
            () -> {
              LedgerShipper of = shipper;
              return of == null ? 0 : figure.applyAsDouble(of);
            })
        .description(description)
        .register(to);
  }

  @Override
  public void settled(SettledCall call) {
    MeterRegistry to = registry;
    if (to == null) {
      return;
    }
    Dialect dialect = call.opened().dialect();
    String provider = call.provider() == null ? "none" : call.provider();
    calls
        .computeIfAbsent(
            new Ended(dialect, provider, call.outcome()),
            of ->
                Counter.builder("bellfounder.calls")
                    .tag("dialect", CallStore.word(of.dialect()))
                    .tag("provider", of.provider())
                    .tag("outcome", CallStore.word(of.outcome()))
                    .register(to))
        .increment();
    if (call.ttfbMillis() != null) {
      firstBytes
          .computeIfAbsent(
              new Answered(dialect, provider),
              of ->
                  Timer.builder("bellfounder.call.ttfb")
                      .tag("dialect", CallStore.word(of.dialect()))
                      .tag("provider", of.provider())
                      .serviceLevelObjectives(TTFB_CLASSES)
                      .register(to))
          .record(call.ttfbMillis(), TimeUnit.MILLISECONDS);
    }
    for (Attempt attempt : call.attempts()) {
      attempts
          .computeIfAbsent(
              new Tried(attempt.provider(), attempt.outcome()),
              of ->
                  Counter.builder("bellfounder.attempts")
                      .tag("provider", of.provider())
                      .tag("outcome", CallStore.word(of.outcome()))
                      .register(to))
          .increment();
    }
  }

  @Override
  public void refused(Dialect dialect, int status, String reason) {
    MeterRegistry to = registry;
    if (to != null) {
      Counter.builder("bellfounder.refused")
          .tags("dialect", CallStore.word(dialect), "reason", reason)
          .register(to)
          .increment();
    }
  }
}
