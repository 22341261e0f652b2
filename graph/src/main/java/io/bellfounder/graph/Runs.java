package io.bellfounder.graph;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import javax.sql.DataSource;

/**
 * Starts runs and looks at them, from any process. Safe for many threads. Every method is one short
 * transaction; it throws if the database is away and has then done nothing, or, if the commit's
 * answer was lost, is safe to repeat.
 */
public final class Runs {
  private final Database db;
  private final String driver;
  private final Nudges nudges;

  /** Runs started here are carried by {@link Worker}. */
  public Runs(DataSource database, String schema) {
    this(database, schema, Claims.POSTGRES);
  }

  /**
   * Runs started here are carried by another driver than {@link Worker}; see {@link RunCarrier}.
   *
   * @param driver the driver's name
   */
  public Runs(DataSource database, String schema, String driver) {
    this.db = new Database(database, schema);
    this.driver = driver;
    this.nudges = new Nudges(db);
  }

  /** Starts a run, once if the request has a key. */
  public Started start(RunRequest request) throws SQLException {
    Starts.NewRun run = request.row(driver);
    Starts starts = new Starts(db);
    return run.key() == null && run.thread() == null
        ? db.statement(c -> starts.start(c, run))
        : db.transaction(c -> starts.start(c, run));
  }

  /** As part of the caller's own transaction. */
  public Started start(Connection c, RunRequest request) throws SQLException {
    return new Starts(db).start(c, request.row(driver));
  }

  /** A run's row as it is now; empty if there is none. */
  public Optional<RunView> find(UUID run) throws SQLException {
    return db
        .query(
            r ->
                new RunView(
                    run,
                    r.getString(1),
                    r.getString(2),
                    r.getLong(3),
                    r.getLong(4),
                    r.getInt(5),
                    r.getString(6),
                    r.getString(7)),
            "SELECT tenant, status, step, seq, priority, error_code, error_message"
                + " FROM ~.run WHERE id = ?",
            run)
        .stream()
        .findFirst();
  }

  /**
   * Waits until a run rests: until it has ended, or waits for answers, or for somebody to resume
   * it. It asks every 20 ms, so it is for tests, scripts and a first program, not for thousands.
   *
   * @return the run as it rests, or as it is at the limit
   * @throws IllegalArgumentException if there is no such run
   */
  public RunView await(UUID run, Duration limit) throws SQLException, InterruptedException {
    long deadline = System.nanoTime() + limit.toNanos();
    while (true) {
      RunView view =
          find(run).orElseThrow(() -> new IllegalArgumentException("there is no run " + run));
      if (view.resting() || System.nanoTime() - deadline >= 0) {
        return view;
      }
      Thread.sleep(20);
    }
  }

  /**
   * The outermost graph's channels at the last commit.
   *
   * @param graph the version to read it as; values of an older one are brought to it
   * @throws Unreadable if they cannot be read
   */
  public StateView state(UUID run, Graph graph) throws SQLException {
    return db.snapshot(c ->
        new StateView(Journal.values(db, c, run, graph).orElseGet(() -> Kernel.initial(graph))));
  }

  /**
   * Events after a number, oldest first, at most {@code limit} (1 to 1000). Numbers have no gaps; a
   * run's first ones are missing once its {@link Retention retention} has pruned them.
   */
  public List<Event> events(UUID run, long after, int limit) throws SQLException {
    record Row(long seq, String kind, int data) {}
    return db.transaction(c -> {
      Blobs.Reader reader = new Blobs(db).reader(c, run);
      List<Row> rows =
          db.query(
              c,
              r -> new Row(r.getLong(1), r.getString(2), reader.add(r.getInt(4), r.getString(3))),
              "SELECT seq, kind, data, format FROM ~.event WHERE run = ? AND seq > ?"
                  + " ORDER BY seq LIMIT ?",
              run,
              after,
              Math.clamp(limit, 1, 1000));
      reader.fetch();
      return rows.stream().map(r -> new Event(r.seq(), r.kind(), reader.get(r.data()))).toList();
    });
  }

  /** The questions that a run waits for, in the order asked. */
  public List<Question> questions(UUID run) throws SQLException {
    return db.query(
        r -> new Question(r.getObject(1, UUID.class), r.getString(2), Json.read(r.getString(3))),
        "SELECT id, node, payload FROM ~.interrupt WHERE run = ? AND status = 'pending'"
            + " ORDER BY n, key",
        run);
  }

  /** The run that asked a question, open or not. */
  public Optional<UUID> asker(UUID question) throws SQLException {
    return db
        .query(
            r -> r.getObject(1, UUID.class), "SELECT run FROM ~.interrupt WHERE id = ?", question)
        .stream()
        .findFirst();
  }

  /** Answers one question; the run goes on when none is left open. */
  public Answered answer(UUID question, Object answer) throws SQLException {
    String json = Json.write(Json.tree(answer));
    Given given = db.transaction(c -> answer(c, question, json));
    if (given.how() == Answered.ACCEPTED) {
      nudges.changed(given.run());
    }
    return given.how();
  }

  private record Given(UUID run, Answered how) {}

  private Given answer(Connection c, UUID question, String json) throws SQLException {
    List<UUID> run =
        db.query(
            c,
            r -> r.getObject(1, UUID.class),
            "SELECT run FROM ~.interrupt WHERE id = ?",
            question);
    if (run.isEmpty()) {
      return new Given(question, Answered.UNKNOWN);
    }
    UUID id = run.getFirst();
    db.query(c, r -> 1, "SELECT 1 FROM ~.run WHERE id = ? FOR UPDATE", id);
    int accepted =
        db.update(
            c,
            "UPDATE ~.interrupt SET status = 'answered', answer = ?::json"
                + " WHERE id = ? AND status = 'pending'",
            json,
            question);
    if (accepted == 0) {
      // Compared as trees: who repeats an answer may have its fields in another order.
      boolean same =
          db.query(
                  c,
                  r -> r.getString(1) != null && Json.read(r.getString(1)).equals(Json.read(json)),
                  "SELECT answer::text FROM ~.interrupt WHERE id = ?",
                  question)
              .getFirst();
      return new Given(id, same ? Answered.REPEATED : Answered.CONFLICT);
    }
    event(c, id, "answered", Json.write(java.util.Map.of("question", question.toString())));
    db.update(
        c,
        """
        UPDATE ~.run SET status = CASE WHEN pause_requested THEN 'paused' ELSE 'queued' END,
          pause_requested = false, queue_at = now() - priority * interval '1 minute'
        WHERE id = ? AND status = 'waiting' AND NOT EXISTS (
          SELECT 1 FROM ~.interrupt i WHERE i.run = ~.run.id AND i.status = 'pending')\
        """,
        id);
    return new Given(id, Answered.ACCEPTED);
  }

  /** Asks for the end of a run; one that runs notices within a heartbeat. */
  public boolean cancel(UUID run) throws SQLException {
    boolean asked =
        db.transaction(c -> {
          Threads threads = new Threads(db);
          threads.lockOf(c, run);
          return threads.cancel(c, run, "asked");
        });
    if (asked) {
      nudges.changed(run);
    }
    return asked;
  }

  /**
   * Stops a run before its next step, until {@link #resume}; one that waits for answers stays
   * waiting, and then pauses.
   *
   * @return false if there is nothing to pause
   */
  public boolean pause(UUID run) throws SQLException {
    boolean asked =
        db.transaction(c ->
            db.update(
                    c,
                    """
                    UPDATE ~.run SET
                      status = CASE status WHEN 'queued' THEN 'paused' ELSE status END,
                      pause_requested = status <> 'queued'
                    WHERE id = ? AND status IN ('queued', 'running', 'waiting')\
                    """,
                    run)
                == 1);
    if (asked) {
      nudges.changed(run);
    }
    return asked;
  }

  /**
   * Goes on with a run that is paused, dead, parked or failed, from its last commit; takes back a
   * pause that has not come yet.
   *
   * @return false if there is nothing to resume
   */
  public boolean resume(UUID run) throws SQLException {
    boolean resumed = db.transaction(c -> resume(c, run));
    if (resumed) {
      nudges.changed(run);
    }
    return resumed;
  }

  private boolean resume(Connection c, UUID run) throws SQLException {
    // A failed run of a thread has let the next one in, and cannot come back between.
    int resumed =
        db.update(
            c,
            """
            UPDATE ~.run SET status = 'queued', pause_requested = false, takeovers = 0,
              ended_at = NULL, prune_at = '-infinity', error_code = NULL, error_message = NULL,
              queue_at = now() - priority * interval '1 minute'
            WHERE id = ? AND (status IN ('paused', 'dead', 'parked')
              OR status = 'failed' AND thread IS NULL)\
            """,
            run);
    if (resumed == 1) {
      event(c, run, "resumed", "{}");
      return true;
    }
    return db.update(
            c,
            "UPDATE ~.run SET pause_requested = false"
                + " WHERE id = ? AND status IN ('running', 'waiting') AND pause_requested",
            run)
        == 1;
  }

  /** Ages, backlogs and sizes, for gauges; see {@link Figures}. */
  public Figures figures() throws SQLException {
    return Figures.of(db);
  }

  /** Says in one sentence why a run does not run, or that it does. */
  public String explain(UUID run) throws SQLException {
    return Explanation.of(db, run);
  }

  private void event(Connection c, UUID run, String kind, String data) throws SQLException {
    db.update(
        c,
        """
        WITH counted AS (UPDATE ~.run SET seq = seq + 1 WHERE id = ? RETURNING id, seq)
        INSERT INTO ~.event (run, seq, kind, data) SELECT id, seq, ?, ?::json FROM counted\
        """,
        run,
        kind,
        data);
  }
}
