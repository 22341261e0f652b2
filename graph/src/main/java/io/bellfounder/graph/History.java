package io.bellfounder.graph;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * The past of runs. Three verbs, never mixed: {@link Runs#resume} goes on with a run from its last
 * commit; {@link #replay} makes its decisions again from what was recorded, runs no node and
 * changes nothing; {@link #fork} begins another run at one of its checkpoints, with other values or
 * on another version of the graph.
 *
 * <p>Reads what the {@link Retention retention} has left. Safe for many threads; every method is
 * one transaction.
 */
public final class History {
  /** Of a diff: so many checkpoints of a run are compared at most. */
  private static final int COMPARED_MAX = 100_000;

  private final Database db;
  private final Runs runs;

  /** Forks made here are carried by {@link Worker}. */
  public History(DataSource database, String schema) {
    this(database, schema, Claims.POSTGRES);
  }

  /**
   * @param driver that is to carry the forks, as for {@link Runs#Runs(DataSource, String, String)}
   */
  public History(DataSource database, String schema, String driver) {
    this.db = new Database(database, schema);
    this.runs = new Runs(database, schema, driver);
  }

  /**
   * A run's checkpoints, oldest first; none if there is no such run.
   *
   * @param after a checkpoint's number, 0 for all
   * @param limit 1 to 1000
   */
  public List<Checkpoint> checkpoints(UUID run, long after, int limit) throws SQLException {
    record Row(long n, Instant at, int control) {}
    return db.snapshot(c -> {
      Blobs.Reader reader = new Blobs(db).reader(c, run);
      List<Row> rows =
          db.query(
              c,
              r ->
                  new Row(
                      r.getLong(1),
                      r.getObject(2, OffsetDateTime.class).toInstant(),
                      reader.add(r.getInt(3), r.getString(4))),
              "SELECT n, at, format, control FROM ~.checkpoint WHERE run = ? AND n > ?"
                  + " ORDER BY n LIMIT ?",
              run,
              after,
              Math.clamp(limit, 1, 1000));
      if (rows.isEmpty()) {
        return List.of();
      }
      reader.fetch();
      Specs.Hashes hashes = new Specs(db).hashes(c, run);
      return rows.stream()
          .map(row -> checkpoint(row.n(), row.at(), hashes, reader.get(row.control())))
          .toList();
    });
  }

  private static Checkpoint checkpoint(long n, Instant at, Specs.Hashes hashes, Object control) {
    State state = State.read(control, Map.of());
    List<String> nodes = new ArrayList<>();
    next("", state.root(), nodes);
    return new Checkpoint(n, state.step(), at, hashes.at(n), state.status(), nodes, state.open());
  }

  private static void next(String path, Frame frame, List<String> into) {
    for (Task task : frame.tasks()) {
      Frame child = frame.children().get(task.path());
      if (child != null) {
        next(path + task.node() + "/", child, into);
      } else if (!frame.finished().containsKey(task.path())) {
        into.add(path + task.node());
      }
    }
  }

  /**
   * The whole state at a checkpoint, as it was stored: also where no code of its version is at
   * hand.
   *
   * @return empty if there is no such checkpoint, or no more
   * @throws IllegalArgumentException if there is no such run
   * @throws Unreadable if it cannot be read
   */
  public Optional<State> state(UUID run, long n) throws SQLException {
    return db.snapshot(c -> point(c, run, new Specs(db).of(c, run), n));
  }

  private Optional<State> point(Connection c, UUID run, Specs.Line specs, long n)
      throws SQLException {
    return new Past(db, c, run, specs).at(n).filter(p -> p.n() == n).map(Past.Point::state);
  }

  /**
   * Makes every decision of a run again, from the results that its tasks gave then, and compares
   * each state with the one that was stored. No node runs, nothing is written.
   *
   * @param graphs the versions that the run has had
   * @throws IllegalArgumentException if the run has no checkpoint
   */
  public Replay replay(UUID run, Collection<Graph> graphs) throws SQLException {
    Map<String, Graph> known =
        graphs.stream().collect(Collectors.toMap(Graph::hash, Function.identity(), (a, _) -> a));
    return db.snapshot(c -> {
      Specs.Line specs = new Specs(db).of(c, run);
      Map<String, Object> answers = new HashMap<>();
      db.query(
          c,
          r -> answers.put(r.getString(1), Json.read(r.getString(2))),
          "SELECT key, answer FROM ~.interrupt WHERE run = ? AND status = 'answered'",
          run);
      Replayer replayer = new Replayer(specs, known, answers);
      new Past(db, c, run, specs).walk(1, replayer);
      return replayer
          .result()
          .orElseThrow(() -> new IllegalArgumentException("run " + run + " has no checkpoint yet"));
    });
  }

  /**
   * Begins another run at a checkpoint. Results of tasks whose step had not ended then are not
   * taken along, and questions that were open are asked again; effects have new keys, so that they
   * happen anew.
   *
   * @param n a checkpoint that is still there
   * @param as what to begin: the run's own graph or another version of it; the tenant, which is the
   *     run's; key, thread and priority as for any start. Writes of its input <i>replace</i> values
   *     of the outermost graph. A command in it says where to go instead of where the run went
   *     then, and is needed if the run had ended
   * @return {@code Same} for a repeated key only if run and checkpoint are the same too
   * @throws IllegalArgumentException saying why this cannot be begun
   * @throws Unreadable if the state cannot be read
   */
  public Started fork(UUID run, long n, RunRequest as) throws SQLException {
    if (!as.delay().isZero()) {
      throw new IllegalArgumentException("a fork begins at once: start it without a delay");
    }
    Optional<Origin> origin = db.snapshot(c -> origin(c, run, n, as.tenant()));
    return db.transaction(c -> {
      Started started = runs.start(c, as);
      if (started instanceof Started.Same(UUID before)) {
        return isForkOf(c, before, run, n) ? started : new Started.Conflict(before);
      }
      if (started instanceof Started.Created(UUID fork)) {
        Origin from =
            origin.orElseThrow(() ->
                new IllegalArgumentException(
                    "tenant %s has no run %s with checkpoint %d".formatted(as.tenant(), run, n)));
        store(c, fork, run, n, state(from.shape(), from.state(), as), as.graph());
      }
      return started;
    });
  }

  private record Origin(Shape shape, State state) {}

  private Optional<Origin> origin(Connection c, UUID run, long n, String tenant)
      throws SQLException {
    boolean there =
        !db.query(c, r -> 1, "SELECT 1 FROM ~.run WHERE id = ? AND tenant = ?", run, tenant)
            .isEmpty();
    if (!there) {
      return Optional.empty();
    }
    Specs.Line specs = new Specs(db).of(c, run);
    return point(c, run, specs, n).map(state -> new Origin(specs.apply(n), state));
  }

  private boolean isForkOf(Connection c, UUID fork, UUID run, long n) throws SQLException {
    return !db.query(
            c,
            r -> 1,
            "SELECT 1 FROM ~.run WHERE id = ? AND forked_from = ? AND forked_at = ?",
            fork,
            run,
            n)
        .isEmpty();
  }

  /** The state that a fork begins with. */
  private static State state(Shape from, State then, RunRequest as) {
    Graph graph = as.graph();
    State state = then;
    Next next = as.input().next();
    if (next == null) {
      Conversion conversion = new Conversion(Set.of(), Map.of());
      state = conversion.state(from, graph, then);
      if (!conversion.problems().isEmpty()) {
        throw new IllegalArgumentException(String.join("; ", conversion.problems()));
      }
      if (state.status() instanceof Status.Completed) {
        throw new IllegalArgumentException("the run had ended there: say where the fork is to go");
      }
    }
    Map<String, Object> values =
        new LinkedHashMap<>(
            next == null ? state.values() : Conversion.values(from, graph, then.values()));
    for (Update.Write write : as.input().writes()) {
      if (values.replace(write.channel(), write.value()) == null) {
        throw new IllegalArgumentException(
            "graph " + graph.name() + " has no channel " + write.channel());
      }
    }
    if (next != null) {
      state = Kernel.start(graph, values, new Update(List.of(), next)).state();
      if (state.status() instanceof Status.Failed(var code, var node, var message)) {
        throw new IllegalArgumentException(code + " at " + node + ": " + message);
      }
    } else {
      state = state.with(values);
    }
    state.check(graph);
    return state;
  }

  private void store(Connection c, UUID fork, UUID run, long n, State state, Graph graph)
      throws SQLException {
    new Specs(db).store(c, graph);
    Journal.point(db, c, fork, 1, state, null);
    boolean waits = state.status() instanceof Status.Waiting;
    db.update(
        c,
        """
        WITH fork AS (
          UPDATE ~.run SET forked_from = ?, forked_at = ?, checkpoint = 1, step = ?, seq = seq + 1,
            status = CASE WHEN ? THEN 'waiting' ELSE status END
          WHERE id = ? RETURNING id, seq)
        INSERT INTO ~.event (run, seq, kind, data)
        SELECT id, seq, 'forked', json_build_object('run', ?::text, 'checkpoint', ?::bigint)
        FROM fork\
        """,
        run,
        n,
        state.step(),
        waits,
        fork,
        run.toString(),
        n);
    for (Ask ask : waits ? state.open() : List.<Ask>of()) {
      db.update(
          c,
          "INSERT INTO ~.interrupt (id, run, key, n, node, payload, status)"
              + " VALUES (gen_random_uuid(), ?, ?, 1, ?, ?::json, 'pending')",
          fork,
          ask.key(),
          ask.node(),
          Json.write(ask.payload()));
    }
  }

  /**
   * Compares two runs: how long they were the same, and how their last states differ.
   *
   * @throws IllegalArgumentException if one has no checkpoint, or too many to compare
   */
  public RunDiff diff(UUID left, UUID right) throws SQLException {
    return db.snapshot(c -> {
      Walk a = walk(c, left);
      Walk b = walk(c, right);
      long skipped =
          db
              .query(
                  c,
                  r -> r.getLong(1),
                  "SELECT forked_at FROM ~.run WHERE id = ? AND forked_from = ?",
                  right,
                  left)
              .stream()
              .findFirst()
              .map(n -> n - 1)
              .orElse(0L);
      long same = skipped;
      while (a.digests().containsKey(same + 1)
          && Objects.equals(a.digests().get(same + 1), b.digests().get(same + 1 - skipped))) {
        same++;
      }
      return new RunDiff(same, changes(a.last(), b.last()));
    });
  }

  private record Walk(Map<Long, String> digests, State last) {}

  private Walk walk(Connection c, UUID run) throws SQLException {
    Map<Long, String> digests = new HashMap<>();
    @Nullable State[] last = {null};
    new Past(db, c, run, new Specs(db).of(c, run))
        .walk(
            1,
            (row, state) -> {
              if (digests.size() == COMPARED_MAX) {
                throw new IllegalArgumentException(
                    "run " + run + " has more than " + COMPARED_MAX + " checkpoints");
              }
              last[0] = state;
              digests.put(row.n(), Large.hash(Json.write(Replayer.tree(state))));
            });
    if (last[0] == null) {
      throw new IllegalArgumentException("run " + run + " has no checkpoint");
    }
    return new Walk(digests, Objects.requireNonNull(last[0]));
  }

  private static List<RunDiff.Change> changes(State left, State right) {
    Map<String, Map<String, Object>> a = Replayer.frames(left);
    Map<String, Map<String, Object>> b = Replayer.frames(right);
    List<RunDiff.Change> changes = new ArrayList<>();
    Set<String> frames = new TreeSet<>(a.keySet());
    frames.addAll(b.keySet());
    for (String frame : frames) {
      Map<String, Object> one = a.getOrDefault(frame, Map.of());
      Map<String, Object> other = b.getOrDefault(frame, Map.of());
      Set<String> channels = new TreeSet<>(one.keySet());
      channels.addAll(other.keySet());
      for (String channel : channels) {
        Object before = one.getOrDefault(channel, JsonNull.NULL);
        Object after = other.getOrDefault(channel, JsonNull.NULL);
        if (!before.equals(after)) {
          changes.add(new RunDiff.Change(frame, channel, before, after));
        }
      }
    }
    return changes;
  }
}
