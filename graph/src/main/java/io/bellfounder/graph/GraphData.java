package io.bellfounder.graph;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Makes graphs from data: JSON, or the map that a YAML parser gave. The form is that of {@link
 * Graph#spec()}; nodes and conditions are looked up by the name in their {@code use}.
 */
public final class GraphData {
  private final Map<String, Node> nodes = new LinkedHashMap<>();
  private final Map<String, Condition> conditions = new LinkedHashMap<>();
  private final Map<String, Upcaster> upcasters = new LinkedHashMap<>();
  private final Map<String, Reducer> reducers = new LinkedHashMap<>(Reducer.builtIn());

  /** Code that data may name in a node's {@code use}. */
  public GraphData node(String name, Node node) {
    nodes.put(name, node);
    return this;
  }

  /** A condition that data may name in a branch's {@code use}. */
  public GraphData condition(String name, Condition condition) {
    conditions.put(name, condition);
    return this;
  }

  /** A reducer that data may name, beside the built-in ones. */
  public GraphData reducer(Reducer reducer) {
    reducers.put(reducer.name(), reducer);
    return this;
  }

  /**
   * For channels whose data says {@code "version"}: one for each step from 1 on.
   *
   * @param channel its name, in whatever graph
   * @param from the version before the step, 1 or more
   */
  public GraphData upcaster(String channel, int from, Upcaster upcaster) {
    upcasters.put(channel + "/" + from, upcaster);
    return this;
  }

  /** As below, from JSON text. */
  public Graph read(String json) {
    return read(Json.object(Json.read(json)));
  }

  /**
   * @throws InvalidGraph naming what is missing, and what there is instead
   */
  public Graph read(Map<String, ?> data) {
    Map<String, Object> map = Json.object(Json.tree(data));
    List<String> problems = new ArrayList<>();
    String name = String.valueOf(map.getOrDefault("name", "unnamed"));
    Graph.Builder builder = Graph.named(name);
    builder.stepLimit(((Number) map.getOrDefault("stepLimit", 1000L)).longValue());
    if (map.get("tasksMax") instanceof Number tasks) {
      builder.tasksMax(tasks.intValue());
    }
    object(map, "channels").forEach((key, spec) -> builder.channels(channel(key, spec, problems)));
    object(map, "nodes").forEach((key, spec) -> node(builder, key, Json.object(spec), problems));
    strings(map.getOrDefault("start", List.of())).forEach(builder::start);
    object(map, "edges").forEach((from, to) -> strings(to).forEach(t -> builder.edge(from, t)));
    object(map, "branches")
        .forEach((from, list) -> {
          for (Object item : Json.array(list)) {
            Map<String, Object> branch = Json.object(item);
            String use = String.valueOf(branch.getOrDefault("use", from));
            Condition condition =
                find(conditions, use, "branch from " + from, "condition", problems);
            if (condition != null) {
              List<String> to = strings(branch.getOrDefault("to", List.of()));
              builder.branch(from, new Graph.Branch(condition, to, use));
            }
          }
        });
    object(map, "joins").forEach((target, from) -> builder.join(strings(from), target));
    if (!problems.isEmpty()) {
      throw new InvalidGraph(name, problems);
    }
    return builder.build();
  }

  private Channel<?> channel(String key, Object spec, List<String> problems) {
    Map<String, Object> map =
        spec instanceof Map<?, ?> ? Json.object(spec) : Map.of("reducer", spec);
    String use = String.valueOf(map.getOrDefault("reducer", "last"));
    Reducer reducer = find(reducers, use, "channel " + key, "reducer", problems);
    Reducer known = reducer == null ? Reducer.LAST : reducer;
    List<Upcaster> steps = new ArrayList<>();
    for (long from = 1; from < ((Number) map.getOrDefault("version", 1L)).longValue(); from++) {
      Upcaster step = find(upcasters, key + "/" + from, "channel " + key, "upcaster", problems);
      if (step == null) {
        break;
      }
      steps.add(step);
    }
    return new Channel<>(
        key,
        Codec.json(),
        known,
        map.getOrDefault("initial", known.initial()),
        strings(map.getOrDefault("formerly", List.of())),
        steps);
  }

  private void node(
      Graph.Builder builder, String key, Map<String, Object> spec, List<String> problems) {
    Object inner = spec.get("graph");
    if (inner != null) {
      Subgraph link =
          new Subgraph(
              Boolean.TRUE.equals(spec.get("shared")), names(spec, "in"), names(spec, "out"));
      builder.subgraph(key, options(spec), read(Json.object(inner)), link);
      return;
    }
    String use = String.valueOf(spec.getOrDefault("use", key));
    Node node = find(nodes, use, "node " + key, "node", problems);
    if (node != null) {
      builder.part(key, new Graph.Part(options(spec), node, null, use));
    }
  }

  private static NodeOptions options(Map<String, Object> spec) {
    int attempts = Math.toIntExact(millis(spec, "attempts", 1));
    RetryPolicy retry =
        attempts == 1
            ? RetryPolicy.NEVER
            : new RetryPolicy(
                attempts,
                Duration.ofMillis(millis(spec, "retryFirstMillis", 500)),
                Duration.ofMillis(millis(spec, "retryLongestMillis", 30_000)));
    return new NodeOptions(
        retry,
        Duration.ofMillis(millis(spec, "timeoutMillis", NodeOptions.DEFAULT.timeout().toMillis())),
        Boolean.TRUE.equals(spec.get("deferred")),
        Boolean.TRUE.equals(spec.get("askBefore")),
        Boolean.TRUE.equals(spec.get("askAfter")),
        (String) spec.get("onFailure"),
        strings(spec.getOrDefault("goes", List.of())),
        Boolean.TRUE.equals(spec.get("transactional")),
        Boolean.TRUE.equals(spec.get("once")));
  }

  private static long millis(Map<String, Object> spec, String key, long otherwise) {
    return ((Number) spec.getOrDefault(key, otherwise)).longValue();
  }

  private static Map<String, String> names(Map<String, Object> spec, String key) {
    Map<String, String> names = new LinkedHashMap<>();
    object(spec, key).forEach((from, to) -> names.put(from, String.valueOf(to)));
    return names;
  }

  private static <T> @Nullable T find(
      Map<String, T> registry, String use, String where, String kind, List<String> problems) {
    T found = registry.get(use);
    if (found == null) {
      problems.add(
          where
              + " uses "
              + kind
              + " "
              + use
              + ", which is not registered: register it, or use one of "
              + registry.keySet());
    }
    return found;
  }

  private static Map<String, Object> object(Map<String, Object> map, String key) {
    return Json.object(map.getOrDefault(key, Map.of()));
  }

  private static List<String> strings(Object json) {
    return json instanceof String one
        ? List.of(one)
        : Json.array(json).stream().map(String::valueOf).toList();
  }
}
