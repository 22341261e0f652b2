package io.bellfounder.server.dataplane;

import io.bellfounder.server.api.Problem;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.time.temporal.TemporalAdjusters;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A range cut into the hours, days, weeks or months of a time zone: a day of a change to or from
 * summer time has 23 or 25 hours.
 *
 * @param from at a quarter of an hour, as the sums are kept
 * @param to likewise, exclusive
 * @param starts the first is at or before {@code from}
 */
record Buckets(Instant from, Instant to, ZoneId zone, Unit unit, List<Instant> starts) {
  private static final Duration RANGE_MAX = Duration.ofDays(400);
  private static final int BUCKETS_MAX = 1000;
  private static final long SLOT_SECONDS = 900;

  enum Unit {
    HOUR,
    DAY,
    WEEK,
    MONTH
  }

  /**
   * @param bucket {@code hour}, {@code day}, {@code week}, {@code month}, or {@code auto}
   */
  static Buckets of(Instant from, Instant to, @Nullable String zone, @Nullable String bucket) {
    Instant start = slot(from, 0);
    Instant end = slot(to, SLOT_SECONDS - 1);
    if (!start.isBefore(end)) {
      throw Problem.invalid("to", "must be after from");
    }
    Duration range = Duration.between(start, end);
    if (range.compareTo(RANGE_MAX) > 0) {
      throw Problem.invalid("from", "must be at most 400 days before to");
    }
    ZoneId place = zone(zone);
    Unit unit = unit(bucket, range);
    List<Instant> starts = starts(start, end, place, unit);
    return new Buckets(start, end, place, unit, List.copyOf(starts));
  }

  private static List<Instant> starts(Instant from, Instant to, ZoneId zone, Unit unit) {
    List<Instant> starts = new ArrayList<>();
    ZonedDateTime first = from.atZone(zone);
    LocalDate date = first.toLocalDate();
    for (int n = 0; ; n++) {
      Instant next =
          switch (unit) {
            case HOUR -> first.truncatedTo(ChronoUnit.HOURS).plusHours(n).toInstant();
            case DAY -> date.plusDays(n).atStartOfDay(zone).toInstant();
            case WEEK ->
                date.with(TemporalAdjusters.previousOrSame(DayOfWeek.MONDAY))
                    .plusWeeks(n)
                    .atStartOfDay(zone)
                    .toInstant();
            case MONTH -> date.withDayOfMonth(1).plusMonths(n).atStartOfDay(zone).toInstant();
          };
      if (!next.isBefore(to)) {
        return starts;
      }
      if (starts.size() == BUCKETS_MAX) {
        throw Problem.invalid(
            "bucket", "is too small for this range: there would be more than " + BUCKETS_MAX);
      }
      starts.add(next);
    }
  }

  private static Instant slot(Instant at, long roundUp) {
    // Beyond these years there are no calls, and the arithmetic stays far from its ends.
    if (at.isBefore(Instant.parse("2000-01-01T00:00:00Z"))
        || at.isAfter(Instant.parse("2200-01-01T00:00:00Z"))) {
      throw Problem.invalid("from", "must be in this century or the next");
    }
    long seconds = at.getEpochSecond() + (at.getNano() > 0 && roundUp > 0 ? 1 : 0) + roundUp;
    return Instant.ofEpochSecond(seconds - Math.floorMod(seconds, SLOT_SECONDS));
  }

  private static ZoneId zone(@Nullable String zone) {
    try {
      return ZoneId.of(zone == null ? "UTC" : zone);
    } catch (java.time.DateTimeException unknown) {
      throw Problem.invalid("zone", "is not a time zone such as Europe/Vienna");
    }
  }

  private static Unit unit(@Nullable String bucket, Duration range) {
    return switch (bucket == null ? "auto" : bucket) {
      case "hour" -> Unit.HOUR;
      case "day" -> Unit.DAY;
      case "week" -> Unit.WEEK;
      case "month" -> Unit.MONTH;
      case "auto" ->
          range.compareTo(Duration.ofDays(3)) <= 0
              ? Unit.HOUR
              : range.compareTo(Duration.ofDays(93)) <= 0 ? Unit.DAY : Unit.WEEK;
      default -> throw Problem.invalid("bucket", "must be hour, day, week, month or auto");
    };
  }

  String name() {
    return unit.name().toLowerCase(Locale.ROOT);
  }

  /** As an array in SQL, for {@code width_bucket}, which then counts from 1. */
  String text() {
    StringBuilder text = new StringBuilder("{");
    for (Instant start : starts) {
      text.append(text.length() > 1 ? "," : "").append('"').append(start).append('"');
    }
    return text.append('}').toString();
  }
}
