package io.bellfounder.graph;

/** Where a graph stands after a decision. */
public sealed interface Status {
  /** Tasks are to run. */
  record Running() implements Status {}

  /** Every task that can run has run, and questions are open. */
  record Waiting() implements Status {}

  /** Nothing is left to run. */
  record Completed() implements Status {}

  /**
   * @param code stable: {@code node_failed}, {@code timed_out}, {@code gave_up}, {@code
   *     step_limit}, {@code bad_write}, {@code bad_route}, …
   */
  record Failed(String code, String node, String message) implements Status {}
}
