package io.bellfounder.graph;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What one claimed run writes. Every write is fenced by the claim's epoch: after a take-over it
 * changes nothing and says so.
 */
final class Journal {
  private static final int SNAPSHOT_EVERY = 50;
  private final Database db;
  private final Claim claim;
  private long checkpoint;
  private long seq;

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
  static Optional<State> load(Database db, Connection c, UUID run, Graph graph)
      throws SQLException {
    record Last(long n, String control) {}
    List<Last> last =
        db.query(
            c,
            r -> new Last(r.getLong(1), r.getString(2)),
            "SELECT n, control FROM ~.checkpoint WHERE run = ? ORDER BY n DESC LIMIT 1",
            run);
    if (last.isEmpty()) {
      return Optional.empty();
    }
    long upTo = last.getFirst().n();
    Map<String, Map<String, Object>> snapshot = new HashMap<>();
    long from =
        db.query(
                c,
                r -> {
                  Json.object(Json.read(r.getString(2)))
                      .forEach((frame, values) -> snapshot.put(frame, Json.object(values)));
                  return r.getLong(1);
                },
                "SELECT n, snapshot FROM ~.checkpoint WHERE run = ? AND n <= ?"
                    + " AND snapshot IS NOT NULL ORDER BY n DESC LIMIT 1",
                run,
                upTo)
            .getFirst();
    List<Decision.Write> deltas =
        db.query(
            c,
            r ->
                new Decision.Write(
                    r.getString(1), r.getString(2), Json.read(r.getString(3)), r.getBoolean(4)),
            "SELECT frame, channel, value, whole FROM ~.channel_delta"
                + " WHERE run = ? AND n > ? AND n <= ? ORDER BY n, ordinal",
            run,
            from,
            upTo);
    Object control = Json.read(last.getFirst().control());
    Map<String, Map<String, Object>> values = new HashMap<>();
    State shape = State.read(control, Map.of());
    fold(graph, "", shape.root(), Kernel.initial(graph), snapshot, deltas, values);
    return Optional.of(State.read(control, values));
  }

  private static void fold(
      Graph graph,
      String path,
      Frame frame,
      Map<String, Object> initial,
      Map<String, Map<String, Object>> snapshot,
      List<Decision.Write> deltas,
      Map<String, Map<String, Object>> into) {
    Map<String, Object> values = new LinkedHashMap<>(initial);
    values.putAll(snapshot.getOrDefault(path, Map.of()));
    for (Decision.Write write : deltas) {
      if (write.frame().equals(path)) {
        Channel<?> channel = graph.channel(write.channel());
        Object before = values.getOrDefault(channel.name(), channel.initial());
        values.put(
            channel.name(),
            write.whole() ? write.update() : channel.reducer().reduce(before, write.update()));
      }
    }
    into.put(path, values);
    for (Task task : frame.tasks()) {
      Frame child = frame.children().get(task.path());
      Graph.Inner inner = graph.part(task.node()).inner();
      if (child != null && inner != null) {
        // A parent's values stand still while its subgraph runs, so they still give its inputs.
        Map<String, Object> inputs = Kernel.inputs(inner, values);
        fold(inner.graph(), task.path(), child, inputs, snapshot, deltas, into);
      }
    }
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
    return last.isEmpty()
        ? Map.of()
        : load(db, c, last.getFirst(), graph).map(State::values).orElse(Map.of());
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
    Map<String, Map<String, Optional<Object>>> all = new HashMap<>();
    db.query(
        c,
        r -> {
          String result = r.getString(3);
          return all.computeIfAbsent(r.getString(1), _ -> new HashMap<>())
              .put(r.getString(2), Optional.ofNullable(result).map(Json::read));
        },
        "SELECT path, effect, result FROM ~.task WHERE run = ?",
        claim.run());
    return all;
  }

  /** Keeps a finished sibling's result, an effect's intent (no result) or its result. */
  boolean record(String path, String effect, @Nullable Object result) throws SQLException {
    return db.transaction(c ->
        db.update(
                c,
                """
                INSERT INTO ~.task (run, path, effect, epoch, status, result)
                SELECT id, ?, ?, epoch, ?, ?::json FROM ~.run
                WHERE id = ? AND epoch = ? AND status = 'running' FOR SHARE
                ON CONFLICT (run, path, effect) DO UPDATE
                  SET status = excluded.status, result = excluded.result, epoch = excluded.epoch
                  WHERE task.status = 'intent'\
                """,
                path,
                effect,
                result == null ? "intent" : "done",
                result == null ? null : Json.write(result),
                claim.run(),
                claim.epoch())
            == 1);
  }

  /** Commits a decision in one statement; false if the run is another's by now. */
  boolean commit(Connection c, Decision decision, String status, List<Entry> entries)
      throws SQLException {
    State state = decision.state();
    boolean failed = state.status() instanceof Status.Failed;
    long n = checkpoint + 1;
    List<Entry> events = new ArrayList<>(entries);
    events.add(new Entry(status.equals("running") ? "step" : status, Map.of("step", state.step())));
    List<Decision.Write> writes = decision.writes();
    List<Ask> asks = state.status() instanceof Status.Waiting ? state.open() : List.of();
    Status.Failed error = failed ? (Status.Failed) state.status() : null;
    String sql =
        """
        WITH fence AS (
          UPDATE ~.run SET checkpoint = ?, step = ?, seq = ?, status = ?, takeovers = 0,
            lease_until = CASE WHEN ? THEN lease_until END, owner = CASE WHEN ? THEN owner END,
            ended_at = CASE WHEN ? THEN now() END, error_code = ?, error_message = ?
          WHERE id = ? AND epoch = ? AND checkpoint = ? AND status = 'running' RETURNING id),
        point AS (INSERT INTO ~.checkpoint (run, n, step, control, snapshot)
          SELECT id, ?, ?, ?::json, ?::json FROM fence WHERE ?),
        deltas AS (INSERT INTO ~.channel_delta (run, n, ordinal, frame, channel, whole, value)
          SELECT fence.id, ?, w.o, w.f, w.c, w.w = 'true', w.v::json FROM fence,
            unnest(?::text[], ?::text[], ?::text[], ?::text[]) WITH ORDINALITY AS w(f, c, w, v, o)),
        events AS (INSERT INTO ~.event (run, seq, kind, data)
          SELECT fence.id, ? + e.o, e.k, e.d::json FROM fence,
            unnest(?::text[], ?::text[]) WITH ORDINALITY AS e(k, d, o)),
        asks AS (INSERT INTO ~.interrupt (id, run, key, n, node, payload, status)
          SELECT gen_random_uuid(), fence.id, a.k, ?, a.n, a.p::json, 'pending' FROM fence,
            unnest(?::text[], ?::text[], ?::text[]) AS a(k, n, p)),
        place AS (UPDATE ~.tenant SET running = running - 1
          WHERE id = ? AND ? AND EXISTS (SELECT 1 FROM fence))
        SELECT count(*) FROM fence\
        """;
    boolean stays = status.equals("running");
    boolean ended = List.of("completed", "failed", "cancelled").contains(status);
    // A failed decision leaves the state as it was, so that the run can go on from there.
    boolean point = !failed && !status.equals("cancelled");
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
                Json.write(state.control()),
                n == 1 || n % SNAPSHOT_EVERY == 0 ? snapshot(state) : null,
                point,
                n,
                texts(writes, Decision.Write::frame),
                texts(writes, Decision.Write::channel),
                texts(writes, w -> String.valueOf(w.whole())),
                texts(writes, w -> Json.write(w.update())),
                seq,
                texts(events, Entry::kind),
                texts(events, e -> Json.write(e.data())),
                n,
                texts(asks, Ask::key),
                texts(asks, Ask::node),
                texts(asks, a -> Json.write(a.payload())),
                claim.tenant(),
                !stays)
            .getFirst();
    if (count == 1 && ended) {
      releaseThread(db, c, claim.run());
    }
    return count == 1;
  }

  /** After the transaction of {@link #commit} is through. */
  void committed(Decision decision, int entries) {
    if (!(decision.state().status() instanceof Status.Failed)) {
      checkpoint++;
    }
    seq += entries + 1;
  }

  /** Hands the run back, for another worker to go on at once. */
  boolean handBack(String status) throws SQLException {
    return db.transaction(c ->
        db.query(
                    c,
                    r -> r.getLong(1),
                    """
                    WITH fence AS (UPDATE ~.run SET status = ?, owner = NULL, lease_until = NULL
                      WHERE id = ? AND epoch = ? AND status = 'running' RETURNING tenant),
                    place AS (UPDATE ~.tenant SET running = running - 1
                      WHERE id IN (SELECT tenant FROM fence))
                    SELECT count(*) FROM fence\
                    """,
                    status,
                    claim.run(),
                    claim.epoch())
                .getFirst()
            == 1);
  }

  /** Takes the run out of the way because it cannot be read or carried on. */
  boolean park(String why) throws SQLException {
    boolean parked = handBack("parked");
    if (parked) {
      db.transaction(c ->
          db.update(
              c,
              "UPDATE ~.run SET error_code = 'unreadable', error_message = ?"
                  + " WHERE id = ? AND status = 'parked'",
              why,
              claim.run()));
    }
    return parked;
  }

  /** Lets the next run of an ended run's thread go. */
  static void releaseThread(Database db, Connection c, UUID run) throws SQLException {
    db.query(
        c,
        r -> 1,
        """
        SELECT 1 FROM ~.thread t JOIN ~.run r ON r.tenant = t.tenant AND r.thread = t.id
        WHERE r.id = ? FOR UPDATE OF t\
        """,
        run);
    db.update(
        c,
        """
        UPDATE ~.thread t SET last_run = r.id FROM ~.run r
        WHERE r.id = ? AND r.tenant = t.tenant AND r.thread = t.id AND r.status = 'completed'\
        """,
        run);
    db.update(
        c,
        """
        UPDATE ~.run SET blocked = false WHERE id = (
          SELECT n.id FROM ~.run n JOIN ~.run r ON n.tenant = r.tenant AND n.thread = r.thread
          WHERE r.id = ? AND n.ended_at IS NULL AND n.blocked ORDER BY n.created_at, n.id LIMIT 1)
        AND NOT EXISTS (
          SELECT 1 FROM ~.run a JOIN ~.run r ON a.tenant = r.tenant AND a.thread = r.thread
          WHERE r.id = ? AND a.ended_at IS NULL AND NOT a.blocked)\
        """,
        run,
        run);
  }

  private static String snapshot(State state) {
    Map<String, Map<String, Object>> values = new LinkedHashMap<>();
    state.root().collectValues("", values);
    return Json.write(values);
  }

  private static <T> String[] texts(List<T> items, java.util.function.Function<T, String> text) {
    return items.stream().map(text).toArray(String[]::new);
  }
}
