package io.bellfounder.graph;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Brings one state from the spec that it has to another, or says why that cannot be. Nothing is
 * guessed: what the other spec has no place for is a problem, unless it is to be dropped.
 */
final class Conversion {
  private final Set<String> dropped;
  private final Map<String, Update> pending;
  private final Set<String> problems = new LinkedHashSet<>();

  /**
   * @param dropped names of channels whose values may be lost
   * @param pending results by task path that are known and not yet applied
   */
  Conversion(Set<String> dropped, Map<String, Update> pending) {
    this.dropped = dropped;
    this.pending = pending;
  }

  /** Sentences for the person who migrates; empty if the state could be brought over. */
  List<String> problems() {
    return List.copyOf(problems);
  }

  /**
   * Values as a graph's channels have them. What it has no channel for is left behind.
   *
   * @throws Unreadable if a value cannot be brought to the channel's version
   */
  static Map<String, Object> values(Shape from, Graph to, Map<String, Object> old) {
    Map<String, Object> values = new LinkedHashMap<>();
    for (Channel<?> channel : to.channels().values()) {
      Optional<String> source = source(from, channel);
      values.put(
          channel.name(),
          source.isEmpty()
              ? channel.initial()
              : upcast(channel, from.channel(source.get()), old.get(source.get())));
    }
    return values;
  }

  private static Optional<String> source(Shape from, Channel<?> channel) {
    List<String> names = new ArrayList<>(List.of(channel.name()));
    names.addAll(channel.formerly());
    return names.stream().filter(from.channels()::containsKey).findFirst();
  }

  private static Object upcast(Channel<?> channel, Shape.Slot slot, @Nullable Object old) {
    if (slot.version() > channel.version()) {
      throw new Unreadable(
          "channel %s was stored in version %d, and this graph has version %d: use the newer graph"
              .formatted(channel.name(), slot.version(), channel.version()));
    }
    Object value = old == null ? slot.initial() : old;
    for (int version = Math.toIntExact(slot.version());
        version < channel.version() && value != JsonNull.NULL;
        version++) {
      try {
        value = Json.tree(channel.upcasters().get(version - 1).upcast(value));
      } catch (RuntimeException e) {
        // Its message may hold the value.
        throw new Unreadable(
            "channel %s: the upcaster from version %d failed (%s)"
                .formatted(channel.name(), version, e.getClass().getSimpleName()));
      }
    }
    return value;
  }

  /** The state under the other spec; worth something only if there are no {@link #problems}. */
  State state(Shape from, Graph to, State old) {
    Frame root = frame(from, to, old.root());
    State state = new State(root, old.step(), old.status(), old.open(), old.answers());
    if (problems.isEmpty()) {
      try {
        state.check(to);
      } catch (Unreadable e) {
        problems.add(e.getMessage());
      }
    }
    return state;
  }

  private Frame frame(Shape from, Graph to, Frame old) {
    Map<String, Object> values = old.values();
    try {
      values = values(from, to, old.values());
      lost(from, to, old.values());
    } catch (Unreadable e) {
      problems.add(e.getMessage());
    }
    Map<String, Frame> children = new LinkedHashMap<>();
    for (Task task : old.tasks()) {
      Graph.Part part = to.parts().get(task.node());
      Frame child = old.children().get(task.path());
      boolean done = old.finished().containsKey(task.path());
      if (part == null) {
        problems.add(
            "it is at node %s, which graph %s lacks: bring the node back, or let the run pass it"
                .formatted(task.node(), to.name()));
      } else if (child != null && part.inner() != null) {
        Shape inner = from.inner(task.node()).shape();
        children.put(task.path(), frame(inner, part.inner().graph(), child));
      } else if (!done && (child == null) != (part.inner() == null)) {
        problems.add("node " + task.node() + " is a subgraph in only one of the specs");
      }
      Update result = pending.get(task.path());
      if (result != null) {
        unapplied(from, to, result);
      }
    }
    for (Task task : old.held()) {
      if (!to.parts().containsKey(task.node())) {
        problems.add(
            "deferred node " + task.node() + " is to run, and graph " + to.name() + " lacks it");
      }
    }
    old.arrivals()
        .forEach((target, sources) -> {
          if (!to.joins().getOrDefault(target, List.of()).containsAll(sources)) {
            problems.add("its join at node " + target + " has begun, and is not the same any more");
          }
        });
    old.finished().values().forEach(update -> unapplied(from, to, update));
    return new Frame(
        values, old.step(), old.tasks(), old.finished(), old.arrivals(), old.held(), children);
  }

  private void lost(Shape from, Graph to, Map<String, Object> old) {
    Set<String> used = new LinkedHashSet<>();
    to.channels().values().forEach(channel -> source(from, channel).ifPresent(used::add));
    from.channels()
        .forEach((name, slot) -> {
          Object value = old.getOrDefault(name, slot.initial());
          if (!used.contains(name) && !dropped.contains(name) && !value.equals(slot.initial())) {
            problems.add(
                ("channel %s has a value, and graph %s has no such channel: keep it, say formerly,"
                        + " or drop it")
                    .formatted(name, to.name()));
          }
        });
  }

  /** A write that waits for its step's end is no whole value, and cannot be brought over. */
  private void unapplied(Shape from, Graph to, Update update) {
    for (Update.Write write : update.writes()) {
      Shape.Slot slot = from.channels().get(write.channel());
      Channel<?> channel = to.channels().get(write.channel());
      if (slot == null
          || channel == null
          || slot.version() != channel.version()
          || !slot.reducer().name().equals(channel.reducer().name())) {
        problems.add(
            "a finished task's write to channel %s, which has changed, waits for its step: let it end first"
                .formatted(write.channel()));
      }
    }
    List<String> leads = new ArrayList<>();
    if (update.next() != null) {
      leads.addAll(update.next().nodes());
      update.next().sends().forEach(send -> leads.add(send.node()));
    }
    leads.stream()
        .filter(node -> !node.equals(Graph.END) && !to.parts().containsKey(node))
        .forEach(
            node -> problems.add("a finished task leads to node " + node + ", which is no more"));
  }
}
