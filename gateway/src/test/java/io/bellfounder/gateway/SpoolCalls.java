package io.bellfounder.gateway;

import io.bellfounder.gateway.PriceBook.Price;
import io.bellfounder.wire.Dialect;
import io.bellfounder.wire.Usage;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Calls to write down, of a usual size. */
final class SpoolCalls {
  static final Instant START = Instant.parse("2026-11-21T06:00:00Z");
  static final Price PRICE =
      new Price(
          "2026-11-01/anthropic/claude-opus-5-5",
          true,
          5_000_000,
          6_250_000,
          10_000_000,
          500_000,
          25_000_000);

  private SpoolCalls() {}

  static UUID id(long number) {
    return new UUID(0x0193_5000_0000_7000L, number);
  }

  static OpenedCall opened(long number) {
    return new OpenedCall(
        id(number),
        "node-1",
        new GatewayKey(id(1), "build", id(2), id(3), START.plusSeconds(3_600)),
        Dialect.ANTHROPIC,
        "messages",
        "claude-opus-5-5",
        "opus",
        "anthropic",
        "claude-opus-5-5",
        true,
        START.plusMillis(number),
        400_000,
        100_000 + number,
        128_000L,
        PRICE,
        "6f9d3c7e-0000-4000-8000-000000000001",
        "agent-1",
        "agent-0",
        "claude-cli/2.1.329 (external, cli)",
        "req-" + number);
  }

  static SettledCall settled(OpenedCall opened) {
    return settled(opened, "{\"output_tokens\":" + opened.estimatedInputTokens() + "}");
  }

  static SettledCall settled(OpenedCall opened, String rawUsage) {
    var usage = new Usage(7L, 0L, null, 100_000L, opened.estimatedInputTokens());
    return new SettledCall(
        opened,
        SettledCall.Outcome.COMPLETED,
        200,
        null,
        "anthropic",
        "claude-opus-5-5",
        List.of(
            attempt(1, Attempt.Outcome.OVERLOADED, "overloaded_error: Overloaded"),
            attempt(2, Attempt.Outcome.OK, null)),
        usage,
        false,
        rawUsage,
        PRICE,
        Cost.of(usage, PRICE),
        opened.openedAt().plusMillis(1_500),
        312L,
        1_500,
        20_480);
  }

  static Attempt attempt(int ordinal, Attempt.Outcome outcome, @Nullable String detail) {
    return new Attempt(
        ordinal,
        "anthropic",
        "claude-opus-5-5",
        START,
        outcome,
        outcome == Attempt.Outcome.OK ? 200 : 529,
        "req_011",
        310L,
        700,
        detail);
  }
}
