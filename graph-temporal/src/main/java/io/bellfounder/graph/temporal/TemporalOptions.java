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
 */
public record TemporalOptions(
    String taskQueue, WorkerOptions worker, int stepsPerHistory, Duration recheck) {
  /** The name of this driver in the table of runs. */
  public static final String DRIVER = "temporal";

  public TemporalOptions {
    if (stepsPerHistory < 1 || stepsPerHistory > 5000) {
      throw new IllegalArgumentException("stepsPerHistory is 1 to 5000, not " + stepsPerHistory);
    }
    if (recheck.toMillis() < 10) {
      throw new IllegalArgumentException("recheck is at least 10 ms");
    }
  }

  public static TemporalOptions named(String name) {
    return new TemporalOptions(
        "bellfounder-runs", WorkerOptions.named(name), 1000, Duration.ofSeconds(2));
  }

  public TemporalOptions taskQueue(String queue) {
    return new TemporalOptions(queue, worker, stepsPerHistory, recheck);
  }

  public TemporalOptions worker(WorkerOptions options) {
    return new TemporalOptions(taskQueue, options, stepsPerHistory, recheck);
  }

  public TemporalOptions stepsPerHistory(int steps) {
    return new TemporalOptions(taskQueue, worker, steps, recheck);
  }

  public TemporalOptions recheck(Duration every) {
    return new TemporalOptions(taskQueue, worker, stepsPerHistory, every);
  }
}
