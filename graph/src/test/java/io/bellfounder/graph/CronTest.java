package io.bellfounder.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bellfounder.testing.Seeds;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.time.zone.ZoneOffsetTransition;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class CronTest {
  private static final ZoneId BERLIN = ZoneId.of("Europe/Berlin");

  private static List<String> next(String cron, ZoneId zone, String after, int times) {
    Cron read = Cron.of(cron);
    List<String> all = new ArrayList<>();
    Instant at = Instant.parse(after);
    for (int i = 0; i < times; i++) {
      at = read.next(at, zone);
      all.add(at.toString());
    }
    return all;
  }

  @Test
  void fields_lists_ranges_steps_and_names_are_read() {
    assertThat(next("*/20 9-10 * * MON-fri", ZoneOffset.UTC, "2026-11-20T10:30:00Z", 3))
        .containsExactly("2026-11-20T10:40:00Z", "2026-11-23T09:00:00Z", "2026-11-23T09:20:00Z");
    assertThat(next("5,7 0 1 JAN,jul *", ZoneOffset.UTC, "2026-01-01T00:05:00Z", 3))
        .containsExactly("2026-01-01T00:07:00Z", "2026-07-01T00:05:00Z", "2026-07-01T00:07:00Z");
    assertThat(next("0 0 * * 7", ZoneOffset.UTC, "2026-11-21T00:00:00Z", 1))
        .containsExactly("2026-11-22T00:00:00Z");
    assertThat(next("50/5 12 * * *", ZoneOffset.UTC, "2026-11-21T12:50:00Z", 2))
        .containsExactly("2026-11-21T12:55:00Z", "2026-11-22T12:50:00Z");
  }

  @Test
  void either_of_two_restricted_days_will_do() {
    assertThat(next("0 12 13 * FRI", ZoneOffset.UTC, "2026-11-11T00:00:00Z", 3))
        .containsExactly("2026-11-13T12:00:00Z", "2026-11-20T12:00:00Z", "2026-11-27T12:00:00Z");
    assertThat(next("0 12 13 * *", ZoneOffset.UTC, "2026-11-11T00:00:00Z", 2))
        .containsExactly("2026-11-13T12:00:00Z", "2026-12-13T12:00:00Z");
  }

  @Test
  void a_leap_day_is_found_and_a_day_that_never_comes_is_refused() {
    assertThat(next("0 0 29 2 *", ZoneOffset.UTC, "2096-03-01T00:00:00Z", 1))
        .containsExactly("2104-02-29T00:00:00Z");
    assertThatThrownBy(() -> Cron.of("0 0 31 2 *")).hasMessage("there is no such day: 0 0 31 2 *");
  }

  @Test
  void what_is_wrong_is_named() {
    assertThatThrownBy(() -> Cron.of("0 0 * *")).hasMessageContaining("has five fields");
    for (String wrong :
        List.of(
            "60 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "* * * 13 *",
            "* * * * 8",
            "5-1 * * * *",
            "*/0 * * * *",
            "a * * * *",
            "1-2-3 * * * *",
            ", * * * *",
            "1/2/3 * * * *")) {
      assertThatThrownBy(() -> Cron.of(wrong))
          .as(wrong)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("in a cron line");
    }
  }

  @Test
  void a_time_that_does_not_exist_comes_at_the_end_of_the_gap_and_only_once() {
    // On 29 March 2026 the clocks in Berlin went from 02:00 to 03:00, at 01:00 UTC.
    assertThat(next("10,40 2 * * *", BERLIN, "2026-03-28T02:00:00Z", 4))
        .containsExactly(
            "2026-03-29T01:00:00Z",
            "2026-03-30T00:10:00Z",
            "2026-03-30T00:40:00Z",
            "2026-03-31T00:10:00Z");
  }

  @Test
  void a_time_that_exists_twice_counts_once() {
    // On 25 October 2026 the clocks in Berlin go from 03:00 to 02:00, at 01:00 UTC.
    assertThat(next("30 2 * * *", BERLIN, "2026-10-24T12:00:00Z", 2))
        .containsExactly("2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z");
    // Also when the look is from between the two.
    assertThat(next("30 2 * * *", BERLIN, "2026-10-25T01:10:00Z", 1))
        .containsExactly("2026-10-26T01:30:00Z");
  }

  @Test
  void what_recurs_every_hour_goes_by_the_hours_that_pass() {
    assertThat(next("30 * * * *", BERLIN, "2026-10-24T23:45:00Z", 4))
        .containsExactly(
            "2026-10-25T00:30:00Z",
            "2026-10-25T01:30:00Z",
            "2026-10-25T02:30:00Z",
            "2026-10-25T03:30:00Z");
    assertThat(next("30 * * * *", BERLIN, "2026-03-29T00:00:00Z", 3))
        .containsExactly("2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z", "2026-03-29T02:30:00Z");
  }

  @Test
  void a_day_may_begin_after_midnight_or_not_exist() {
    // In Beirut the clocks went forward at midnight; Samoa left out 30 December 2011.
    assertThat(next("0 * 31 3 *", ZoneId.of("Asia/Beirut"), "2024-03-30T12:00:00Z", 1))
        .containsExactly("2024-03-30T22:00:00Z");
    assertThat(next("0 9 30 12 *", ZoneId.of("Pacific/Apia"), "2011-12-28T00:00:00Z", 2))
        .containsExactly("2011-12-30T10:00:00Z", "2012-12-29T19:00:00Z");
  }

  @Test
  void any_next_time_is_the_one_that_looking_at_every_minute_finds() {
    RandomGenerator random = Seeds.random("cron");
    List<String> zones =
        List.of(
            "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC");
    for (int i = 0; i < 150; i++) {
      ZoneId zone = ZoneId.of(zones.get(random.nextInt(zones.size())));
      boolean hourly = random.nextBoolean();
      String hour = hourly ? "*" : random.nextInt(4) + "," + (4 + random.nextInt(20));
      String cron = random.nextInt(60) + "," + random.nextInt(60) + " " + hour + " * * *";
      // Around one of the changes, more often than not.
      Instant some = Instant.ofEpochSecond(random.nextLong(1_700_000_000L, 1_800_000_000L));
      ZoneOffsetTransition change = zone.getRules().nextTransition(some);
      boolean plain = change == null || random.nextInt(4) == 0;
      Instant around = plain ? some : change.getInstant();
      Instant after = around.plusSeconds(random.nextLong(-100_000, 20_000));

      assertThat(Cron.of(cron).next(after, zone))
          .as(cron + " in " + zone + " after " + after)
          .isEqualTo(hourly ? passing(cron, zone, after) : local(cron, zone, after));
    }
  }

  private static Instant passing(String cron, ZoneId zone, Instant after) {
    Instant at = after.truncatedTo(ChronoUnit.MINUTES);
    do {
      at = at.plusSeconds(60);
    } while (!matches(cron, LocalDateTime.ofInstant(at, zone)));
    return at;
  }

  /** Every minute on the wall for three days, each with the moment that it stands for. */
  private static Instant local(String cron, ZoneId zone, Instant after) {
    LocalDateTime from =
        LocalDateTime.ofInstant(after, zone).minusHours(12).truncatedTo(ChronoUnit.MINUTES);
    Instant best = Instant.MAX;
    for (int minute = 0; minute < 3 * 24 * 60; minute++) {
      LocalDateTime wall = from.plusMinutes(minute);
      if (matches(cron, wall)) {
        List<ZoneOffset> offsets = zone.getRules().getValidOffsets(wall);
        Instant at =
            offsets.isEmpty()
                ? zone.getRules().getTransition(wall).getInstant()
                : wall.toInstant(offsets.getFirst());
        if (at.isAfter(after) && at.isBefore(best)) {
          best = at;
        }
      }
    }
    return best;
  }

  private static boolean matches(String cron, LocalDateTime wall) {
    String[] fields = cron.split(" ", -1);
    return List.of(fields[0].split(",", -1)).contains(String.valueOf(wall.getMinute()))
        && (fields[1].equals("*")
            || List.of(fields[1].split(",", -1)).contains(String.valueOf(wall.getHour())));
  }
}
