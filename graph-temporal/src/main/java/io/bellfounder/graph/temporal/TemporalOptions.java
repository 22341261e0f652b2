package io.bellfounder.graph.temporal;

import io.bellfounder.graph.WorkerOptions;
import java.time.Duration;

/**
 * How runs are carried by Temporal.
 *
 * @param taskQueue of workflows and activities
 * @param worker name, lease and heartbeat of what is carried here, and how many steps at a time
 * @param stepsPerHistory after so many activities of a run its history is begun anew; 1 to 5000,
 *     default 1000, which keeps histories below 10,000 events
 * @param recheck how often the tables are searched for runs that Temporal was not told of, and for
 *     leases that are over; default 2 s
 * @param stays how long the next decision about a run is kept for the driver that made its last
 *     one, which need not read the history again, before any other may make it; 0 for not at all,
 *     default 5 s
 */
public record TemporalOptions(
    String taskQueue, WorkerOptions worker, int stepsPerHistory, Duration recheck, Duration stays) {
  /** The name of this driver in the table of runs. */
  public static final String DRIVER = "temporal";

  public TemporalOptions {
    if (stepsPerHistory < 1 || stepsPerHistory > 5000) {
      throw new IllegalArgumentException("stepsPerHistory is 1 to 5000, not " + stepsPerHistory);
    }
    if (recheck.toMillis() < 10) {
      throw new IllegalArgumentException("recheck is at least 10 ms");
    }
    if (stays.isNegative()) {
      throw new IllegalArgumentException("stays is 0 or more");
    }
  }

  public static TemporalOptions named(String name) {
    return new TemporalOptions(
        "bellfounder-runs",
        WorkerOptions.named(name),
        1000,
        Duration.ofSeconds(2),
        Duration.ofSeconds(5));
  }

  public TemporalOptions taskQueue(String queue) {
    return new TemporalOptions(queue, worker, stepsPerHistory, recheck, stays);
  }

  public TemporalOptions worker(WorkerOptions options) {
    return new TemporalOptions(taskQueue, options, stepsPerHistory, recheck, stays);
  }

  public TemporalOptions stepsPerHistory(int steps) {
    return new TemporalOptions(taskQueue, worker, steps, recheck, stays);
  }

  public TemporalOptions recheck(Duration every) {
    return new TemporalOptions(taskQueue, worker, stepsPerHistory, every, stays);
  }

  public TemporalOptions stays(Duration howLong) {
    return new TemporalOptions(taskQueue, worker, stepsPerHistory, recheck, howLong);
  }
}
