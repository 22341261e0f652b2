package io.bellfounder.graph;

/** Decides from the state where to go. Pure: the same state always gives the same answer. */
@FunctionalInterface
public interface Condition {
  /**
   * @param state after the step
   * @return where to go, among the targets that the branch lists
   */
  Next choose(StateView state);
}
