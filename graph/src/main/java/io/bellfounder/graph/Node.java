package io.bellfounder.graph;

/**
 * One step's work. It may run more than once (a process can die after the work and before its
 * commit), its result counts exactly once. What must not run twice goes through {@link
 * NodeContext#once}.
 */
@FunctionalInterface
public interface Node {
  Update run(NodeContext context) throws Exception;
}
