package io.bellfounder.graph;

/**
 * Stored state that this version, or this graph, cannot read. Its run is parked with this message,
 * which names places and never holds values; nothing is guessed and nothing is lost.
 */
public final class Unreadable extends RuntimeException {
  private static final long serialVersionUID = 1;

  Unreadable(String message) {
    super(message);
  }
}
