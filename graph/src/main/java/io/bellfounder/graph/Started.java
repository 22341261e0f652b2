package io.bellfounder.graph;

import java.util.UUID;

/** How a start ended. */
public sealed interface Started {
  /**
   * The request's run, whether it was started now or before.
   *
   * @throws IllegalStateException if it was not, because of {@link Conflict} or {@link Busy}
   */
  default UUID orThrow() {
    return switch (this) {
      case Created(UUID run) -> run;
      case Same(UUID run) -> run;
      case Conflict(UUID run) ->
          throw new IllegalStateException(
              "the key was used before, for another request: see run " + run);
      case Busy() -> throw new IllegalStateException("the thread has a run that has not ended");
    };
  }

  /** It was started now. */
  record Created(UUID run) implements Started {}

  /** The key was used before, for the same request: this is its run. */
  record Same(UUID run) implements Started {}

  /** The key was used before, for another request. */
  record Conflict(UUID run) implements Started {}

  /** The thread has a run, and the request wanted to be refused then. */
  record Busy() implements Started {}
}
