package io.bellfounder.graph;

/**
 * One step's work. It may run more than once (a process can die after the work and before its
 * commit), its result counts exactly once. What must not run twice goes through {@link
 * NodeContext#once}.
 */
@FunctionalInterface
public interface Node {
  /**
   * @return what to write and, if not along the edges, where to go; {@link Update#none()} for
   *     nothing
   * @throws Exception for a failed attempt; {@link GiveUp} for the last one
   */
  Update run(NodeContext context) throws Exception;
}
