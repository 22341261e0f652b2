package io.bellfounder.graph;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How long what runs leave behind is kept. Times count from a run's end, by the database's clock; a
 * run that has failed counts as ended, and can be resumed for as long as it is there. What is
 * always kept, as long as the run is: its row, its last state and what is needed to read it, its
 * last event, its questions with their answers; and the last run of each thread, whose state the
 * next one begins with.
 *
 * @param historyFor for so long all checkpoints of an ended run can be read, replayed and forked,
 *     then only the last ones; null for ever; default 30 days
 * @param checkpointsMax a run under way keeps at least so many of its last checkpoints, and older
 *     ones for a while; 1 or more, default 10,000
 * @param eventsFor for so long events are kept; null, the default, for ever
 * @param runsFor then the run is deleted with everything it has; null, the default, for ever
 */
public record RetentionPolicy(
    @Nullable Duration historyFor,
    int checkpointsMax,
    @Nullable Duration eventsFor,
    @Nullable Duration runsFor) {
  /** What holds where nothing was set: history is thinned, nothing else is lost. */
  public static final RetentionPolicy DEFAULT =
      new RetentionPolicy(Duration.ofDays(30), 10_000, null, null);

  public RetentionPolicy {
    if (checkpointsMax < 1) {
      throw new IllegalArgumentException("checkpointsMax is at least 1, not " + checkpointsMax);
    }
    check("historyFor", historyFor);
    check("eventsFor", eventsFor);
    check("runsFor", runsFor);
  }

  private static void check(String name, @Nullable Duration time) {
    if (time != null && time.isNegative()) {
      throw new IllegalArgumentException(name + " is not negative: " + time);
    }
  }

  /** The same with another time for checkpoints; null for ever. */
  public RetentionPolicy historyFor(@Nullable Duration time) {
    return new RetentionPolicy(time, checkpointsMax, eventsFor, runsFor);
  }

  /** The same with another number of checkpoints of runs under way. */
  public RetentionPolicy checkpointsMax(int count) {
    return new RetentionPolicy(historyFor, count, eventsFor, runsFor);
  }

  /** The same with another time for events; null for ever. */
  public RetentionPolicy eventsFor(@Nullable Duration time) {
    return new RetentionPolicy(historyFor, checkpointsMax, time, runsFor);
  }

  /** The same with another time for whole runs; null for ever. */
  public RetentionPolicy runsFor(@Nullable Duration time) {
    return new RetentionPolicy(historyFor, checkpointsMax, eventsFor, time);
  }
}
