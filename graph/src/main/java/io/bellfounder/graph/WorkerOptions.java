package io.bellfounder.graph;

import java.time.Duration;
import java.util.List;

/**
 * How a worker behaves. All times are measured by the database's clock.
 *
 * @param name shown as the owner; two workers may have the same
 * @param runsMax runs at a time in this worker; default 64
 * @param lease how long a silent worker keeps its runs; default 15 s
 * @param heartbeat how often leases are renewed; default 5 s, less than half the lease
 * @param sweep how often overdue runs are looked for; default 2 s
 * @param poll how often new runs are looked for when there were none; default 50 ms
 * @param takeoversMax after so many without progress a run is dead; default 5
 * @param metrics is told what the worker does; default {@link RunMetrics#NONE}
 */
public record WorkerOptions(
    String name,
    int runsMax,
    Duration lease,
    Duration heartbeat,
    Duration sweep,
    Duration poll,
    int takeoversMax,
    RunMetrics metrics) {
  public WorkerOptions {
    if (runsMax < 1 || takeoversMax < 1) {
      throw new IllegalArgumentException("runsMax and takeoversMax are at least 1");
    }
    for (Duration every : List.of(lease, heartbeat, sweep, poll)) {
      if (!every.isPositive()) {
        throw new IllegalArgumentException(
            "lease, heartbeat, sweep and poll are above zero, not " + every);
      }
    }
    if (heartbeat.multipliedBy(2).compareTo(lease) > 0) {
      throw new IllegalArgumentException("two heartbeats must fit into a lease");
    }
  }

  /** The defaults. */
  public static WorkerOptions named(String name) {
    return new WorkerOptions(
        name,
        64,
        Duration.ofSeconds(15),
        Duration.ofSeconds(5),
        Duration.ofSeconds(2),
        Duration.ofMillis(50),
        5,
        RunMetrics.NONE);
  }

  /** The same with another lease, a heartbeat of a third of it and a sweep of a fifth. */
  public WorkerOptions lease(Duration lasts) {
    return new WorkerOptions(
        name, runsMax, lasts, lasts.dividedBy(3), lasts.dividedBy(5), poll, takeoversMax, metrics);
  }

  /** The same with another number of runs at a time, 1 or more. */
  public WorkerOptions runsMax(int runs) {
    return new WorkerOptions(name, runs, lease, heartbeat, sweep, poll, takeoversMax, metrics);
  }

  /** The same with another time between looks at an empty queue. */
  public WorkerOptions poll(Duration every) {
    return new WorkerOptions(name, runsMax, lease, heartbeat, sweep, every, takeoversMax, metrics);
  }

  /** The same with another number of losses after which a run is dead, 1 or more. */
  public WorkerOptions takeoversMax(int times) {
    return new WorkerOptions(name, runsMax, lease, heartbeat, sweep, poll, times, metrics);
  }

  /** The same, telling somebody what it does. */
  public WorkerOptions metrics(RunMetrics told) {
    return new WorkerOptions(name, runsMax, lease, heartbeat, sweep, poll, takeoversMax, told);
  }
}
