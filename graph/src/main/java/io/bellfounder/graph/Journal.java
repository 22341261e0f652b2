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
  /** Deltas between two snapshots: so many characters, each write with a fixed weight added. */
  static final long SNAPSHOT_WEIGHT = 64 * 1024;

  /** Or this part of a large state, so that making snapshots costs a bounded share of the work. */
  private static final int SNAPSHOT_SHARE = 8;

  private final Database db;
  private final Claim claim;
  private long checkpoint;
  private long seq;
  private long weight;
  private long full;
  private long pendingWeight;
  private long pendingFull;
  private Set<String> pending = Set.of();

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

  Journal(Database db, Claim claim) {
    this.db = db;
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
    UUID run = last.getFirst();
    Specs.Line specs = new Specs(db).of(c, run, graph);
    return new Past(db, c, run, specs).last().map(p -> p.state().values()).orElse(Map.of());
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

  /** Results and effects by path, then by effect; an intent without a result has {@code null}. */
  Map<String, Map<String, Optional<Object>>> tasks(Connection c) throws SQLException {
    record Row(String path, String effect, int result) {}
    List<Row> rows = new ArrayList<>();
    Blobs.Reader reader = new Blobs(db).reader(c, claim.run());
    db.query(
        c,
        r -> {
          String result = r.getString(3);
          rows.add(
              new Row(
                  r.getString(1),
                  r.getString(2),
                  result == null ? -1 : reader.add(r.getInt(4), result)));
          return 1;
        },
        "SELECT path, effect, result, format FROM ~.task WHERE run = ?",
        claim.run());
    reader.fetch();
    Map<String, Map<String, Optional<Object>>> all = new HashMap<>();
    rows.forEach(row ->
        all.computeIfAbsent(row.path(), _ -> new HashMap<>())
            .put(
                row.effect(),
                row.result() < 0 ? Optional.empty() : Optional.of(reader.get(row.result()))));
    return all;
  }

  /** Keeps a finished sibling's result, an effect's intent (no result) or its result. */
  boolean record(String path, String effect, @Nullable Object result) throws SQLException {
    Large large = new Large();
    String json = result == null ? null : large.write(result);
    boolean recorded =
        db.transaction(c -> {
          int rows =
              db.update(
                  c,
                  """
                  INSERT INTO ~.task (run, path, effect, epoch, status, format, result)
                  SELECT id, ?, ?, epoch, ?, ?, ?::json FROM ~.run
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
                  claim.run(),
                  claim.epoch());
          if (rows == 1) {
            keep(c, large);
          }
          return rows == 1;
        });
    if (recorded) {
      kept.addAll(large.found().keySet());
    }
    return recorded;
  }

  private void keep(Connection c, Large large) throws SQLException {
    SortedMap<String, String> more = new TreeMap<>(large.found());
    more.keySet().removeAll(kept);
    new Blobs(db).put(c, claim.run(), more);
  }

  /**
   * Commits a decision in one statement, and large values in more.
   *
   * @param results what the decision was made of
   * @return false if the run is another's by now
   */
  boolean commit(
      Connection c,
      Decision decision,
      Map<String, TaskResult> results,
      String status,
      List<Entry> entries)
      throws SQLException {
    State state = decision.state();
    boolean failed = state.status() instanceof Status.Failed;
    long n = checkpoint + 1;
    List<Entry> events = new ArrayList<>(entries);
    events.add(new Entry(status.equals("running") ? "step" : status, Map.of("step", state.step())));
    Large large = new Large();
    // The first checkpoint has a snapshot, in which its writes are.
    List<Decision.Write> writes = n == 1 ? List.of() : decision.writes();
    pendingWeight = weight;
    pendingFull = full;
    String[] updates = texts(writes, w -> large.write(w.update()));
    for (String update : updates) {
      pendingWeight += update.length() + Past.WRITE_WEIGHT;
    }
    String snapshot = null;
    if (n == 1 || pendingWeight >= Math.max(SNAPSHOT_WEIGHT, full / SNAPSHOT_SHARE)) {
      long cut = large.cut();
      snapshot = snapshot(state, large);
      pendingFull = snapshot.length() + large.cut() - cut;
      pendingWeight = 0;
    }
    Object given = Results.tree(results, decision);
    List<Ask> asks = state.status() instanceof Status.Waiting ? state.open() : List.of();
    Status.Failed error = failed ? (Status.Failed) state.status() : null;
    String sql =
        """
        WITH fence AS (
          UPDATE ~.run SET checkpoint = ?, step = ?, seq = ?, status = ?, takeovers = 0,
            lease_until = CASE WHEN ? THEN lease_until END, owner = CASE WHEN ? THEN owner END,
            ended_at = CASE WHEN ? THEN now() END, error_code = ?, error_message = ?
          WHERE id = ? AND epoch = ? AND checkpoint = ? AND status = 'running' RETURNING id),
        point AS (INSERT INTO ~.checkpoint (run, n, step, format, control, snapshot, results)
          SELECT id, ?, ?, ?, ?::json, ?::json, ?::json FROM fence WHERE ?),
        deltas AS (INSERT INTO ~.channel_delta (run, n, ordinal, format, frame, channel, whole, value)
          SELECT fence.id, ?, w.o, ?, w.f, w.c, w.w = 'true', w.v::json FROM fence,
            unnest(?::text[], ?::text[], ?::text[], ?::text[]) WITH ORDINALITY AS w(f, c, w, v, o)),
        events AS (INSERT INTO ~.event (run, seq, kind, format, data)
          SELECT fence.id, ? + e.o, e.k, ?, e.d::json FROM fence,
            unnest(?::text[], ?::text[]) WITH ORDINALITY AS e(k, d, o)),
        asks AS (INSERT INTO ~.interrupt (id, run, key, n, node, payload, status)
          SELECT gen_random_uuid(), fence.id, a.k, ?, a.n, a.p::json, 'pending' FROM fence,
            unnest(?::text[], ?::text[], ?::text[]) AS a(k, n, p))
        SELECT count(*) FROM fence\
        """;
    boolean stays = status.equals("running");
    boolean ended = List.of("completed", "failed", "cancelled").contains(status);
    // A failed decision leaves the state as it was, so that the run can go on from there.
    boolean point = !failed && !status.equals("cancelled");
    Threads threads = new Threads(db);
    boolean ends = ended && claim.thread() != null;
    if (ends) {
      threads.lockOf(c, claim.run());
    }
    long count =
        db.query(
                c,
                r -> r.getLong(1),
                sql,
                point ? n : checkpoint,
                state.step(),
                seq + events.size(),
                status,
                stays,
                stays,
                ended,
                error == null ? null : error.code(),
                error == null ? null : error.node() + ": " + error.message(),
                claim.run(),
                claim.epoch(),
                checkpoint,
                n,
                state.step(),
                Large.FORMAT,
                large.write(state.control()),
                snapshot,
                given == null ? null : large.write(given),
                point,
                n,
                Large.FORMAT,
                texts(writes, Decision.Write::frame),
                texts(writes, Decision.Write::channel),
                texts(writes, w -> String.valueOf(w.whole())),
                updates,
                seq,
                Large.FORMAT,
                texts(events, Entry::kind),
                texts(events, e -> large.write(e.data())),
                n,
                texts(asks, Ask::key),
                texts(asks, Ask::node),
                texts(asks, a -> Json.write(a.payload())))
            .getFirst();
    if (count == 1) {
      keep(c, large);
      pending = Set.copyOf(large.found().keySet());
    }
    if (count == 1 && ends) {
      threads.release(c, claim.run());
    }
    return count == 1;
  }

  /** After the transaction of {@link #commit} is through. */
  void committed(Decision decision, int entries) {
    if (!(decision.state().status() instanceof Status.Failed)) {
      checkpoint++;
      weight = pendingWeight;
      full = pendingFull;
    }
    kept.addAll(pending);
    seq += entries + 1;
  }

  /** Hands the run back, for another worker to go on at once. */
  boolean handBack(String status) throws SQLException {
    return leave(status, null);
  }

  /** Takes the run out of the way because it cannot be read or carried on. */
  boolean park(String why) throws SQLException {
    return leave("parked", why);
  }

  private boolean leave(String status, @Nullable String unreadable) throws SQLException {
    return db.transaction(c ->
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
                    unreadable == null ? null : "unreadable",
                    unreadable,
                    unreadable == null ? 0 : 1,
                    claim.run(),
                    claim.epoch(),
                    unreadable != null)
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

  private static <T> String[] texts(List<T> items, java.util.function.Function<T, String> text) {
    return items.stream().map(text).toArray(String[]::new);
  }
}
