package io.bellfounder.graph;

/** How carrying one superstep ended. */
public sealed interface Carried {
  /** It was committed, and another follows under the same epoch. */
  record More() implements Carried {}

  /** The run has come to rest, or was given back, and its place is free; or it is another's. */
  record Resting(String status) implements Carried {}
}
