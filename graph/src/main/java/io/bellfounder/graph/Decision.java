package io.bellfounder.graph;

import java.util.List;

/**
 * What the kernel decided.
 *
 * @param state after the decision
 * @param tasks to run now; those whose results are known are not run again
 * @param writes what changed, in the order it was applied
 */
public record Decision(State state, List<Task> tasks, List<Write> writes) {

  /**
   * One change of one channel.
   *
   * @param frame empty for the outermost graph, else the path of the subgraph's task
   * @param whole whether {@code update} replaces the value instead of being reduced into it
   */
  public record Write(String frame, String channel, Object update, boolean whole) {}

  /** Where the graph stands by it. */
  public Status status() {
    return state.status();
  }
}
