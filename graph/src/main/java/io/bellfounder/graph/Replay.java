package io.bellfounder.graph;

/** How a replay ended. */
public sealed interface Replay {
  /**
   * Every decision was made again, to the same bytes.
   *
   * @param from the checkpoint that it began with: the first one there is, unless its format is too
   *     old to have recorded results
   * @param to the last checkpoint
   */
  record Equal(long from, long to, StateView state) implements Replay {}

  /**
   * The code decides otherwise now: a condition or a custom reducer is not pure, or has changed
   * without a new spec.
   *
   * @param n the first checkpoint that comes out otherwise
   * @param where the channel, or {@code tasks}; never a value
   */
  record Differs(long n, String where) implements Replay {}

  /** A graph that the run had from checkpoint {@code n} on was not given. */
  record Missing(long n, String specHash) implements Replay {}
}
