package io.bellfounder.graph;

import java.time.Duration;

/** Whether a run may go on now. */
public sealed interface Admission {
  /**
   * It runs, under a lease, and takes one of its tenant's places.
   *
   * @param epoch allows to write; worth nothing once another was given
   */
  record Admitted(long epoch) implements Admission {}

  /**
   * No place, another run of its thread before it, or too early.
   *
   * @param pause until it is worth while to ask again, unless told otherwise
   */
  record NotYet(Duration pause) implements Admission {}

  /**
   * There is nothing to carry.
   *
   * @param status as in {@link RunView}; {@code unknown} if there is no such run
   */
  record Resting(String status) implements Admission {}
}
