package io.bellfounder.graph;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Makes graphs from data: JSON, or the map that a YAML parser gave. The form is that of {@link
 * Graph#spec()}; nodes and conditions are looked up by the name in their {@code use}.
 */
public final class GraphData {
  private final Map<String, Node> nodes = new LinkedHashMap<>();
  private final Map<String, Condition> conditions = new LinkedHashMap<>();
  private final Map<String, Upcaster> upcasters = new LinkedHashMap<>();
  private final Map<String, Function<StateView, Update>> continuing = new LinkedHashMap<>();
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

  /** What data may name in the graph's {@code continuing}; see {@link Graph.Builder#continuing}. */
  public GraphData continuing(String name, Function<StateView, Update> mends) {
    continuing.put(name, mends);
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
    Object tree = Json.read(json);
    if (tree instanceof Map<?, ?>) {
      return read(Json.object(tree));
    }
    throw new InvalidGraph("from data", List.of("it is not an object: begin with {\"name\": …}"));
  }

  /**
   * @throws InvalidGraph naming what is missing or wrong, where, and what there may be instead
   */
  public Graph read(Map<String, ?> data) {
    List<String> problems = new ArrayList<>();
    Fields graph = new Fields("the graph", Json.object(Json.tree(data)), problems);
    String name = graph.text("name", "");
    Graph.Builder builder =
        Graph.named(name)
            .stepLimit(graph.number("stepLimit", 1000))
            .tasksMax(graph.small("tasksMax", 1000));
    graph.each("channels", (key, spec) -> channel(builder, key, spec, problems));
    graph.each("nodes", (key, spec) -> node(builder, key, spec, problems));
    graph.names("start").forEach(builder::start);
    graph.lists("edges", (from, to) -> to.forEach(t -> builder.edge(from, t)));
    graph.each(
        "branches",
        (from, list) -> {
          String where = "the branches from " + from;
          for (Object item : list instanceof List<?> some ? some : List.of(list)) {
            branch(builder, from, Fields.of(where, item, problems));
          }
        });
    graph.lists("joins", (target, from) -> builder.join(from, target));
    String continuing = graph.text("continuing", "");
    if (!continuing.isEmpty()) {
      Function<StateView, Update> mends =
          find(this.continuing, continuing, "the graph", "continuing", problems);
      if (mends != null) {
        builder.continuing(new Graph.Continuing(mends, continuing));
      }
    }
    graph.end();
    if (!problems.isEmpty()) {
      throw new InvalidGraph(name, problems);
    }
    return builder.build();
  }

  private void branch(Graph.Builder builder, String from, Fields branch) {
    String use = branch.text("use", from);
    List<String> to = branch.names("to");
    branch.end();
    Condition condition =
        find(conditions, use, "the branches from " + from, "condition", branch.problems());
    if (condition != null) {
      builder.branch(from, new Graph.Branch(condition, to, use));
    }
  }

  private void channel(Graph.Builder builder, String key, Object spec, List<String> problems) {
    String where = "channel " + key;
    Fields channel =
        spec instanceof String reducer
            ? new Fields(where, Map.of("reducer", reducer), problems)
            : Fields.of(where, spec, problems);
    Reducer reducer = find(reducers, channel.text("reducer", "last"), where, "reducer", problems);
    Reducer known = reducer == null ? Reducer.LAST : reducer;
    List<Upcaster> steps = new ArrayList<>();
    long version = channel.number("version", 1);
    for (long from = 1; from < version; from++) {
      Upcaster step = find(upcasters, key + "/" + from, where, "upcaster", problems);
      if (step == null) {
        break;
      }
      steps.add(step);
    }
    Object initial = channel.any("initial", known.initial());
    List<String> formerly = channel.names("formerly");
    channel.end();
    channel.checked(
        () -> builder.channels(new Channel<>(key, Codec.json(), known, initial, formerly, steps)));
  }

  private void node(Graph.Builder builder, String key, Object spec, List<String> problems) {
    Fields node = Fields.of("node " + key, spec, problems);
    if (node.has("graph")) {
      Fields inner = node.inner("graph");
      Map<String, String> in = node.map("in");
      Map<String, String> out = node.map("out");
      Subgraph link = new Subgraph(node.flag("shared"), in, out);
      node.checked(() -> {
        NodeOptions options = options(node);
        try {
          builder.subgraph(key, options, read(inner.all()), link);
        } catch (InvalidGraph e) {
          e.problems().forEach(problem -> problems.add("in node " + key + ": " + problem));
        }
      });
      node.end();
      return;
    }
    String use = node.text("use", key);
    Node code = find(nodes, use, "node " + key, "node", problems);
    node.checked(() -> {
      NodeOptions options = options(node);
      if (code != null) {
        builder.part(key, new Graph.Part(options, code, null, use));
      }
    });
    node.end();
  }

  private static NodeOptions options(Fields node) {
    int attempts = node.small("attempts", 1);
    Duration first = Duration.ofMillis(node.number("retryFirstMillis", 500));
    Duration longest = Duration.ofMillis(node.number("retryLongestMillis", 30_000));
    long timeout = node.number("timeoutMillis", NodeOptions.DEFAULT.timeout().toMillis());
    boolean deferred = node.flag("deferred");
    boolean before = node.flag("askBefore");
    boolean after = node.flag("askAfter");
    String onFailure = node.has("onFailure") ? node.text("onFailure", "") : null;
    List<String> goes = node.names("goes");
    boolean transactional = node.flag("transactional");
    boolean once = node.flag("once");
    return new NodeOptions(
        attempts == 1 ? RetryPolicy.NEVER : new RetryPolicy(attempts, first, longest),
        Duration.ofMillis(timeout),
        deferred,
        before,
        after,
        onFailure,
        goes,
        transactional,
        once);
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
}
