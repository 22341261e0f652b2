package io.bellfounder.graph;

/** How giving an answer ended. */
public enum Answered {
  ACCEPTED,
  /** The same answer was given before. */
  REPEATED,
  /** Another answer was given before, or the question no longer stands. */
  CONFLICT,
  UNKNOWN
}
