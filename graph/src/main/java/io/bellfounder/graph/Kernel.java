package io.bellfounder.graph;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Decides what runs next. Pure: no I/O, clock or randomness; the same graph, state and results give
 * the same decision, in whatever order the results came, because they are applied in the order of
 * their tasks.
 *
 * <p>All running tasks, also those inside subgraphs, form one superstep: when all have results, the
 * writes are applied and the next tasks follow. If one of them asks a question, the whole superstep
 * waits, and results that are there are kept; if one fails for good, the state stays as it was, so
 * that the run can go on from there.
 */
public final class Kernel {
  private final State before;
  private final Map<String, TaskResult> results;
  private final Set<String> broken;
  private final List<Decision.Write> writes = new ArrayList<>();
  private final List<Ask> asks = new ArrayList<>();

  private Kernel(State before, Map<String, TaskResult> results, Set<String> broken) {
    this.before = before;
    this.results = results;
    this.broken = broken;
  }

  /**
   * The first decision.
   *
   * @param base values to start from, as a thread's last run left them; may be empty. The graph's
   *     {@link Graph.Builder#continuing} has its turn before the input
   * @param input the caller's writes, and where to begin if not at the graph's start
   */
  public static Decision start(Graph graph, Map<String, Object> base, Update input) {
    Frame empty = new Frame(Map.of(), 0, List.of(), Map.of(), Map.of(), List.of(), Map.of());
    State none = new State(empty, 0, new Status.Running(), List.of(), Map.of());
    Kernel kernel = new Kernel(none, Map.of(), Set.of());
    try {
      Map<String, Object> values = initial(graph);
      base.forEach((channel, value) -> {
        if (values.containsKey(channel)) {
          values.put(channel, value);
        }
      });
      if (!base.isEmpty()) {
        List<Update.Write> before = continuing(graph, new StateView(values));
        kernel.apply(graph, "", values, List.of("(continuing)"), List.of(before));
      }
      kernel.apply(graph, "", values, List.of("(input)"), List.of(input.writes()));
      Next next = input.next();
      Map<String, Boolean> pulls = new LinkedHashMap<>();
      List<Send> sends = next == null ? List.of() : next.sends();
      for (String node : next == null ? graph.starts() : next.nodes()) {
        if (!node.equals(Graph.END)) {
          begins(graph, node);
          pulls.put(node, false);
        }
      }
      sends.forEach(send -> begins(graph, send.node()));
      Frame root = kernel.open(graph, "", values, 0, pulls, sends, Map.of(), List.of());
      return kernel.decision(graph, root, 0);
    } catch (Fault e) {
      return new Decision(none.with(e.failed()), List.of(), List.of());
    }
  }

  private static List<Update.Write> continuing(Graph graph, StateView left) {
    try {
      return graph.continuing() == null ? List.of() : graph.continuing().apply(left).writes();
    } catch (RuntimeException e) {
      throw new Fault("condition_failed", "(continuing)", ErrorKind.of(e));
    }
  }

  private static void begins(Graph graph, String node) {
    if (!graph.parts().containsKey(node)) {
      throw new Fault(
          "bad_route", node, "it is to begin there, which is no node of graph " + graph.name());
    }
  }

  /**
   * The decision after results have come in. Results of tasks that are not running are ignored;
   * while some are missing the state stays.
   */
  public static Decision decide(Graph graph, State state, Map<String, TaskResult> results) {
    if (!(state.status() instanceof Status.Running)) {
      return new Decision(state, List.of(), List.of());
    }
    List<Task> running = tasks(graph, state);
    List<Ask> open = new ArrayList<>();
    Set<String> broken = new HashSet<>();
    for (Task task : running) {
      switch (results.get(task.path())) {
        case TaskResult.Asked(List<Ask> more) -> open.addAll(more);
        case TaskResult.Failed(String code, String message)
            when part(graph, task).options().onFailure() == null -> {
          String around = handler(graph, task);
          if (around != null) {
            broken.add(around);
            continue;
          }
          return new Decision(
              state.with(new Status.Failed(code, task.node(), message)), List.of(), List.of());
        }
        case TaskResult.Failed _, TaskResult.Done _ -> {}
        case null -> {
          return new Decision(
              state,
              running.stream().filter(t -> !results.containsKey(t.path())).toList(),
              List.of());
        }
      }
    }
    open.removeIf(ask -> broken.stream().anyMatch(path -> ask.path().startsWith(path + "/")));
    if (!open.isEmpty()) {
      State waiting =
          new State(state.root(), state.step(), new Status.Waiting(), open, state.answers());
      return new Decision(waiting, List.of(), List.of());
    }
    Kernel kernel = new Kernel(state, results, broken);
    try {
      return kernel.decision(graph, kernel.advance(graph, "", state.root()), state.step() + 1);
    } catch (Fault e) {
      return new Decision(state.with(e.failed()), List.of(), List.of());
    }
  }

  /** The innermost subgraph around a task that says where to go if something in it fails. */
  private static @Nullable String handler(Graph graph, Task task) {
    String found = null;
    Graph at = graph;
    for (int end = task.path().indexOf('/'); end > 0; end = task.path().indexOf('/', end + 1)) {
      String path = task.path().substring(0, end);
      Graph.Part part = at.part(path.substring(path.lastIndexOf(':') + 1));
      if (part.options().onFailure() != null) {
        found = path;
      }
      if (part.inner() == null) {
        break;
      }
      at = part.inner().graph();
    }
    return found;
  }

  /** Adds answers by {@link Ask#key()}; the run goes on when none is missing. */
  public static Decision answer(Graph graph, State state, Map<String, Object> answers) {
    Map<String, Object> all = new LinkedHashMap<>(state.answers());
    List<Ask> open = new ArrayList<>();
    for (Ask ask : state.open()) {
      Object answer = answers.get(ask.key());
      if (answer == null) {
        open.add(ask);
      } else {
        all.put(ask.key(), answer);
      }
    }
    Status status = open.isEmpty() ? new Status.Running() : state.status();
    State next = new State(state.root(), state.step(), status, open, all);
    return new Decision(next, open.isEmpty() ? tasks(graph, next) : List.of(), List.of());
  }

  /** All tasks of the current superstep that are nodes with code, in order. */
  public static List<Task> tasks(Graph graph, State state) {
    List<Task> all = new ArrayList<>();
    leaves(graph, state.root(), all);
    return all;
  }

  /** What the task sees: the channels of the graph that its node belongs to. */
  public static StateView view(State state, Task task) {
    Frame frame = state.root();
    int slash = task.path().indexOf('/');
    while (slash > 0) {
      frame = frame.children().get(task.path().substring(0, slash));
      if (frame == null) {
        throw new IllegalArgumentException("task " + task.path() + " is not running");
      }
      slash = task.path().indexOf('/', slash + 1);
    }
    return new StateView(frame.values());
  }

  static Graph.Part part(Graph graph, Task task) {
    Graph inner = graph;
    String[] names = task.path().split("/");
    for (int i = 0; i < names.length - 1; i++) {
      Graph.Inner next = inner.part(names[i].substring(names[i].indexOf(':') + 1)).inner();
      if (next == null) {
        throw new IllegalStateException("node " + names[i] + " is no subgraph any more");
      }
      inner = next.graph();
    }
    return inner.part(task.node());
  }

  static Map<String, Object> initial(Graph graph) {
    Map<String, Object> values = new LinkedHashMap<>();
    graph.channels().values().forEach(c -> values.put(c.name(), c.initial()));
    return values;
  }

  private static void leaves(Graph graph, Frame frame, List<Task> into) {
    for (Task task : frame.tasks()) {
      if (frame.finished().containsKey(task.path())) {
        continue;
      }
      Frame child = frame.children().get(task.path());
      Graph.Inner inner = graph.part(task.node()).inner();
      if (inner == null) {
        into.add(task);
      } else if (child != null) {
        leaves(inner.graph(), child, into);
      }
    }
  }

  private Decision decision(Graph graph, Frame root, long step) {
    Status status;
    if (root.tasks().isEmpty()) {
      status = asks.isEmpty() ? new Status.Completed() : new Status.Waiting();
    } else if (step >= graph.stepLimit()) {
      String node = root.tasks().getFirst().node();
      throw new Fault(
          "step_limit", node, "no end after " + step + " steps: raise the limit or mend the cycle");
    } else {
      status = asks.isEmpty() ? new Status.Running() : new Status.Waiting();
    }
    State next = new State(root, step, status, List.copyOf(asks), Map.of());
    boolean runs = status instanceof Status.Running;
    if (runs && root.tasks().isEmpty()) {
      next = next.with(new Status.Completed());
    }
    return new Decision(next, runs ? tasks(graph, next) : List.of(), List.copyOf(writes));
  }

  private Frame advance(Graph graph, String path, Frame frame) {
    Map<String, Update> finished = new LinkedHashMap<>(frame.finished());
    Map<String, Frame> children = new LinkedHashMap<>();
    for (Task task : frame.tasks()) {
      if (finished.containsKey(task.path())) {
        continue;
      }
      Graph.Part part = graph.part(task.node());
      if (part.inner() == null) {
        finished.put(task.path(), result(task, part));
        continue;
      }
      String onFailure = part.options().onFailure();
      if (onFailure != null && broken.contains(task.path())) {
        finished.put(task.path(), Update.none().go(onFailure));
        continue;
      }
      Frame child = frame.children().get(task.path());
      if (child == null) {
        throw new Fault("bad_state", task.node(), "its subgraph's state is missing");
      }
      Frame after = advance(part.inner().graph(), task.path(), child);
      if (after.tasks().isEmpty()) {
        finished.put(task.path(), outputs(graph, part.inner(), frame.values(), after.values()));
      } else {
        children.put(task.path(), after);
      }
    }
    if (!children.isEmpty()) {
      return new Frame(
          frame.values(),
          frame.step(),
          frame.tasks(),
          finished,
          frame.arrivals(),
          frame.held(),
          children);
    }
    return barrier(graph, path, frame, finished);
  }

  private Update result(Task task, Graph.Part part) {
    return switch (results.get(task.path())) {
      case TaskResult.Done(Update update) -> update;
      case TaskResult.Failed _ when part.options().onFailure() != null ->
          Update.none().go(part.options().onFailure());
      case TaskResult.Failed _, TaskResult.Asked _ ->
          throw new IllegalStateException("decided before");
      case null -> throw new IllegalStateException("decided before");
    };
  }

  /** Everything of the superstep is there: apply it, and follow the edges. */
  private Frame barrier(Graph graph, String path, Frame frame, Map<String, Update> finished) {
    Map<String, Object> values = new LinkedHashMap<>(frame.values());
    List<List<Update.Write>> all = new ArrayList<>();
    frame
        .tasks()
        .forEach(task -> all.add(finished.getOrDefault(task.path(), Update.none()).writes()));
    apply(graph, path, values, frame.tasks().stream().map(Task::node).toList(), all);

    Map<String, Boolean> pulls = new LinkedHashMap<>();
    List<Send> sends = new ArrayList<>();
    Map<String, List<String>> arrivals = new LinkedHashMap<>(frame.arrivals());
    StateView view = new StateView(values);
    for (Task task : frame.tasks()) {
      NodeOptions options = graph.part(task.node()).options();
      Next command = finished.getOrDefault(task.path(), Update.none()).next();
      if (command != null) {
        follow(graph, task, command, options.goes(), options.onFailure(), pulls, sends);
      } else {
        follow(
            graph, task, new Next(graph.edges(task.node()), List.of()), null, null, pulls, sends);
        for (Graph.Branch branch : graph.branches(task.node())) {
          follow(graph, task, choose(task, branch, view), branch.targets(), null, pulls, sends);
        }
        arrive(graph, task, arrivals);
      }
      if (options.askAfter()) {
        asks.add(new Ask(task.path(), Ask.AFTER, task.node(), Map.of("after", task.node())));
      }
    }
    fireJoins(graph, frame, arrivals, pulls, sends);
    return open(graph, path, values, frame.step() + 1, pulls, sends, arrivals, frame.held());
  }

  private static Next choose(Task task, Graph.Branch branch, StateView view) {
    try {
      return branch.condition().choose(view);
    } catch (RuntimeException e) {
      throw new Fault("condition_failed", task.node(), ErrorKind.of(e));
    }
  }

  private static void follow(
      Graph graph,
      Task task,
      Next next,
      @Nullable List<String> allowed,
      @Nullable String alsoAllowed,
      Map<String, Boolean> pulls,
      List<Send> sends) {
    for (String node : next.nodes()) {
      check(graph, task, node, allowed, alsoAllowed);
      if (!node.equals(Graph.END)) {
        pulls.merge(node, task.sent(), Boolean::logicalOr);
      }
    }
    for (Send send : next.sends()) {
      check(graph, task, send.node(), allowed, alsoAllowed);
      sends.add(send);
    }
  }

  private static void check(
      Graph graph,
      Task task,
      String node,
      @Nullable List<String> allowed,
      @Nullable String alsoAllowed) {
    boolean known = node.equals(Graph.END) || graph.parts().containsKey(node);
    boolean listed =
        allowed == null
            || allowed.isEmpty()
            || allowed.contains(node)
            || node.equals(Graph.END)
            || node.equals(alsoAllowed);
    if (!known || !listed) {
      throw new Fault(
          "bad_route",
          task.node(),
          "it leads to " + node + ", which " + (known ? "is not among its targets" : "is no node"));
    }
  }

  private static void arrive(Graph graph, Task task, Map<String, List<String>> arrivals) {
    graph
        .joins()
        .forEach((target, sources) -> {
          List<String> there = arrivals.getOrDefault(target, List.of());
          if (sources.contains(task.node()) && !there.contains(task.node())) {
            List<String> more = new ArrayList<>(there);
            more.add(task.node());
            arrivals.put(target, more);
          }
        });
  }

  private static void fireJoins(
      Graph graph,
      Frame frame,
      Map<String, List<String>> arrivals,
      Map<String, Boolean> pulls,
      List<Send> sends) {
    List<String> underway = new ArrayList<>();
    pulls.forEach((node, sent) -> {
      if (sent) {
        underway.add(node);
      }
    });
    sends.forEach(send -> underway.add(send.node()));
    frame.held().stream().filter(Task::sent).forEach(task -> underway.add(task.node()));
    graph
        .joins()
        .forEach((target, sources) -> {
          boolean all = arrivals.getOrDefault(target, List.of()).containsAll(sources);
          if (all && underway.stream().noneMatch(node -> graph.reaches(node, sources))) {
            arrivals.remove(target);
            pulls.putIfAbsent(target, false);
          }
        });
  }

  /** Makes the frame of the next superstep, with its tasks and their subgraphs. */
  private Frame open(
      Graph graph,
      String path,
      Map<String, Object> values,
      long step,
      Map<String, Boolean> pulls,
      List<Send> sends,
      Map<String, List<String>> arrivals,
      List<Task> heldBefore) {
    String prefix = (path.isEmpty() ? "" : path + "/") + (step + 1) + ".";
    List<Task> tasks = new ArrayList<>();
    List<Task> held = new ArrayList<>(heldBefore);
    Set<String> heldNodes =
        held.stream()
            .filter(t -> t.input() == JsonNull.NULL)
            .map(Task::node)
            .collect(Collectors.toSet());
    int ordinal = 0;
    for (Map.Entry<String, Boolean> pull : pulls.entrySet()) {
      String node = pull.getKey();
      Task task = new Task(prefix + ordinal++ + ":" + node, node, JsonNull.NULL, pull.getValue());
      if (!graph.part(node).options().deferred()) {
        tasks.add(task);
      } else if (heldNodes.add(node)) {
        held.add(task);
      }
    }
    for (Send send : sends) {
      Task task = new Task(prefix + ordinal++ + ":" + send.node(), send.node(), send.input(), true);
      (graph.part(send.node()).options().deferred() ? held : tasks).add(task);
    }
    if (tasks.isEmpty()) {
      tasks.addAll(held);
      held.clear();
    }
    Map<String, Frame> children = new LinkedHashMap<>();
    for (Task task : tasks) {
      Graph.Part part = graph.part(task.node());
      if (part.options().askBefore()) {
        asks.add(new Ask(task.path(), Ask.BEFORE, task.node(), Map.of("before", task.node())));
      }
      if (part.inner() != null) {
        children.put(task.path(), child(part.inner(), task, values));
      }
    }
    return new Frame(values, step, tasks, Map.of(), arrivals, held, children);
  }

  private Frame child(Graph.Inner inner, Task task, Map<String, Object> parent) {
    Graph graph = inner.graph();
    Map<String, Object> values = inputs(inner, parent);
    List<Update.Write> sent = new ArrayList<>();
    if (task.input() instanceof Map<?, ?>) {
      Json.object(task.input())
          .forEach((channel, value) -> sent.add(new Update.Write(channel, value)));
    }
    apply(graph, task.path(), values, List.of(task.node()), List.of(sent));
    Map<String, Boolean> pulls = new LinkedHashMap<>();
    graph.starts().forEach(node -> pulls.put(node, false));
    return open(graph, task.path(), values, 0, pulls, List.of(), Map.of(), List.of());
  }

  /** A subgraph's values before its first write; they follow from its parent's. */
  static Map<String, Object> inputs(Graph.Inner inner, Map<String, Object> parent) {
    Map<String, Object> values = initial(inner.graph());
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

  private static Update outputs(
      Graph graph, Graph.Inner inner, Map<String, Object> before, Map<String, Object> after) {
    List<Update.Write> writes = new ArrayList<>();
    if (inner.link().shared()) {
      after.forEach((name, value) -> {
        Object old = before.get(name);
        if (old != null && !old.equals(value)) {
          Object change = graph.channel(name).reducer().difference(old, value);
          writes.add(new Update.Write(name, change));
        }
      });
    }
    inner
        .link()
        .out()
        .forEach((from, to) -> {
          Object value = after.get(from);
          if (value != null && value != JsonNull.NULL) {
            writes.add(new Update.Write(to, value));
          }
        });
    return new Update(writes, null);
  }

  /**
   * @param nodes who wrote, in the order of their writes; for errors
   */
  private void apply(
      Graph graph,
      String path,
      Map<String, Object> values,
      List<String> nodes,
      List<List<Update.Write>> byTask) {
    Map<String, Integer> writer = new LinkedHashMap<>();
    Set<String> custom = new java.util.LinkedHashSet<>();
    for (int i = 0; i < byTask.size(); i++) {
      String node = nodes.get(i);
      for (Update.Write write : byTask.get(i)) {
        Channel<?> channel = graph.channels().get(write.channel());
        if (channel == null) {
          throw new Fault(
              "bad_write",
              node,
              "it writes channel %s, which graph %s has not: declare it or correct the name"
                  .formatted(write.channel(), graph.name()));
        }
        Integer other = writer.put(channel.name(), i);
        if (other != null && other != i && channel.reducer().name().equals("last")) {
          throw new Fault(
              "bad_write",
              node,
              "it writes channel %s, which node %s wrote in the same step: give it a reducer that"
                      .formatted(channel.name(), nodes.get(other))
                  + " merges");
        }
        Object value = values.getOrDefault(channel.name(), channel.initial());
        values.put(channel.name(), reduce(node, channel, value, write.value()));
        if (channel.reducer().custom()) {
          custom.add(channel.name());
        } else {
          writes.add(new Decision.Write(path, channel.name(), write.value(), false));
        }
      }
    }
    custom.forEach(name ->
        writes.add(new Decision.Write(path, name, values.getOrDefault(name, JsonNull.NULL), true)));
  }

  private static Object reduce(String node, Channel<?> channel, Object value, Object update) {
    try {
      return channel.reducer().reduce(value, update);
    } catch (RuntimeException e) {
      throw new Fault(
          "bad_write",
          node,
          "channel %s refuses what it writes: %s".formatted(channel.name(), ErrorKind.of(e)));
    }
  }

  /** Ends a decision; never leaves the kernel. */
  private static final class Fault extends RuntimeException {
    private final transient Status.Failed failed;

    Fault(String code, String node, String message) {
      super(message, null, false, false);
      failed = new Status.Failed(code, node, message);
    }

    Status.Failed failed() {
      return failed;
    }
  }
}
