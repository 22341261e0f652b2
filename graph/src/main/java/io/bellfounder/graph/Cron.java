package io.bellfounder.graph;

import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.time.zone.ZoneRules;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;

/**
 * When something recurs: minute, hour, day of the month, month, day of the week, as in crontab(5):
 * {@code *}, numbers, ranges, lists, steps, and the first three letters of months and days in
 * English; Sunday is 0 or 7. If both days are restricted, either will do.
 *
 * <p>Where clocks are put forward, times that do not exist come together at the end of the gap.
 * Where they are put back, times that exist twice count the first time only; but what recurs in
 * every hour goes by the hours that pass, so it recurs in both, and in none that does not exist.
 */
public final class Cron {
  private static final List<String> MONTHS =
      List.of("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC");
  private static final List<String> DAYS = List.of("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT");

  /** February 29 may be eight years away. */
  private static final int DAYS_MAX = 8 * 366 + 1;

  private final String text;
  private final BitSet minutes;
  private final BitSet hours;
  private final BitSet days;
  private final BitSet months;
  private final BitSet weekdays;
  private final boolean eitherDay;

  private Cron(String text, String[] fields) {
    this.text = text;
    this.minutes = field(fields[0], 0, 59, List.of());
    this.hours = field(fields[1], 0, 23, List.of());
    this.days = field(fields[2], 1, 31, List.of());
    this.months = field(fields[3], 1, 12, MONTHS);
    this.weekdays = field(fields[4], 0, 7, DAYS);
    if (weekdays.get(7)) {
      weekdays.set(0);
    }
    // As cron does it: a field that begins with a star does not restrict.
    this.eitherDay = !fields[2].startsWith("*") && !fields[4].startsWith("*");
  }

  /**
   * Reads five fields.
   *
   * @throws IllegalArgumentException naming the field, also if there is no such day
   */
  public static Cron of(String text) {
    String[] fields = text.strip().split("\\s+", -1);
    if (fields.length != 5) {
      throw new IllegalArgumentException(
          "a cron line has five fields (minute, hour, day, month, day of the week), not "
              + fields.length
              + ": "
              + text);
    }
    Cron cron = new Cron(String.join(" ", fields), fields);
    LocalDate some = LocalDate.of(2000, 1, 1);
    for (int i = 0; i < DAYS_MAX; i++) {
      if (cron.on(some.plusDays(i))) {
        return cron;
      }
    }
    throw new IllegalArgumentException("there is no such day: " + text);
  }

  /** The first time after another, exact to the minute. */
  public Instant next(Instant after, ZoneId zone) {
    return hours.cardinality() == 24 ? passing(after, zone) : local(after, zone);
  }

  /** By the clock on the wall. */
  private Instant local(Instant after, ZoneId zone) {
    ZoneRules rules = zone.getRules();
    LocalDateTime at = LocalDateTime.ofInstant(after, zone);
    while (true) {
      at = match(at.truncatedTo(ChronoUnit.MINUTES).plusMinutes(1));
      List<ZoneOffset> offsets = rules.getValidOffsets(at);
      Instant instant =
          offsets.isEmpty()
              ? rules.getTransition(at).getInstant()
              : at.toInstant(offsets.getFirst());
      if (instant.isAfter(after)) {
        return instant;
      }
    }
  }

  /** By the time that passes: minute by minute within a day that matches. */
  private Instant passing(Instant after, ZoneId zone) {
    Instant at = after.truncatedTo(ChronoUnit.MINUTES).plus(1, ChronoUnit.MINUTES);
    while (true) {
      LocalDateTime wall = LocalDateTime.ofInstant(at, zone);
      if (!on(wall.toLocalDate())) {
        // Midnight may not exist; then the day begins later.
        at = match(wall).toLocalDate().atStartOfDay(zone).toInstant();
      } else if (minutes.get(wall.getMinute())) {
        return at;
      } else {
        at = at.plus(1, ChronoUnit.MINUTES);
      }
    }
  }

  /** The first matching time on the wall that is not before. */
  private LocalDateTime match(LocalDateTime from) {
    LocalDate date = from.toLocalDate();
    LocalTime time = from.toLocalTime();
    for (int i = 0; i <= DAYS_MAX; i++) {
      if (on(date)) {
        for (int h = hours.nextSetBit(time.getHour()); h >= 0; h = hours.nextSetBit(h + 1)) {
          int m = minutes.nextSetBit(h == time.getHour() ? time.getMinute() : 0);
          if (m >= 0) {
            return date.atTime(h, m);
          }
        }
      }
      date = date.plusDays(1);
      time = LocalTime.MIDNIGHT;
    }
    throw new IllegalStateException("no time in eight years: " + text);
  }

  private boolean on(LocalDate date) {
    boolean day = days.get(date.getDayOfMonth());
    boolean weekday = weekdays.get(date.getDayOfWeek().getValue() % 7);
    return months.get(date.getMonthValue()) && (eitherDay ? day || weekday : day && weekday);
  }

  private static BitSet field(String text, int least, int most, List<String> names) {
    BitSet set = new BitSet();
    for (String part : text.split(",", -1)) {
      String[] stepped = part.split("/", -1);
      String[] range = stepped[0].split("-", -1);
      if (stepped.length > 2 || range.length > 2) {
        throw wrong(text, least, most);
      }
      int from = stepped[0].equals("*") ? least : number(range[0], least, most, names, text);
      int to = from;
      if (stepped[0].equals("*")) {
        // Sunday is there as 0.
        to = most == 7 ? 6 : most;
      } else if (range.length == 2) {
        to = number(range[1], least, most, names, text);
      } else if (stepped.length == 2) {
        to = most;
      }
      int step = stepped.length == 2 ? number(stepped[1], 1, most, List.of(), text) : 1;
      if (from > to) {
        throw wrong(text, least, most);
      }
      for (int n = from; n <= to; n += step) {
        set.set(n);
      }
    }
    return set;
  }

  private static int number(String text, int least, int most, List<String> names, String field) {
    int named = names.indexOf(text.toUpperCase(Locale.ROOT));
    if (named >= 0) {
      return named + (names.size() == 12 ? 1 : 0);
    }
    if (!text.matches("[0-9]{1,2}")
        || Integer.parseInt(text) < least
        || Integer.parseInt(text) > most) {
      throw wrong(field, least, most);
    }
    return Integer.parseInt(text);
  }

  private static IllegalArgumentException wrong(String field, int least, int most) {
    return new IllegalArgumentException(
        "in a cron line, '%s' is none of %d to %d, with * , - and /".formatted(field, least, most));
  }

  /** The five fields. */
  @Override
  public String toString() {
    return text;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Cron cron && cron.text.equals(text);
  }

  @Override
  public int hashCode() {
    return text.hashCode();
  }
}
