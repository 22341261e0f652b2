package io.bellfounder.graph;

/** Decides from the state where to go. Pure: the same state always gives the same answer. */
@FunctionalInterface
public interface Condition {
  Next choose(StateView state);
}
