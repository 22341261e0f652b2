package io.bellfounder.graph;

import java.util.List;

/**
 * How two runs differ.
 *
 * @param sameUntil the last checkpoint of the left one up to which they were the same, or 0; of a
 *     fork the checkpoints before the fork count as its own
 * @param changes channels that differ in the two last states, in order of frames and names
 */
public record RunDiff(long sameUntil, List<Change> changes) {
  /**
   * @param frame empty for the outermost graph, else the path of the subgraph's task
   * @param left JSON null where there is none
   */
  public record Change(String frame, String channel, Object left, Object right) {}

  public RunDiff {
    changes = List.copyOf(changes);
  }
}
