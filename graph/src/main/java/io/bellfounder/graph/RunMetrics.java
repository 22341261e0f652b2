package io.bellfounder.graph;

import java.time.Duration;

/**
 * Where workers and feeds tell what they do, for any metrics library. Called on hot paths by many
 * threads: must be safe for that, quick, and throw nothing. What the tables know (ages, backlogs,
 * sizes) is in {@link Figures} instead.
 */
public interface RunMetrics {
  /** Hears nothing. */
  RunMetrics NONE = new RunMetrics() {};

  /** Runs were claimed by one statement that took so long. */
  default void claimed(int runs, Duration took) {}

  /**
   * A superstep was committed.
   *
   * @param status of the run after it, as in {@link RunView}
   * @param took from the begin of its tasks to the end of its commit
   */
  default void step(String graph, String status, Duration took) {}

  /** A task is tried again. */
  default void retried(String graph, String node) {}

  /** Runs of dead workers were put back into their queues. */
  default void takenOver(int runs) {}

  /** Runs were lost too often and are dead now. */
  default void died(int runs) {}

  /** A run was lost by this worker: another has it, or its lease could not be renewed. */
  default void lost(int runs) {}

  /** A heartbeat did not get through. */
  default void heartbeatMissed() {}

  /** A reader of a feed was given an event this long after its commit began. */
  default void eventLag(Duration lag) {}

  /** Pieces of messages that no reader will see; the messages follow. */
  default void tokensDropped(int pieces) {}

  /** Schedules started runs, or left out so many missed times. */
  default void scheduled(int started, int leftOut) {}
}
