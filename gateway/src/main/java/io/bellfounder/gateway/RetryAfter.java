package io.bellfounder.gateway;

import io.vertx.core.MultiMap;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import org.jspecify.annotations.Nullable;

/** How long a provider asks to wait: in milliseconds, seconds, or until a date. */
final class RetryAfter {
  private static final long MOST_MILLIS = Duration.ofDays(1).toMillis();

  private RetryAfter() {}

  /** Null if the headers do not say, or not in a way that can be read. */
  static @Nullable Duration of(MultiMap headers, Instant now) {
    var millis = number(headers.get("retry-after-ms"), 1);
    if (millis != null) {
      return millis;
    }
    var value = headers.get("retry-after");
    var seconds = number(value, 1_000);
    return seconds != null || value == null ? seconds : untilDate(value, now);
  }

  private static @Nullable Duration number(@Nullable String text, long millisEach) {
    if (text == null) {
      return null;
    }
    try {
      double millis = Double.parseDouble(text.strip()) * millisEach;
      return millis >= 0 ? Duration.ofMillis((long) Math.min(millis, MOST_MILLIS)) : null;
    } catch (NumberFormatException e) {
      return null;
    }
  }

  private static @Nullable Duration untilDate(String text, Instant now) {
    try {
      var at = ZonedDateTime.parse(text.strip(), DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
      return at.isAfter(now) ? Duration.between(now, at) : Duration.ZERO;
    } catch (DateTimeException e) {
      return null;
    }
  }
}
