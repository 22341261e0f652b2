package io.bellfounder.server.dataplane;

import io.bellfounder.gateway.Attempt;
import io.bellfounder.gateway.GatewayKey;
import io.bellfounder.gateway.OpenedCall;
import io.bellfounder.gateway.PriceBook.Price;
import io.bellfounder.gateway.SettledCall;
import io.bellfounder.gateway.SettledCall.Outcome;
import io.bellfounder.server.tenant.Tenants;
import io.bellfounder.server.tenant.TimeOrderedIds;
import io.bellfounder.wire.Dialect;
import io.bellfounder.wire.Usage;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Settled calls as the spool hands them over, random but for what a test fixes. */
public final class MadeCalls {
  private static final List<String> MODELS = List.of("claude-a", "claude-b", "gpt-c");

  private final RandomGenerator random;

  public MadeCalls(RandomGenerator random) {
    this.random = random;
  }

  public SettledCall call(Instant openedAt) {
    return call(key(), openedAt, null, null, null);
  }

  public GatewayKey key() {
    return new GatewayKey(new UUID(0x7000, random.nextInt(3)), "made", Tenants.FIRST, null, null);
  }

  public SettledCall call(
      GatewayKey key,
      Instant openedAt,
      @Nullable String session,
      @Nullable String agent,
      @Nullable String parent) {
    return callFor(
        MODELS.get(random.nextInt(MODELS.size())), key, openedAt, session, agent, parent);
  }

  SettledCall callFor(
      String model,
      GatewayKey key,
      Instant openedAt,
      @Nullable String session,
      @Nullable String agent,
      @Nullable String parent) {
    Price price =
        new Price(
            "test/" + random.nextInt(2),
            random.nextInt(5) > 0,
            5_000_000,
            6_250_000,
            10_000_000,
            500_000,
            25_000_000);
    price =
        new Price(
            price.version() + price.known(),
            price.known(),
            price.inputPico(),
            price.cacheWrite5mPico(),
            price.cacheWrite1hPico(),
            price.cacheReadPico(),
            price.outputPico());
    OpenedCall opened =
        new OpenedCall(
            new TimeOrderedIds(() -> openedAt, random).get(),
            "node",
            key,
            Dialect.ANTHROPIC,
            "messages",
            model,
            model,
            "anthropic",
            model,
            random.nextBoolean(),
            openedAt,
            random.nextInt(1000),
            100,
            1000L,
            price,
            session,
            agent,
            parent,
            "test/1",
            null);
    Usage usage = new Usage(tokens(), tokens(), tokens(), tokens(), (long) random.nextInt(100_000));
    Outcome outcome = Outcome.values()[random.nextInt(Outcome.values().length)];
    return new SettledCall(
        opened,
        outcome,
        outcome == Outcome.COMPLETED ? 200 : 529,
        outcome == Outcome.COMPLETED ? null : "overloaded_error",
        random.nextInt(10) == 0 ? null : "anthropic",
        model,
        List.of(
            new Attempt(
                1,
                "anthropic",
                model,
                openedAt,
                Attempt.Outcome.OVERLOADED,
                529,
                "req_1",
                20L,
                25,
                "overloaded_error"),
            new Attempt(
                2, "anthropic", model, openedAt, Attempt.Outcome.OK, 200, "req_2", 30L, 40, null)),
        usage,
        outcome != Outcome.COMPLETED,
        "{\"input_tokens\":1}",
        price,
        cost(usage, price),
        openedAt.plus(Duration.ofMillis(random.nextInt(60_000))),
        random.nextInt(10) == 0 ? null : (long) random.nextInt(20_000),
        random.nextInt(60_000),
        random.nextInt(100_000));
  }

  private @Nullable Long tokens() {
    return random.nextInt(4) == 0 ? null : (long) random.nextInt(1_000_000);
  }

  private static long cost(Usage usage, Price price) {
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
