package io.bellfounder.graph;

/** Draws a graph as a Mermaid flow chart. */
final class Mermaid {
  private Mermaid() {}

  static String of(Graph graph) {
    StringBuilder out = new StringBuilder("flowchart TD\n  start((start))\n");
    draw(graph, "", "start", out);
    return out.append("  finish((end))\n").toString();
  }

  private static void draw(Graph graph, String prefix, String start, StringBuilder out) {
    graph
        .parts()
        .forEach((node, part) -> {
          if (part.inner() == null) {
            out.append("  ").append(id(prefix, node)).append('[').append(node).append("]\n");
          } else {
            String inner = prefix + node + "_";
            out.append("  subgraph ").append(id(prefix, node)).append(" [").append(node);
            out.append("]\n");
            draw(part.inner().graph(), inner, "", out);
            out.append("  end\n");
          }
        });
    if (!start.isEmpty()) {
      graph.starts().forEach(node -> line(out, start, "-->", id(prefix, node)));
    }
    for (String node : graph.parts().keySet()) {
      String from = id(prefix, node);
      graph.edges(node).forEach(to -> line(out, from, "-->", id(prefix, to)));
      graph
          .branches(node)
          .forEach(
              branch -> branch.targets().forEach(to -> line(out, from, "-.->", id(prefix, to))));
      graph.part(node).options().goes().forEach(to -> line(out, from, "-.->", id(prefix, to)));
      String failure = graph.part(node).options().onFailure();
      if (failure != null) {
        line(out, from, "-. failed .->", id(prefix, failure));
      }
    }
    graph
        .joins()
        .forEach((target, from) ->
            from.forEach(source -> line(out, id(prefix, source), "==>", id(prefix, target))));
  }

  private static void line(StringBuilder out, String from, String arrow, String to) {
    // Inside a subgraph the end belongs to the subgraph, which the box shows.
    if (!to.endsWith(Graph.END)) {
      out.append("  ").append(from).append(' ').append(arrow).append(' ').append(to).append('\n');
    } else if (to.equals("n_" + Graph.END)) {
      out.append("  ").append(from).append(' ').append(arrow).append(" finish\n");
    }
  }

  private static String id(String prefix, String node) {
    return "n_" + prefix + node;
  }
}
