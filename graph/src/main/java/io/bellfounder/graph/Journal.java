package io.bellfounder.graph;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What one claimed run writes. Every write is fenced by the claim's epoch: after a take-over it
 * changes nothing and says so.
 */
final class Journal {
  /** Deltas between two snapshots: so many characters, and {@link Past#WEIGHT}s. */
  static final long SNAPSHOT_WEIGHT = 64 * 1024;

  /** Or this part of a large state, so that making snapshots costs a bounded share of the work. */
  private static final int SNAPSHOT_SHARE = 8;

  private final Database db;
  private final Claim claim;
  private final Commits commits;
  private long checkpoint;
  private volatile long seq;
  private long weight;
  private long full;
  private long pendingWeight;
  private long pendingFull;
  private long pendingSeq;
  private Set<String> pending = Set.of();
  private final Map<String, List<Entry>> told = new HashMap<>();

  /** Whether a recorded result has events with it that no commit has told yet. */
  private volatile boolean untold;

  /** Large values that this run has named as needed. */
  private final Set<String> kept = ConcurrentHashMap.newKeySet();

  /** A run that this worker holds. */
  record Claim(
      UUID run,
      String tenant,
      long epoch,
      String specHash,
      String input,
      long checkpoint,
      long seq,
      int takeovers,
      @Nullable String thread) {}

  record Entry(String kind, Object data) {}

  Journal(Database db, Commits commits, Claim claim) {
    this.db = db;
    this.commits = commits;
    this.claim = claim;
    this.checkpoint = claim.checkpoint();
    this.seq = claim.seq();
  }

  /** The state after the last commit, or nothing if there was none. */
  Optional<State> load(Connection c, Graph graph) throws SQLException {
    Optional<Past.Point> last = new Past(db, c, claim.run(), _ -> graph.shape()).last();
    last.ifPresent(point -> {
      weight = point.weight();
      full = point.full();
      kept.addAll(point.large());
      point.state().check(graph);
    });
    return last.map(Past.Point::state);
  }

  /** What the thread's last completed run left, or nothing. */
  Map<String, Object> threadValues(Connection c, Graph graph) throws SQLException {
    if (claim.thread() == null) {
      return Map.of();
    }
    List<UUID> last =
        db.query(
            c,
            r -> r.getObject(1, UUID.class),
            "SELECT last_run FROM ~.thread WHERE tenant = ? AND id = ? AND last_run IS NOT NULL",
            claim.tenant(),
            claim.thread());
    if (last.isEmpty()) {
      return Map.of();
    }
    Map<String, Object> values = values(db, c, last.getFirst(), graph).orElse(Map.of());
    // A thread has no state but this; what cannot be read must not look like nothing.
    State.check(graph, values);
    return values;
  }

  /** The outermost values of any run as a graph has them; empty if the run has not begun. */
  static Optional<Map<String, Object>> values(Database db, Connection c, UUID run, Graph graph)
      throws SQLException {
    Specs.Line specs = new Specs(db).of(c, run, graph);
    return new Past(db, c, run, specs)
        .last()
        .map(point ->
            specs.hashes().at(point.n()).equals(graph.hash())
                ? point.state().values()
                : Conversion.values(specs.apply(point.n()), graph, point.state().values()));
  }

  Map<String, Object> answers(Connection c) throws SQLException {
    Map<String, Object> answers = new LinkedHashMap<>();
    db.query(
        c,
        r -> answers.put(r.getString(1), Json.read(r.getString(2))),
        "SELECT key, answer FROM ~.interrupt WHERE run = ? AND status = 'answered' ORDER BY n",
        claim.run());
    return answers;
  }

  /** What runs now has as results and effects; and what it told, for {@link #told}. */
  Map<String, Map<String, Optional<Object>>> tasks(Connection c, State now) throws SQLException {
    Map<String, Map<String, Optional<Object>>> tasks = tasks(db, c, claim.run(), now, told);
    untold |= !told.isEmpty();
    return tasks;
  }

  /**
   * Results and effects of what runs now, by path, then by effect; an intent without a result has
   * {@code null}.
   */
  static Map<String, Map<String, Optional<Object>>> tasks(
      Database db, Connection c, UUID run, State now) throws SQLException {
    return tasks(db, c, run, now, new HashMap<>());
  }

  private static Map<String, Map<String, Optional<Object>>> tasks(
      Database db, Connection c, UUID run, State now, Map<String, List<Entry>> told)
      throws SQLException {
    record Row(String path, String effect, int result) {}
    List<Row> rows = new ArrayList<>();
    Blobs.Reader reader = new Blobs(db).reader(c, run);
    db.query(
        c,
        r -> {
          String result = r.getString(3);
          String events = r.getString(5);
          if (events != null) {
            told.put(r.getString(1), entries(events));
          }
          rows.add(
              new Row(
                  r.getString(1),
                  r.getString(2),
                  result == null ? -1 : reader.add(r.getInt(4), result)));
          return 1;
        },
        "SELECT path, effect, result, format, events FROM ~.task"
            + " WHERE run = ? AND split_part(path, '/', 1) = ANY (?)",
        run,
        now.root().tasks().stream().map(Task::path).toArray(String[]::new));
    reader.fetch();
    Map<String, Map<String, Optional<Object>>> all = new HashMap<>();
    rows.forEach(row ->
        all.computeIfAbsent(row.path(), _ -> new HashMap<>())
            .put(
                row.effect(),
                row.result() < 0 ? Optional.empty() : Optional.of(reader.get(row.result()))));
    return all;
  }

  /** What a finished sibling told before it was recorded; after {@link #tasks}. */
  List<Entry> told(String path) {
    return told.getOrDefault(path, List.of());
  }

  private static List<Entry> entries(String json) {
    List<Entry> entries = new ArrayList<>();
    for (Object entry : Json.array(Json.read(json))) {
      List<Object> pair = Json.array(entry);
      entries.add(new Entry((String) pair.get(0), pair.get(1)));
    }
    return entries;
  }

  /** Keeps an effect's intent (no result) or its result. */
  boolean record(String path, String effect, @Nullable Object result) throws SQLException {
    return record(path, effect, result, List.of());
  }

  /** Keeps a finished sibling's result, and what it told. */
  boolean record(String path, Object result, List<Entry> told) throws SQLException {
    return record(path, "", result, told);
  }

  private boolean record(String path, String effect, @Nullable Object result, List<Entry> told)
      throws SQLException {
    Large large = new Large();
    String json = result == null ? null : large.write(result);
    Database.Work<Boolean> work = c -> record(c, path, effect, json, told, large);
    boolean recorded = missing(large).isEmpty() ? db.statement(work) : db.transaction(work);
    if (recorded) {
      kept.addAll(large.found().keySet());
    }
    return recorded;
  }

  /** The same as part of a transactional node's own transaction. */
  boolean record(Connection c, String path, Object result, List<Entry> told) throws SQLException {
    Large large = new Large();
    return record(c, path, "", large.write(result), told, large);
  }

  private boolean record(
      Connection c,
      String path,
      String effect,
      @Nullable String json,
      List<Entry> told,
      Large large)
      throws SQLException {
    String events =
        told.isEmpty()
            ? null
            : Json.write(told.stream().map(e -> List.of(e.kind(), e.data())).toList());
    int rows =
        db.update(
            c,
            """
            INSERT INTO ~.task (run, path, effect, epoch, status, format, result, events)
            SELECT id, ?, ?, epoch, ?, ?, ?::json, ?::json FROM ~.run
            WHERE id = ? AND epoch = ? AND status = 'running' FOR SHARE
            ON CONFLICT (run, path, effect) DO UPDATE
              SET status = excluded.status, format = excluded.format,
                result = excluded.result, epoch = excluded.epoch
              WHERE task.status = 'intent'\
            """,
            path,
            effect,
            json == null ? "intent" : "done",
            Large.FORMAT,
            json,
            events,
            claim.run(),
            claim.epoch());
    if (rows == 1) {
      untold |= events != null;
      keep(c, large);
    }
    return rows == 1;
  }

  private SortedMap<String, String> missing(Large large) {
    SortedMap<String, String> more = new TreeMap<>(large.found());
    more.keySet().removeAll(kept);
    return more;
  }

  private void keep(Connection c, Large large) throws SQLException {
    new Blobs(db).put(c, claim.run(), missing(large));
  }

  /**
   * Commits a decision: in one round trip, together with steps of other runs, or, if there is more
   * to it, in a transaction of its own.
   *
   * @param c a transaction that this is to be part of; null for none
   * @param results what the decision was made of
   * @return false if the run is another's by now
   */
  boolean commit(
      @Nullable Connection c,
      Decision decision,
      Map<String, TaskResult> results,
      String status,
      List<Entry> entries)
      throws SQLException {
    Large large = new Large();
    Commits.Step step = step(decision, results, status, entries, large);
    boolean ends =
        claim.thread() != null && List.of("completed", "failed", "cancelled").contains(status);
    // Told with this commit although the step is not over: not to be told again with the step.
    boolean tells = untold && List.of("waiting", "failed").contains(status);
    boolean saved;
    if (c != null) {
      saved = alone(c, step, large, ends, tells);
    } else if (ends || tells || !missing(large).isEmpty()) {
      saved = db.transaction(own -> alone(own, step, large, ends, tells));
    } else {
      saved = commits.commit(step);
    }
    pending = saved ? Set.copyOf(large.found().keySet()) : Set.of();
    return saved;
  }

  private boolean alone(Connection c, Commits.Step step, Large large, boolean ends, boolean tells)
      throws SQLException {
    Threads threads = new Threads(db);
    if (ends) {
      threads.lockOf(c, claim.run());
    }
    boolean saved = commits.write(c, step);
    if (saved) {
      keep(c, large);
    }
    if (saved && tells) {
      db.update(
          c, "UPDATE ~.task SET events = NULL WHERE run = ? AND events IS NOT NULL", claim.run());
    }
    if (saved && ends) {
      threads.release(c, claim.run());
    }
    return saved;
  }

  private Commits.Step step(
      Decision decision,
      Map<String, TaskResult> results,
      String status,
      List<Entry> entries,
      Large large) {
    State state = decision.state();
    boolean failed = state.status() instanceof Status.Failed;
    long n = checkpoint + 1;
    List<Commits.Event> events = new ArrayList<>();
    entries.forEach(e -> events.add(new Commits.Event(e.kind(), large.write(e.data()))));
    List<Commits.Question> asks = new ArrayList<>();
    if (state.status() instanceof Status.Waiting) {
      for (Ask ask : state.open()) {
        String id = UUID.randomUUID().toString();
        asks.add(new Commits.Question(id, ask.key(), ask.node(), Json.write(ask.payload())));
        Map<String, Object> data = new LinkedHashMap<>();
        data.put("question", id);
        data.put("node", ask.node());
        events.add(new Commits.Event(Event.INTERRUPT, Json.write(data)));
      }
    }
    events.add(
        new Commits.Event(
            status.equals("running") ? "step" : status, "{\"step\":" + state.step() + "}"));
    pendingWeight = weight;
    pendingFull = full;
    List<Commits.Write> writes = new ArrayList<>();
    Commits.Point point = null;
    // A failed decision leaves the state as it was, so that the run can go on from there.
    if (!failed && !status.equals("cancelled")) {
      pendingWeight += Past.WEIGHT;
      // The first checkpoint has a snapshot, in which its writes are.
      for (Decision.Write write : n == 1 ? List.<Decision.Write>of() : decision.writes()) {
        String value = large.write(write.update());
        pendingWeight += value.length() + Past.WEIGHT;
        writes.add(new Commits.Write(write.frame(), write.channel(), write.whole(), value));
      }
      String snapshot = null;
      if (n == 1 || pendingWeight >= Math.max(SNAPSHOT_WEIGHT, full / SNAPSHOT_SHARE)) {
        long cut = large.cut();
        snapshot = snapshot(state, large);
        pendingFull = snapshot.length() + large.cut() - cut;
        pendingWeight = 0;
      }
      Object given = Results.tree(results, decision);
      point =
          new Commits.Point(
              large.write(state.control()), snapshot, given == null ? null : large.write(given));
    }
    pendingSeq = seq + events.size();
    Status.Failed error = failed ? (Status.Failed) state.status() : null;
    return new Commits.Step(
        claim.run(),
        claim.epoch(),
        checkpoint,
        point == null ? checkpoint : n,
        state.step(),
        pendingSeq,
        status,
        error == null ? null : error.code(),
        error == null ? null : error.node() + ": " + error.message(),
        point,
        writes,
        events,
        asks);
  }

  /**
   * Puts a whole state into a run that nobody holds.
   *
   * @param specBefore that of the checkpoints before, if this one has another
   */
  static void point(
      Database db, Connection c, UUID run, long n, State state, @Nullable String specBefore)
      throws SQLException {
    Large large = new Large();
    db.update(
        c,
        "INSERT INTO ~.checkpoint (run, n, step, format, control, snapshot, spec_before)"
            + " VALUES (?, ?, ?, ?, ?::json, ?::json, ?)",
        run,
        n,
        state.step(),
        Large.FORMAT,
        large.write(state.control()),
        snapshot(state, large),
        specBefore);
    new Blobs(db).put(c, run, large.found());
  }

  /** After the transaction of {@link #commit} is through. */
  void committed(Decision decision) {
    if (!(decision.state().status() instanceof Status.Failed)) {
      checkpoint++;
      weight = pendingWeight;
      full = pendingFull;
    }
    kept.addAll(pending);
    seq = pendingSeq;
  }

  /** The number of the run's last event. */
  long seq() {
    return seq;
  }

  /** Hands the run back, for another worker to go on at once. */
  boolean handBack(String status) throws SQLException {
    return leave(status, null, null);
  }

  /** Takes the run out of the way because it cannot be read or carried on. */
  boolean park(String code, String why) throws SQLException {
    return leave("parked", code, why);
  }

  private boolean leave(String status, @Nullable String code, @Nullable String why)
      throws SQLException {
    return db.statement(c ->
        db.query(
                    c,
                    r -> r.getLong(1),
                    """
                    WITH fence AS (UPDATE ~.run SET status = ?, owner = NULL, lease_until = NULL,
                      error_code = ?, error_message = ?, seq = seq + ?
                      WHERE id = ? AND epoch = ? AND status = 'running' RETURNING id, seq),
                    told AS (INSERT INTO ~.event (run, seq, kind, data)
                      SELECT id, seq, 'parked', '{}'::json FROM fence WHERE ?)
                    SELECT count(*) FROM fence\
                    """,
                    status,
                    code,
                    why,
                    code == null ? 0 : 1,
                    claim.run(),
                    claim.epoch(),
                    code != null)
                .getFirst()
            == 1);
  }

  /** All values; large ones are taken out one by one, so that what stays the same is shared. */
  static String snapshot(State state, Large large) {
    Map<String, Map<String, Object>> frames = new LinkedHashMap<>();
    state.root().collectValues("", frames);
    StringBuilder out = new StringBuilder();
    String gap = "{";
    for (Map.Entry<String, Map<String, Object>> frame : frames.entrySet()) {
      Json.string(out.append(gap), frame.getKey());
      out.append(':');
      String inner = "{";
      for (Map.Entry<String, Object> value : frame.getValue().entrySet()) {
        Json.string(out.append(inner), value.getKey());
        large.write(out.append(':'), value.getValue());
        inner = ",";
      }
      out.append(frame.getValue().isEmpty() ? "{}" : "}");
      gap = ",";
    }
    return out.append('}').toString();
  }
}
