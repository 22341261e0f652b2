package io.bellfounder.graph;

import java.util.UUID;

/** How a start ended. */
public sealed interface Started {
  record Created(UUID run) implements Started {}

  /** The key was used before, for the same request: this is its run. */
  record Same(UUID run) implements Started {}

  /** The key was used before, for another request. */
  record Conflict(UUID run) implements Started {}

  /** The thread has a run, and the request wanted to be refused then. */
  record Busy() implements Started {}
}
