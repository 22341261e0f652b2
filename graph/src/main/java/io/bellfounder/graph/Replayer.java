package io.bellfounder.graph;

import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Makes a run's decisions again from what its tasks gave then, and compares. No node runs. What was
 * decided here, not what was stored, is what the next decision starts from.
 */
final class Replayer implements Past.Visitor {
  private final Specs.Line specs;
  private final Map<String, Graph> graphs;
  private final Map<String, Object> answers;
  private @Nullable State replayed;
  private @Nullable State stored;
  private long from;
  private long last;
  private @Nullable Replay ended;

  /**
   * @param graphs by hash
   * @param answers to all of the run's questions, by key
   */
  Replayer(Specs.Line specs, Map<String, Graph> graphs, Map<String, Object> answers) {
    this.specs = specs;
    this.graphs = graphs;
    this.answers = answers;
  }

  @Override
  public void at(Past.Row row, State recorded) throws SQLException {
    if (ended != null) {
      return;
    }
    boolean starts = replayed == null || row.format() == Results.NONE_BEFORE;
    if (starts || row.before() != null) {
      from = starts ? row.n() : from;
      replayed = recorded;
    } else {
      Graph graph = graphs.get(specs.hashes().at(row.n()));
      if (graph == null) {
        ended = new Replay.Missing(row.n(), specs.hashes().at(row.n()));
        return;
      }
      State next = decide(graph, Objects.requireNonNull(replayed), row, recorded);
      Optional<String> differs = difference(next, recorded);
      if (differs.isPresent()) {
        ended = new Replay.Differs(row.n(), differs.get());
        return;
      }
      replayed = next;
    }
    stored = recorded;
    last = row.n();
  }

  /** Empty if there was nothing to replay. */
  Optional<Replay> result() {
    if (ended != null || replayed == null || stored == null) {
      return Optional.ofNullable(ended);
    }
    boolean equal = Json.write(tree(replayed)).equals(Json.write(tree(stored)));
    return Optional.of(
        equal
            ? new Replay.Equal(from, last, replayed.view())
            : new Replay.Differs(last, "the order of keys"));
  }

  private State decide(Graph graph, State before, Past.Row row, State recorded) {
    State now = before;
    if (before.status() instanceof Status.Waiting) {
      now = Kernel.answer(graph, before, answers).state();
    }
    Map<String, TaskResult> results = Results.read(Kernel.tasks(graph, now), before, row, recorded);
    return Kernel.decide(graph, now, results).state();
  }

  /** The first channel that differs, or {@code tasks}. */
  private static Optional<String> difference(State a, State b) {
    Map<String, Map<String, Object>> left = frames(a);
    Map<String, Map<String, Object>> right = frames(b);
    if (!a.control().equals(b.control()) || !left.keySet().equals(right.keySet())) {
      return Optional.of("tasks");
    }
    for (Map.Entry<String, Map<String, Object>> frame : left.entrySet()) {
      Map<String, Object> other = right.getOrDefault(frame.getKey(), Map.of());
      for (Map.Entry<String, Object> value : frame.getValue().entrySet()) {
        if (!value.getValue().equals(other.get(value.getKey()))) {
          return Optional.of(value.getKey());
        }
      }
    }
    return Optional.empty();
  }

  static Map<String, Map<String, Object>> frames(State state) {
    Map<String, Map<String, Object>> frames = new HashMap<>();
    state.root().collectValues("", frames);
    return frames;
  }

  /** All of a state, in one order always. */
  static Object tree(State state) {
    return List.of(state.control(), new TreeMap<>(frames(state)));
  }
}
