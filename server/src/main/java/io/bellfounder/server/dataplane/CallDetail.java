package io.bellfounder.server.dataplane;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.bellfounder.gateway.Attempt;
import io.bellfounder.gateway.PriceBook.Price;
import io.bellfounder.gateway.PriceFile;
import io.bellfounder.gateway.SettledCall;
import io.bellfounder.wire.Usage;
import java.math.BigInteger;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * One call down to its attempts and to tokens × price = cost.
 *
 * @param rawUsage the provider's own usage object
 */
record CallDetail(
    @JsonUnwrapped CallView call,
    List<AttemptView> attempts,
    @Nullable PriceView price,
    CostView cost,
    @Nullable JsonNode rawUsage,
    @Nullable String clientRequestId) {

  private static final JsonMapper JSON = JsonMapper.builder().build();

  record AttemptView(
      int ordinal,
      String provider,
      String model,
      Instant startedAt,
      String outcome,
      @Nullable Integer status,
      @Nullable String providerRequestId,
      @Nullable Long ttfbMillis,
      long durationMillis,
      @Nullable String detail) {
    static AttemptView of(Attempt attempt) {
      return new AttemptView(
          attempt.ordinal(),
          attempt.provider(),
          attempt.model(),
          attempt.startedAt(),
          CallStore.word(attempt.outcome()),
          attempt.status(),
          attempt.providerRequestId(),
          attempt.ttfbMillis(),
          attempt.durationMillis(),
          attempt.detail());
    }
  }

  record PriceView(
      String version,
      boolean known,
      @Nullable String source,
      @Nullable Instant effectiveFrom,
      String inputPico,
      String cacheWrite5mPico,
      String cacheWrite1hPico,
      String cacheReadPico,
      String outputPico) {
    static PriceView of(Price price, @Nullable String source, @Nullable Instant effectiveFrom) {
      return new PriceView(
          price.version(),
          price.known(),
          source,
          effectiveFrom,
          Long.toString(price.inputPico()),
          Long.toString(price.cacheWrite5mPico()),
          Long.toString(price.cacheWrite1hPico()),
          Long.toString(price.cacheReadPico()),
          Long.toString(price.outputPico()));
    }
  }

  record CostView(List<CostLine> lines, String totalPico) {}

  record CostLine(
      @JsonProperty("class") String tokenClass, long tokens, String pricePico, String costPico) {}

  static CallDetail open(CallView call) {
    return new CallDetail(call, List.of(), null, new CostView(List.of(), "0"), null, null);
  }

  static CallDetail of(CallView view, SettledCall call, Optional<PriceFile.Origin> origin) {
    Price price = call.price();
    return new CallDetail(
        view,
        call.attempts().stream().map(AttemptView::of).toList(),
        price == null
            ? null
            : PriceView.of(
                price,
                origin.map(o -> o.source().page()).orElse(null),
                origin.map(PriceFile.Origin::effectiveFrom).orElse(null)),
        cost(call.usage(), price, Long.toString(call.costPico())),
        raw(call.rawUsage()),
        call.opened().clientRequestId());
  }

  static CostView cost(Usage usage, @Nullable Price price, String total) {
    List<CostLine> lines = new ArrayList<>();
    if (price != null) {
      line(lines, "input", usage.input(), price.inputPico());
      line(lines, "cache_write_5m", usage.cacheWrite5m(), price.cacheWrite5mPico());
      line(lines, "cache_write_1h", usage.cacheWrite1h(), price.cacheWrite1hPico());
      line(lines, "cache_read", usage.cacheRead(), price.cacheReadPico());
      line(lines, "output", usage.output(), price.outputPico());
    }
    return new CostView(lines, total);
  }

  private static void line(
      List<CostLine> lines, String tokenClass, @Nullable Long tokens, long price) {
    if (tokens != null) {
      lines.add(
          new CostLine(
              tokenClass,
              tokens,
              Long.toString(price),
              BigInteger.valueOf(tokens).multiply(BigInteger.valueOf(price)).toString()));
    }
  }

  /** What was cut at its bound is no JSON any more and is then not shown. */
  static @Nullable JsonNode raw(@Nullable String text) {
    try {
      return text == null ? null : JSON.readTree(text);
    } catch (JacksonException cut) {
      return null;
    }
  }
}
