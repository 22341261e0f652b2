package io.bellfounder.graph;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Commits steps of many runs together. While one transaction is under way, whoever comes meanwhile
 * waits, and the next transaction carries them all; nobody waits for more to come. A step is in one
 * transaction as ever, only not alone in it, and fenced by its own run's epoch: a lost run leaves
 * the others untouched.
 *
 * <p>Safe for many threads. What waits is bounded by the runs that the process carries.
 */
final class Commits {
  /** Steps in one transaction; more would only make the first of them wait for the last. */
  private static final int TOGETHER_MAX = 64;

  private static final Set<String> ENDED = Set.of("completed", "failed", "cancelled");

  private static final String STAYS =
      """
      UPDATE ~.run SET checkpoint = ?, step = ?, seq = ?, takeovers = 0,
        lease_until = greatest(lease_until, clock_timestamp() + ? * interval '1 ms'),
        error_code = NULL, error_message = NULL
      WHERE id = ? AND epoch = ? AND checkpoint = ? AND lease_until IS NOT NULL RETURNING id\
      """;

  private static final String LEAVES =
      """
      UPDATE ~.run SET checkpoint = ?, step = ?, seq = ?, takeovers = 0, lease_until = NULL,
        owner = NULL, status = ?, ended_at = CASE WHEN ? THEN now() END,
        error_code = ?, error_message = ?
      WHERE id = ? AND epoch = ? AND checkpoint = ? AND lease_until IS NOT NULL RETURNING id\
      """;

  /** Nothing is written for a run that the update did not find as it was to be. */
  private static final String FENCE =
      " FROM ~.run r WHERE r.id = ? AND r.epoch = ? AND r.checkpoint = ? AND r.seq = ?";

  private static final String POINT =
      "; INSERT INTO ~.checkpoint (run, n, step, format, control, snapshot, results)"
          + " SELECT r.id, ?, ?, ?, ?::json, ?::json, ?::json"
          + FENCE;

  private static final String WRITE =
      "; INSERT INTO ~.channel_delta (run, n, ordinal, format, frame, channel, whole, value)"
          + " SELECT r.id, ?, ?, ?, ?, ?, ?, ?::json"
          + FENCE;

  private static final String EVENT =
      "; INSERT INTO ~.event (run, seq, kind, format, data) SELECT r.id, ?, ?, ?, ?::json" + FENCE;

  /** For this transaction: without statistics a scan of everything would look cheap. */
  private static final String BY_INDEX = "SELECT set_config('enable_seqscan', 'off', true); ";

  private static final String STEPS =
      """
      WITH step AS MATERIALIZED (
        SELECT * FROM unnest(?::text[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[],
            ?::bigint[], ?::text[], ?::text[], ?::text[], ?::text[], ?::text[], ?::text[])
          WITH ORDINALITY AS s(run, epoch, before, n, step, seq, status, error_code, error_message,
            control, snapshot, results, i)),
      fence AS (
        UPDATE ~.run r SET checkpoint = s.n, step = s.step, seq = s.seq, status = s.status,
          takeovers = 0, lease_until = CASE WHEN s.status = 'running'
            THEN greatest(r.lease_until, clock_timestamp() + ? * interval '1 ms') END,
          owner = CASE WHEN s.status = 'running' THEN r.owner END,
          ended_at = CASE WHEN s.status IN ('completed', 'failed', 'cancelled') THEN now() END,
          error_code = s.error_code, error_message = s.error_message
        FROM step s WHERE r.id = s.run::uuid AND r.epoch = s.epoch AND r.checkpoint = s.before
          AND r.lease_until IS NOT NULL
        RETURNING r.id, s.i),
      point AS (
        INSERT INTO ~.checkpoint (run, n, step, format, control, snapshot, results)
        SELECT fence.id, s.n, s.step, ?, s.control::json, s.snapshot::json, s.results::json
        FROM fence JOIN step s ON s.i = fence.i WHERE s.control IS NOT NULL),
      deltas AS (
        INSERT INTO ~.channel_delta (run, n, ordinal, format, frame, channel, whole, value)
        SELECT fence.id, w.n, w.o, ?, w.f, w.c, w.w, w.v::json
        FROM fence JOIN unnest(?::bigint[], ?::bigint[], ?::bigint[], ?::text[], ?::text[],
          ?::boolean[], ?::text[]) AS w(i, n, o, f, c, w, v) ON w.i = fence.i),
      events AS (
        INSERT INTO ~.event (run, seq, kind, format, data)
        SELECT fence.id, e.seq, e.k, ?, e.d::json
        FROM fence JOIN unnest(?::bigint[], ?::bigint[], ?::text[], ?::text[]) AS e(i, seq, k, d)
          ON e.i = fence.i)\
      """;

  /** Most steps ask nothing, and are spared the cost of an empty insert. */
  private static final String ASKS =
      """
      , asks AS (
        INSERT INTO ~.interrupt (id, run, key, n, node, payload, status)
        SELECT a.id::uuid, fence.id, a.k, a.n, a.node, a.p::json, 'pending'
        FROM fence JOIN unnest(?::bigint[], ?::bigint[], ?::text[], ?::text[], ?::text[], ?::text[])
          AS a(i, n, id, k, node, p) ON a.i = fence.i)\
      """;

  private static final String WRITTEN = " SELECT id FROM fence";

  /** In the same round trip. */
  private static final String COMMIT = "; COMMIT";

  /** So many rows of a table are written one by one; the forms of the statement are few then. */
  private static final int SINGLE_ROWS_MAX = 2;

  /**
   * What one step writes.
   *
   * @param before the checkpoint that the run has
   * @param n the one that it is to have; the same if the state stays as it is
   * @param seq its last event's number by then
   * @param point null if the state stays as it is
   */
  record Step(
      UUID run,
      long epoch,
      long before,
      long n,
      long step,
      long seq,
      String status,
      @Nullable String errorCode,
      @Nullable String errorMessage,
      @Nullable Point point,
      List<Write> writes,
      List<Event> events,
      List<Question> asks) {}

  /** The state, all of it JSON; with a snapshot only now and then, with results if need be. */
  record Point(String control, @Nullable String snapshot, @Nullable String results) {}

  /** A change of a channel, with its value as JSON. */
  record Write(String frame, String channel, boolean whole, String value) {}

  /** An event, with its data as JSON. */
  record Event(String kind, String data) {}

  /** A question, with its payload as JSON. */
  record Question(String id, String key, String node, String payload) {}

  private static final class Waiting {
    private final Step step;
    private final Thread thread = Thread.currentThread();
    private volatile boolean done;
    private boolean written;
    private @Nullable Exception failure;

    Waiting(Step step) {
      this.step = step;
    }
  }

  private final Database db;
  private final Duration lease;
  private final ReentrantLock lock = new ReentrantLock();
  private final Queue<Waiting> queue = new ArrayDeque<>();
  private boolean writing;

  /** A platform thread, which waits for the socket itself; it is there while there is work. */
  private final ThreadPoolExecutor writer =
      new ThreadPoolExecutor(
          0,
          1,
          1,
          TimeUnit.SECONDS,
          new LinkedBlockingQueue<>(),
          Thread.ofPlatform().daemon().name("graph-commit").factory());

  /**
   * @param lease from each commit on
   */
  Commits(Database db, Duration lease) {
    this.db = db;
    this.lease = lease;
  }

  /** Commits a step with others; false if the run is another's by now. */
  boolean commit(Step step) throws SQLException {
    Waiting mine = new Waiting(step);
    boolean first;
    lock.lock();
    try {
      queue.add(mine);
      first = !writing;
      writing = true;
    } finally {
      lock.unlock();
    }
    if (first) {
      writer.execute(this::drain);
    }
    boolean interrupted = false;
    while (!mine.done) {
      LockSupport.park(this);
      interrupted |= Thread.interrupted();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    if (mine.failure instanceof SQLException e) {
      throw new SQLException(e.getMessage(), e.getSQLState(), e);
    }
    if (mine.failure != null) {
      throw new SQLException(mine.failure);
    }
    return mine.written;
  }

  private void drain() {
    for (List<Waiting> batch = next(); !batch.isEmpty(); batch = next()) {
      write(batch);
    }
  }

  private List<Waiting> next() {
    lock.lock();
    try {
      List<Waiting> batch = new ArrayList<>();
      while (batch.size() < TOGETHER_MAX && !queue.isEmpty()) {
        batch.add(queue.remove());
      }
      writing = !batch.isEmpty();
      return batch;
    } finally {
      lock.unlock();
    }
  }

  private void write(List<Waiting> batch) {
    try {
      together(batch);
    } catch (SQLException | RuntimeException e) {
      // What one step got wrong is not to fail the others. But only what the database refused is
      // certain not to stand; after any other error a second try might write what stands already.
      for (Waiting each : batch) {
        if (batch.size() == 1 || !refused(e)) {
          each.failure = e;
        } else {
          alone(each);
        }
      }
    } finally {
      for (Waiting each : batch) {
        each.done = true;
        LockSupport.unpark(each.thread);
      }
    }
  }

  private static boolean refused(Exception e) {
    return !(e instanceof SQLException sql)
        || sql.getSQLState() != null && sql.getSQLState().matches("(22|23|40|42|54).*");
  }

  private void alone(Waiting one) {
    try {
      together(List.of(one));
    } catch (SQLException | RuntimeException e) {
      one.failure = e;
    }
  }

  private void together(List<Waiting> batch) throws SQLException {
    List<Step> steps = batch.stream().map(w -> w.step).toList();
    Set<UUID> written = db.begun(c -> write(c, steps, COMMIT));
    for (Waiting each : batch) {
      each.written = written.contains(each.step.run());
    }
  }

  /** Writes a step within a transaction; false if its run is no longer held. */
  boolean write(Connection c, Step step) throws SQLException {
    return !write(c, List.of(step), "").isEmpty();
  }

  /** Writes steps of different runs in one round trip; returns the runs that are still held. */
  private Set<UUID> write(Connection c, List<Step> steps, String end) throws SQLException {
    Step first = steps.getFirst();
    boolean simple =
        steps.size() == 1
            && first.writes().size() <= SINGLE_ROWS_MAX
            && first.events().size() <= SINGLE_ROWS_MAX
            && first.asks().isEmpty();
    return simple ? one(c, first, end) : all(c, steps, end);
  }

  /** By the plainest statements there are; their plans are made once for a connection. */
  private Set<UUID> one(Connection c, Step step, String end) throws SQLException {
    boolean stays = step.status().equals("running");
    StringBuilder sql = new StringBuilder(stays ? STAYS : LEAVES);
    List<@Nullable Object> values = new ArrayList<>(List.of(step.n(), step.step(), step.seq()));
    if (stays) {
      values.add(lease.toMillis());
    } else {
      values.add(step.status());
      values.add(ENDED.contains(step.status()));
      values.add(Database.nullable(step.errorCode()));
      values.add(Database.nullable(step.errorMessage()));
    }
    values.addAll(List.of(step.run(), step.epoch(), step.before()));
    List<Object> fence = List.of(step.run(), step.epoch(), step.n(), step.seq());
    Point point = step.point();
    if (point != null) {
      sql.append(POINT);
      values.addAll(List.of(step.n(), step.step(), Large.FORMAT, point.control()));
      values.add(Database.nullable(point.snapshot()));
      values.add(Database.nullable(point.results()));
      values.addAll(fence);
    }
    long ordinal = 0;
    for (Write write : step.writes()) {
      sql.append(WRITE);
      values.addAll(List.of(step.n(), ++ordinal, Large.FORMAT, write.frame(), write.channel()));
      values.addAll(List.of(write.whole(), write.value()));
      values.addAll(fence);
    }
    long seq = step.seq() - step.events().size();
    for (Event event : step.events()) {
      sql.append(EVENT);
      values.addAll(List.of(++seq, event.kind(), Large.FORMAT, event.data()));
      values.addAll(fence);
    }
    return run(c, 0, sql.append(end).toString(), values);
  }

  private Set<UUID> all(Connection c, List<Step> steps, String end) throws SQLException {
    Rows<Write> writes = new Rows<>(steps, Step::writes);
    Rows<Event> events = new Rows<>(steps, Step::events);
    Rows<Question> asks = new Rows<>(steps, Step::asks);
    List<@Nullable Object> values =
        new ArrayList<>(
            Arrays.asList(
                texts(steps, s -> s.run().toString()),
                numbers(steps, Step::epoch),
                numbers(steps, Step::before),
                numbers(steps, Step::n),
                numbers(steps, Step::step),
                numbers(steps, Step::seq),
                texts(steps, Step::status),
                texts(steps, Step::errorCode),
                texts(steps, Step::errorMessage),
                points(steps, Point::control),
                points(steps, Point::snapshot),
                points(steps, Point::results),
                lease.toMillis(),
                Large.FORMAT,
                Large.FORMAT,
                writes.steps(),
                writes.numbers((s, _) -> s.n()),
                writes.numbers((_, o) -> o),
                writes.texts(Write::frame),
                writes.texts(Write::channel),
                writes.flags(Write::whole),
                writes.texts(Write::value),
                Large.FORMAT,
                events.steps(),
                events.numbers((s, o) -> s.seq() - s.events().size() + o),
                events.texts(Event::kind),
                events.texts(Event::data)));
    if (asks.any()) {
      values.addAll(
          Arrays.asList(
              asks.steps(),
              asks.numbers((s, _) -> s.n()),
              asks.texts(Question::id),
              asks.texts(Question::key),
              asks.texts(Question::node),
              asks.texts(Question::payload)));
    }
    String sql = BY_INDEX + STEPS + (asks.any() ? ASKS : "") + WRITTEN + end;
    return run(c, 1, sql, values);
  }

  private Set<UUID> run(Connection c, int which, String sql, List<@Nullable Object> values)
      throws SQLException {
    return new HashSet<>(
        db.queryOf(c, which, r -> r.getObject(1, UUID.class), sql, values.toArray()));
  }

  private static @Nullable String[] points(
      List<Step> steps, Function<Point, @Nullable String> text) {
    return texts(steps, s -> s.point() == null ? null : text.apply(s.point()));
  }

  private static <T> @Nullable String[] texts(
      Collection<T> items, Function<T, @Nullable String> text) {
    return items.stream().map(text).toArray(String[]::new);
  }

  private static <T> Long[] numbers(Collection<T> items, Function<T, Long> number) {
    return items.stream().map(number).toArray(Long[]::new);
  }

  /** Rows of a second table, each with its step's number, which counts from 1. */
  private static final class Rows<T> {
    private interface Number {
      long of(Step step, long ordinal);
    }

    private final List<Step> steps;
    private final Function<Step, List<T>> of;
    private final List<T> all = new ArrayList<>();

    Rows(List<Step> steps, Function<Step, List<T>> of) {
      this.steps = steps;
      this.of = of;
      steps.forEach(step -> all.addAll(of.apply(step)));
    }

    boolean any() {
      return !all.isEmpty();
    }

    Long[] steps() {
      List<Long> result = new ArrayList<>(all.size());
      for (int i = 0; i < steps.size(); i++) {
        long number = i + 1L;
        of.apply(steps.get(i)).forEach(_ -> result.add(number));
      }
      return result.toArray(Long[]::new);
    }

    Long[] numbers(Number number) {
      List<Long> result = new ArrayList<>(all.size());
      for (Step step : steps) {
        for (long ordinal = 1; ordinal <= of.apply(step).size(); ordinal++) {
          result.add(number.of(step, ordinal));
        }
      }
      return result.toArray(Long[]::new);
    }

    @Nullable String[] texts(Function<T, @Nullable String> text) {
      return Commits.texts(all, text);
    }

    Boolean[] flags(Function<T, Boolean> flag) {
      return all.stream().map(flag).toArray(Boolean[]::new);
    }
  }
}
