package io.bellfounder.graph;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A checked graph: channels, nodes, edges and the code of its nodes. Immutable, to be shared. Made
 * by {@link #named} or, from data, by {@link GraphData}.
 */
public final class Graph {
  /** Where a branch ends. */
  public static final String END = "__end__";

  private static final int TASKS_MAX = 1000;

  private final String name;
  private final long stepLimit;
  private final int tasksMax;
  private final Map<String, Channel<?>> channels;
  private final Map<String, Part> parts;
  private final List<String> starts;
  private final Map<String, List<String>> edges;
  private final Map<String, List<Branch>> branches;
  private final Map<String, List<String>> joins;
  private final @Nullable Continuing continuing;
  private final Map<String, Set<String>> reach;
  private final Map<String, Object> spec;
  private final String hash;
  private final Shape shape;

  /** A node: code, or a subgraph. */
  record Part(NodeOptions options, @Nullable Node code, @Nullable Inner inner, String use) {}

  record Inner(Graph graph, Subgraph link) {}

  record Branch(Condition condition, List<String> targets, String use) {}

  /** What is written before a thread's next run. */
  record Continuing(Function<StateView, Update> function, String use) {}

  private Graph(Builder b) {
    name = b.name;
    stepLimit = b.stepLimit;
    tasksMax = b.tasksMax;
    channels = new LinkedHashMap<>(b.channels);
    parts = new LinkedHashMap<>(b.parts);
    starts = List.copyOf(b.starts);
    edges = new LinkedHashMap<>(b.edges);
    branches = new LinkedHashMap<>(b.branches);
    joins = new LinkedHashMap<>(b.joins);
    continuing = b.continuing;
    reach = new LinkedHashMap<>();
    parts.keySet().forEach(node -> reach.put(node, reachFrom(node)));
    spec = makeSpec();
    hash = sha256(Json.write(spec));
    shape = Shape.of(this);
  }

  /** Begins a graph. All its versions have this name. */
  public static Builder named(String name) {
    return new Builder(name);
  }

  /** What all its versions are called. */
  public String name() {
    return name;
  }

  /** A hash of {@link #spec()}: a run keeps the one it began with. */
  public String hash() {
    return hash;
  }

  /** The graph's structure as a JSON tree, which {@link GraphData} reads again. */
  public Map<String, Object> spec() {
    return spec;
  }

  /** A Mermaid flow chart. */
  public String mermaid() {
    return Mermaid.of(this);
  }

  Shape shape() {
    return shape;
  }

  long stepLimit() {
    return stepLimit;
  }

  int tasksMax() {
    return tasksMax;
  }

  Map<String, Channel<?>> channels() {
    return channels;
  }

  Map<String, Part> parts() {
    return parts;
  }

  List<String> starts() {
    return starts;
  }

  List<String> edges(String node) {
    return edges.getOrDefault(node, List.of());
  }

  List<Branch> branches(String node) {
    return branches.getOrDefault(node, List.of());
  }

  Map<String, List<String>> joins() {
    return joins;
  }

  @Nullable Function<StateView, Update> continuing() {
    return continuing == null ? null : continuing.function();
  }

  Part part(String node) {
    Part part = parts.get(node);
    if (part == null) {
      throw new IllegalStateException(
          "node " + node + " is not in graph " + name + ": migrate the run or bring the node back");
    }
    return part;
  }

  Channel<?> channel(String channel) {
    Channel<?> found = channels.get(channel);
    if (found == null) {
      throw new IllegalStateException(
          "channel " + channel + " is not in graph " + name + ": declare it or correct the name");
    }
    return found;
  }

  /** Whether a task of one node may yet lead to another; a node reaches itself. */
  boolean reaches(String from, Collection<String> to) {
    Set<String> found = reach.getOrDefault(from, Set.of());
    return to.stream().anyMatch(found::contains);
  }

  private Set<String> reachFrom(String node) {
    Set<String> seen = new HashSet<>();
    Deque<String> open = new ArrayDeque<>(List.of(node));
    while (!open.isEmpty()) {
      String at = open.pop();
      if (seen.add(at) && parts.containsKey(at)) {
        open.addAll(successors(at));
      }
    }
    return seen;
  }

  private Set<String> successors(String node) {
    Set<String> all = new HashSet<>(edges(node));
    branches(node).forEach(branch -> all.addAll(branch.targets()));
    joins.forEach((target, from) -> {
      if (from.contains(node)) {
        all.add(target);
      }
    });
    NodeOptions options = part(node).options();
    all.addAll(options.goes());
    if (options.onFailure() != null) {
      all.add(options.onFailure());
    }
    all.remove(END);
    return all;
  }

  private Map<String, Object> makeSpec() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("name", name);
    map.put("stepLimit", stepLimit);
    if (tasksMax != TASKS_MAX) {
      map.put("tasksMax", tasksMax);
    }
    Map<String, Object> channelSpecs = new LinkedHashMap<>();
    channels.forEach((key, channel) -> {
      Map<String, Object> c = new LinkedHashMap<>();
      c.put("reducer", channel.reducer().name());
      if (!channel.initial().equals(channel.reducer().initial())) {
        c.put("initial", channel.initial());
      }
      if (channel.version() > 1) {
        c.put("version", channel.version());
      }
      if (!channel.formerly().isEmpty()) {
        c.put("formerly", channel.formerly());
      }
      channelSpecs.put(key, c);
    });
    map.put("channels", channelSpecs);
    Map<String, Object> nodes = new LinkedHashMap<>();
    parts.forEach((key, part) -> nodes.put(key, nodeSpec(part)));
    map.put("nodes", nodes);
    map.put("start", starts);
    map.put("edges", edges);
    Map<String, Object> conditional = new LinkedHashMap<>();
    branches.forEach(
        (key, list) -> conditional.put(key, list.stream().map(Graph::branchSpec).toList()));
    map.put("branches", conditional);
    map.put("joins", joins);
    if (continuing != null) {
      map.put("continuing", continuing.use());
    }
    return Json.object(Json.tree(map));
  }

  private static Object branchSpec(Branch branch) {
    Map<String, Object> map = new TreeMap<>();
    map.put("use", branch.use());
    map.put("to", branch.targets());
    return map;
  }

  private static Object nodeSpec(Part part) {
    Map<String, Object> map = new LinkedHashMap<>();
    if (part.inner() != null) {
      map.put("graph", part.inner().graph().spec());
      map.put("shared", part.inner().link().shared());
      map.put("in", part.inner().link().in());
      map.put("out", part.inner().link().out());
    } else {
      map.put("use", part.use());
    }
    NodeOptions o = part.options();
    if (!o.retry().equals(RetryPolicy.NEVER)) {
      map.put("attempts", o.retry().attemptsMax());
      map.put("retryFirstMillis", o.retry().first().toMillis());
      map.put("retryLongestMillis", o.retry().longest().toMillis());
    }
    if (!o.timeout().equals(NodeOptions.DEFAULT.timeout())) {
      map.put("timeoutMillis", o.timeout().toMillis());
    }
    if (o.deferred()) {
      map.put("deferred", true);
    }
    if (o.askBefore()) {
      map.put("askBefore", true);
    }
    if (o.askAfter()) {
      map.put("askAfter", true);
    }
    if (o.transactional()) {
      map.put("transactional", true);
    }
    if (o.once()) {
      map.put("once", true);
    }
    if (o.onFailure() != null) {
      map.put("onFailure", o.onFailure());
    }
    if (!o.goes().isEmpty()) {
      map.put("goes", o.goes());
    }
    return map;
  }

  static String sha256(String text) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /** Collects a graph. Order matters only where results are shown. */
  public static final class Builder {
    private final String name;
    private long stepLimit = 1000;
    private int tasksMax = TASKS_MAX;
    private final Map<String, Channel<?>> channels = new LinkedHashMap<>();
    private final Map<String, Part> parts = new LinkedHashMap<>();
    private final List<String> starts = new ArrayList<>();
    private final Map<String, List<String>> edges = new LinkedHashMap<>();
    private final Map<String, List<Branch>> branches = new LinkedHashMap<>();
    private final Map<String, List<String>> joins = new LinkedHashMap<>();
    private @Nullable Continuing continuing;
    private final List<String> problems = new ArrayList<>();

    private Builder(String name) {
      this.name = name;
    }

    /** How many supersteps a run may take; default 1000. */
    public Builder stepLimit(long steps) {
      stepLimit = steps;
      return this;
    }

    /**
     * How many tasks of one run are at work at a time, 1 or more; default 1000. Of a subgraph's it
     * is the outermost graph's that counts.
     */
    public Builder tasksMax(int tasks) {
      tasksMax = tasks;
      return this;
    }

    public Builder channels(Channel<?>... all) {
      for (Channel<?> channel : all) {
        if (channels.put(channel.name(), channel) != null) {
          problems.add("channel " + channel.name() + " is there twice: rename one");
        }
      }
      return this;
    }

    public Builder node(String node, Node code) {
      return node(node, NodeOptions.DEFAULT, code);
    }

    public Builder node(String node, NodeOptions options, Node code) {
      return part(node, new Part(options, code, null, node));
    }

    public Builder subgraph(String node, Graph graph, Subgraph link) {
      return subgraph(node, NodeOptions.DEFAULT, graph, link);
    }

    /**
     * As above.
     *
     * @param options gates, whether it is deferred, and where to go when a node inside has failed
     *     for good and does not say so itself: then nothing of the subgraph counts
     */
    public Builder subgraph(String node, NodeOptions options, Graph graph, Subgraph link) {
      return part(node, new Part(options, null, new Inner(graph, link), node));
    }

    public Builder start(String... nodes) {
      starts.addAll(List.of(nodes));
      return this;
    }

    public Builder edge(String from, String to) {
      edges.computeIfAbsent(from, _ -> new ArrayList<>()).add(to);
      return this;
    }

    /** After {@code from}, the condition chooses among the targets. */
    public Builder branch(String from, Condition condition, String... targets) {
      return branch(from, new Branch(condition, List.of(targets), from));
    }

    /**
     * {@code target} runs once all sources have arrived, and not while a sent task, or what
     * followed from it, may still lead to one of them.
     */
    public Builder join(List<String> sources, String target) {
      if (joins.put(target, List.copyOf(sources)) != null) {
        problems.add("node " + target + " has two joins: list all sources in one");
      }
      return this;
    }

    /**
     * What a thread's next run is to find first, made of what the last one left: its writes come
     * before the run's input. The last one may have been cancelled or interrupted anywhere, so here
     * is the place to end what it had begun, such as calls of tools that nobody answered. A command
     * in it means nothing.
     *
     * @param mends pure: the same state gives the same writes
     */
    public Builder continuing(Function<StateView, Update> mends) {
      return continuing(new Continuing(mends, "continuing"));
    }

    Builder continuing(Continuing mends) {
      continuing = mends;
      return this;
    }

    Builder branch(String from, Branch branch) {
      branches.computeIfAbsent(from, _ -> new ArrayList<>()).add(branch);
      return this;
    }

    Builder part(String node, Part part) {
      if (!node.matches("[A-Za-z_][A-Za-z0-9_-]{0,99}") || node.equals(END)) {
        problems.add(
            "node \"" + node + "\": use letters, digits, '_' and '-' for its name, at most 100");
      }
      if (parts.put(node, part) != null) {
        problems.add("node " + node + " is there twice: rename one");
      }
      return this;
    }

    /**
     * @throws InvalidGraph naming every problem
     */
    public Graph build() {
      check();
      if (!problems.isEmpty()) {
        throw new InvalidGraph(name, problems);
      }
      Graph graph = new Graph(this);
      Set<String> reached = new HashSet<>();
      starts.forEach(start -> reached.addAll(graph.reachFrom(start)));
      boolean open =
          reached.stream()
              .anyMatch(node -> {
                Part part = parts.get(node);
                return part != null && part.code() != null && part.options().goes().isEmpty();
              });
      for (String node : parts.keySet()) {
        // Commands may lead anywhere unless a node says where; then every node must be led to.
        if (!reached.contains(node) && !open) {
          problems.add("node " + node + " is never reached: add an edge to it or remove it");
        }
      }
      if (!problems.isEmpty()) {
        throw new InvalidGraph(name, problems);
      }
      return graph;
    }

    private void check() {
      if (name.isEmpty() || name.length() > 100 || name.indexOf('\0') >= 0) {
        problems.add(
            "its name has " + name.length() + " characters: give it 1 to 100, without NUL");
      }
      if (starts.isEmpty()) {
        problems.add("no node starts it: call start with the first node");
      }
      if (stepLimit < 1) {
        problems.add("the step limit is " + stepLimit + ": give at least 1");
      }
      if (tasksMax < 1) {
        problems.add("it may have " + tasksMax + " tasks at a time: give at least 1");
      }
      starts.forEach(node -> known("start", node));
      edges.forEach((from, list) -> {
        known("an edge", from);
        list.forEach(to -> known("the edge from " + from, to));
      });
      branches.forEach((from, list) -> {
        known("a branch", from);
        for (Branch branch : list) {
          if (branch.targets().isEmpty()) {
            problems.add("node " + from + " branches to nothing: list the branch's targets");
          }
          branch.targets().forEach(to -> known("the branch from " + from, to));
        }
      });
      joins.forEach((target, from) -> {
        known("a join", target);
        if (from.isEmpty()) {
          problems.add("node " + target + " joins nothing: list its sources");
        }
        from.forEach(source -> known("the join at " + target, source));
      });
      parts.forEach(this::check);
    }

    private void check(String node, Part part) {
      NodeOptions options = part.options();
      if (options.onFailure() != null) {
        known("onFailure of " + node, options.onFailure());
      }
      options.goes().forEach(to -> known("the commands of " + node, to));
      if (part.inner() == null) {
        return;
      }
      if (!options.retry().equals(RetryPolicy.NEVER)
          || !options.timeout().equals(NodeOptions.DEFAULT.timeout())
          || options.transactional()
          || options.once()) {
        problems.add(
            "node "
                + node
                + " is a subgraph, which has no retries, time-out, transaction or effect of its own:"
                + " give them to its nodes");
      }
      Map<String, Channel<?>> inner = part.inner().graph().channels();
      Subgraph link = part.inner().link();
      link.in()
          .forEach((from, to) -> {
            if (!channels.containsKey(from)) {
              problems.add("node " + node + " reads channel " + from + ": declare it here");
            }
            if (!inner.containsKey(to)) {
              problems.add("node " + node + " fills channel " + to + ": declare it inside");
            }
          });
      link.out()
          .forEach((from, to) -> {
            if (!inner.containsKey(from)) {
              problems.add("node " + node + " gives channel " + from + ": declare it inside");
            }
            if (!channels.containsKey(to)) {
              problems.add("node " + node + " writes channel " + to + ": declare it here");
            }
          });
      if (link.shared()) {
        for (Channel<?> channel : channels.values()) {
          if (channel.reducer().custom() && inner.containsKey(channel.name())) {
            problems.add(
                "node "
                    + node
                    + " shares channel "
                    + channel.name()
                    + ", whose reducer is custom: give the subgraph its own state, with in and out");
          }
        }
      }
    }

    private void known(String where, String node) {
      if (!parts.containsKey(node) && !node.equals(END)) {
        problems.add(
            where + " names node " + node + ", which does not exist: add it or correct it");
      } else if (node.equals(END) && where.startsWith("start")) {
        problems.add("start names the end: name a node");
      }
    }
  }
}
