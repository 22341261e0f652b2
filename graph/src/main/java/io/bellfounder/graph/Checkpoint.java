package io.bellfounder.graph;

import java.time.Instant;
import java.util.List;

/**
 * A committed state of a run, without its values; {@link History#state} has them.
 *
 * @param n counts a run's checkpoints from 1
 * @param step supersteps taken by then
 * @param at when it was committed, by the database's clock
 * @param specHash of the graph that it belongs to
 * @param nodes that run next, as paths of names through subgraphs; none at the end
 * @param open questions that keep it waiting
 */
public record Checkpoint(
    long n,
    long step,
    Instant at,
    String specHash,
    Status status,
    List<String> nodes,
    List<Ask> open) {}
