package io.bellfounder.server.dataplane;

import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * Times to first byte in classes that grow by 30 %, from 1 ms to five minutes, so that percentiles
 * of any range come from sums. A percentile is off by at most half a class, about 13 %.
 */
final class TtfbHistogram {
  /** Lower bounds in milliseconds; class n holds the values from bound n - 1 up to bound n. */
  private static final long[] BOUNDS = bounds();

  private static final String BOUNDS_TEXT =
      LongStream.of(BOUNDS).mapToObj(Long::toString).collect(Collectors.joining(",", "{", "}"));

  private final long[] counts = new long[BOUNDS.length + 1];

  private static long[] bounds() {
    return LongStream.iterate(
            1, bound -> bound <= 300_000, bound -> Math.max(bound + 1, bound * 13 / 10))
        .toArray();
  }

  /** As an array in SQL, for {@code width_bucket}. */
  static String boundsText() {
    return BOUNDS_TEXT;
  }

  void add(long millis) {
    int place = Arrays.binarySearch(BOUNDS, millis);
    counts[place >= 0 ? place + 1 : -(place + 1)]++;
  }

  void add(int place, long count) {
    counts[Math.min(place, BOUNDS.length)] += count;
  }

  void add(TtfbHistogram other) {
    for (int i = 0; i < counts.length; i++) {
      counts[i] += other.counts[i];
    }
  }

  /** As an array in SQL, without the empty classes at its end. */
  String text() {
    int length = counts.length;
    while (length > 0 && counts[length - 1] == 0) {
      length--;
    }
    return LongStream.of(Arrays.copyOf(counts, length))
        .mapToObj(Long::toString)
        .collect(Collectors.joining(",", "{", "}"));
  }

  /** The middle of the class that holds the percentile; {@code null} without any value. */
  @Nullable Long percentile(int percent) {
    long all = LongStream.of(counts).sum();
    if (all == 0) {
      return null;
    }
    long wanted = Math.max(1, Math.ceilDiv(all * percent, 100));
    long seen = 0;
    for (int i = 0; i < counts.length; i++) {
      seen += counts[i];
      if (seen >= wanted) {
        long low = i == 0 ? 0 : BOUNDS[i - 1];
        long high = i < BOUNDS.length ? BOUNDS[i] - 1 : low;
        return (low + high) / 2;
      }
    }
    throw new IllegalStateException("the counts changed under the sum");
  }
}
