package io.bellfounder.server.dataplane;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.math.BigInteger;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What happened in a range of time.
 *
 * @param series one for every bucket, also where nothing happened
 * @param groups most expensive first
 * @param groupSeries of the ten most expensive groups, where anything happened
 */
record Overview(
    Instant from,
    Instant to,
    String zone,
    String bucket,
    Totals totals,
    List<Point> series,
    @Nullable List<Group> groups,
    @Nullable List<GroupPoint> groupSeries) {

  record Point(Instant start, @JsonUnwrapped Totals totals) {}

  record Group(@Nullable String id, String name, @JsonUnwrapped Totals totals) {}

  record GroupPoint(Instant start, @Nullable String groupId, String costPico, long calls) {}

  /** Sums and, of times to first byte, percentiles; {@code null} where there was none. */
  record Totals(
      long calls,
      long errors,
      long estimatedCalls,
      long unpricedCalls,
      BigInteger inputTokens,
      BigInteger cacheWrite5mTokens,
      BigInteger cacheWrite1hTokens,
      BigInteger cacheReadTokens,
      BigInteger outputTokens,
      String costPico,
      String cacheCostPico,
      @Nullable Long ttfbP50Millis,
      @Nullable Long ttfbP95Millis) {
    static Totals of(CallSums sums) {
      return new Totals(
          sums.calls,
          sums.errors,
          sums.estimated,
          sums.unpriced,
          sums.input,
          sums.cacheWrite5m,
          sums.cacheWrite1h,
          sums.cacheRead,
          sums.output,
          sums.costPico.toString(),
          sums.cacheCostPico.toString(),
          sums.ttfb.percentile(50),
          sums.ttfb.percentile(95));
    }
  }
}
