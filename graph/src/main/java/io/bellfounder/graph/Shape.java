package io.bellfounder.graph;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What is needed to read a graph's stored state: its channels, and its subgraphs'. Made of the
 * graph or of its stored spec, so that the past of a run can be read without the code that made it.
 *
 * @param channels by name, in the order declared
 * @param inner subgraphs by node
 */
record Shape(String graph, Map<String, Slot> channels, Map<String, Inner> inner) {
  /**
   * @param initial the value before the first write
   * @param version of the values' form, from 1
   */
  record Slot(Reducer reducer, Object initial, long version) {}

  record Inner(Shape shape, Subgraph link) {}

  static Shape of(Graph graph) {
    Map<String, Slot> channels = new LinkedHashMap<>();
    graph
        .channels()
        .forEach((name, c) -> channels.put(name, new Slot(c.reducer(), c.initial(), c.version())));
    Map<String, Inner> inner = new LinkedHashMap<>();
    graph
        .parts()
        .forEach((node, part) -> {
          Graph.Inner sub = part.inner();
          if (sub != null) {
            inner.put(node, new Inner(of(sub.graph()), sub.link()));
          }
        });
    return new Shape(graph.name(), channels, inner);
  }

  /** From {@link Graph#spec()}, as a tree. */
  static Shape read(Object spec) {
    Map<String, Object> map = Json.object(spec);
    Map<String, Slot> channels = new LinkedHashMap<>();
    Json.object(map.getOrDefault("channels", Map.of()))
        .forEach((name, body) -> {
          Map<String, Object> channel = Json.object(body);
          String kind = (String) channel.getOrDefault("reducer", "last");
          Reducer known = Reducer.builtIn().get(kind);
          Reducer reducer = known == null ? unknown(kind) : known;
          Object initial = channel.getOrDefault("initial", reducer.initial());
          long version = ((Number) channel.getOrDefault("version", 1L)).longValue();
          channels.put(name, new Slot(reducer, initial, version));
        });
    Map<String, Inner> inner = new LinkedHashMap<>();
    Json.object(map.getOrDefault("nodes", Map.of()))
        .forEach((node, body) -> {
          Map<String, Object> part = Json.object(body);
          if (part.get("graph") instanceof Map<?, ?> graph) {
            Subgraph link =
                new Subgraph(
                    Boolean.TRUE.equals(part.get("shared")),
                    texts(part.getOrDefault("in", Map.of())),
                    texts(part.getOrDefault("out", Map.of())));
            inner.put(node, new Inner(read(graph), link));
          }
        });
    return new Shape((String) map.getOrDefault("name", ""), channels, inner);
  }

  /** A custom reducer's writes are stored as whole values, so it never has to be called. */
  private static Reducer unknown(String name) {
    return Reducer.custom(
        name,
        JsonNull.NULL,
        (_, _) -> {
          throw new Unreadable("a write of reducer " + name + " was not stored as a whole value");
        });
  }

  private static Map<String, String> texts(Object tree) {
    Map<String, String> map = new LinkedHashMap<>();
    Json.object(tree).forEach((key, value) -> map.put(key, String.valueOf(value)));
    return map;
  }

  Map<String, Object> initial() {
    Map<String, Object> values = new LinkedHashMap<>();
    channels.forEach((name, slot) -> values.put(name, slot.initial()));
    return values;
  }

  /** The shape at a path of tasks; the path of the outermost graph is empty. */
  Shape at(String path) {
    Shape shape = this;
    for (String task : path.isEmpty() ? new String[0] : path.split("/", -1)) {
      shape = shape.inner(task.substring(task.indexOf(':') + 1)).shape();
    }
    return shape;
  }

  Inner inner(String node) {
    Inner found = inner.get(node);
    if (found == null) {
      throw new Unreadable("node " + node + " is no subgraph of graph " + graph);
    }
    return found;
  }

  Slot channel(String name) {
    Slot found = channels.get(name);
    if (found == null) {
      throw new Unreadable("channel " + name + " is not in graph " + graph);
    }
    return found;
  }

  /** A subgraph's values before its first write, as the kernel makes them. */
  static Map<String, Object> inputs(Inner inner, Map<String, Object> parent) {
    Map<String, Object> values = inner.shape().initial();
    if (inner.link().shared()) {
      parent.forEach((name, value) -> values.computeIfPresent(name, (_, _) -> value));
    }
    inner
        .link()
        .in()
        .forEach((from, to) -> {
          Object value = parent.get(from);
          if (value != null) {
            values.put(to, value);
          }
        });
    return values;
  }
}
