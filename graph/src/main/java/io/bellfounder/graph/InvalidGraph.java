package io.bellfounder.graph;

import java.util.List;

/** A graph that cannot run; each problem names its node and the remedy. */
public final class InvalidGraph extends IllegalArgumentException {
  private final List<String> problems;

  InvalidGraph(String graph, List<String> problems) {
    super("graph " + graph + " cannot run:\n- " + String.join("\n- ", problems));
    this.problems = List.copyOf(problems);
  }

  /** Each names a place and the remedy. */
  public List<String> problems() {
    return problems;
  }
}
