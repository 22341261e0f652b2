package io.bellfounder.graph;

import java.util.UUID;

/** An open question of a run, to be answered by its id. */
public record Question(UUID id, String node, Object payload) {}
