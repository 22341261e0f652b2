package io.bellfounder.graph;

import java.lang.System.Logger.Level;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.stream.Collectors;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Carries runs: claims them under a lease, runs their nodes on virtual threads, takes over what
 * dead workers left. Any number of workers, in any number of processes, share one schema.
 */
public final class Worker implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Worker.class.getName());
  private final Database db;
  private final WorkerOptions options;
  private final Map<String, Graph> graphs;
  private final Map<UUID, RunLoop> running = new ConcurrentHashMap<>();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final Thread claiming;
  private final Thread beating;
  private volatile boolean claims = true;
  private volatile boolean alive = true;

  private Worker(Database db, WorkerOptions options, Map<String, Graph> graphs) {
    this.db = db;
    this.options = options;
    this.graphs = graphs;
    // Neither shares a thread with nodes: a busy node must not cost the run its lease.
    claiming =
        Thread.ofPlatform().daemon().name("graph-claim-" + options.name()).unstarted(this::claims);
    beating =
        Thread.ofPlatform().daemon().name("graph-beat-" + options.name()).unstarted(this::beats);
  }

  /**
   * Starts at once.
   *
   * @param graphs all versions that this worker can carry; runs of others are left to others
   */
  public static Worker start(
      DataSource database, String schema, WorkerOptions options, Collection<Graph> graphs) {
    Map<String, Graph> known =
        graphs.stream().collect(Collectors.toMap(Graph::hash, Function.identity(), (a, _) -> a));
    Worker worker = new Worker(new Database(database, schema), options, known);
    worker.claiming.start();
    worker.beating.start();
    return worker;
  }

  /** How many runs it holds now. */
  public int running() {
    return running.size();
  }

  /**
   * Claims no more, lets running steps end within the limit, and hands all runs back. What is still
   * at work then is stopped, and runs again elsewhere.
   */
  public void drain(Duration limit) {
    claims = false;
    LockSupport.unpark(claiming);
    running.values().forEach(RunLoop::drain);
    long deadline = System.nanoTime() + limit.toNanos();
    while (!running.isEmpty() && System.nanoTime() < deadline) {
      LockSupport.parkNanos(2_000_000);
    }
    running.values().forEach(RunLoop::stop);
    close();
  }

  /** Ends at once; runs are handed back where the database can be reached. */
  @Override
  public void close() {
    claims = false;
    running.values().forEach(RunLoop::stop);
    threads.shutdown();
    try {
      if (!threads.awaitTermination(5, TimeUnit.SECONDS)) {
        threads.shutdownNow();
      }
      alive = false;
      LockSupport.unpark(beating);
      LockSupport.unpark(claiming);
      claiming.join(2000);
      beating.join(2000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    alive = false;
  }

  private void claims() {
    long sweepAt = System.nanoTime();
    while (claims) {
      boolean found = false;
      try {
        if (System.nanoTime() - sweepAt >= 0) {
          sweep();
          sweepAt = System.nanoTime() + options.sweep().toNanos();
        }
        int room = options.runsMax() - running.size();
        List<Journal.Claim> mine = room > 0 ? claim(Math.min(room, 32)) : List.of();
        mine.forEach(this::carry);
        found = !mine.isEmpty();
      } catch (SQLException | RuntimeException e) {
        LOG.log(Level.WARNING, "worker " + options.name() + " cannot claim; it tries again", e);
        LockSupport.parkNanos(Duration.ofMillis(500).toNanos());
      }
      if (!found && claims) {
        LockSupport.parkNanos(options.poll().toNanos());
      }
    }
  }

  private void carry(Journal.Claim claim) {
    Graph graph = graphs.get(claim.specHash());
    if (graph == null) {
      throw new IllegalStateException("claimed a graph that is not known");
    }
    RunLoop loop = new RunLoop(db, claim, graph, threads);
    running.put(claim.run(), loop);
    Runnable work =
        () -> {
          try {
            loop.run();
          } finally {
            running.remove(claim.run(), loop);
            LockSupport.unpark(claiming);
          }
        };
    if (!claims) {
      loop.drain();
    }
    threads.execute(work);
  }

  private List<Journal.Claim> claim(int most) throws SQLException {
    String[] hashes = graphs.keySet().toArray(String[]::new);
    // Tenants' rows are locked first, so that their counts are the latest; then the candidates,
    // and their status is checked again by the update, whose snapshot may be older than the locks.
    return db.transaction(c ->
        db.query(
            c,
            r ->
                new Journal.Claim(
                    r.getObject(1, UUID.class),
                    r.getString(2),
                    r.getLong(3),
                    r.getString(4),
                    r.getString(5),
                    r.getLong(6),
                    r.getLong(7),
                    r.getInt(8),
                    r.getString(9)),
            """
            WITH room AS MATERIALIZED (
              SELECT t.id, t.running_max - t.running AS free FROM ~.tenant t
              WHERE t.running < t.running_max AND EXISTS (
                SELECT 1 FROM ~.run q WHERE q.tenant = t.id AND q.status = 'queued'
                  AND NOT q.blocked AND q.available_at <= now() AND q.spec_hash = ANY (?))
              ORDER BY random() LIMIT 64 FOR UPDATE SKIP LOCKED),
            candidate AS MATERIALIZED (
              SELECT q.id FROM room CROSS JOIN LATERAL (
                SELECT r.id, r.queue_at FROM ~.run r
                WHERE r.tenant = room.id AND r.status = 'queued' AND NOT r.blocked
                  AND r.available_at <= now() AND r.spec_hash = ANY (?)
                ORDER BY r.queue_at LIMIT least(room.free, ?) FOR UPDATE SKIP LOCKED) q
              ORDER BY q.queue_at LIMIT ?),
            claimed AS (
              UPDATE ~.run r SET status = 'running', owner = ?, epoch = r.epoch + 1,
                lease_until = clock_timestamp() + ? * interval '1 ms'
              FROM candidate WHERE r.id = candidate.id AND r.status = 'queued'
              RETURNING r.id, r.tenant, r.epoch, r.spec_hash, r.input, r.checkpoint, r.seq,
                r.takeovers, r.thread),
            counted AS (
              UPDATE ~.tenant t SET running = t.running + n.n
              FROM (SELECT tenant, count(*) AS n FROM claimed GROUP BY tenant) n
              WHERE t.id = n.tenant)
            SELECT * FROM claimed\
            """,
            hashes,
            hashes,
            most,
            most,
            options.name(),
            options.lease().toMillis()));
  }

  /** Puts runs with an overdue lease back into the queue; any worker may do it for any other. */
  private void sweep() throws SQLException {
    List<String> swept =
        db.transaction(c ->
            db.query(
                c,
                r -> r.getString(1) + " is " + r.getString(2),
                """
                WITH overdue AS MATERIALIZED (
                  SELECT id FROM ~.run WHERE status = 'running'
                    AND lease_until < clock_timestamp() LIMIT 100 FOR UPDATE SKIP LOCKED),
                taken AS (
                  UPDATE ~.run r SET owner = NULL, lease_until = NULL, epoch = r.epoch + 1,
                    seq = r.seq + 1, takeovers = r.takeovers + 1,
                    status = CASE WHEN r.takeovers + 1 >= ? THEN 'dead' ELSE 'queued' END
                  FROM overdue WHERE r.id = overdue.id AND r.status = 'running'
                    AND r.lease_until < clock_timestamp()
                  RETURNING r.id, r.tenant, r.epoch, r.seq, r.status),
                noted AS (
                  INSERT INTO ~.event (run, seq, kind, data)
                  SELECT id, seq, CASE status WHEN 'dead' THEN 'dead' ELSE 'superseded' END,
                    json_build_object('epoch', epoch) FROM taken),
                counted AS (
                  UPDATE ~.tenant t SET running = t.running - n.n
                  FROM (SELECT tenant, count(*) AS n FROM taken GROUP BY tenant) n
                  WHERE t.id = n.tenant)
                SELECT id, status FROM taken\
                """,
                options.takeoversMax()));
    // A run can come to rest between the request to cancel it and the heartbeat that sees it.
    Runs runs = new Runs(db.source(), db.schema());
    for (UUID run :
        db.query(
            r -> r.getObject(1, UUID.class),
            "SELECT id FROM ~.run WHERE cancel_requested AND ended_at IS NULL"
                + " AND status <> 'running' LIMIT 100")) {
      runs.cancel(run);
    }
    swept.forEach(run ->
        LOG.log(
            Level.WARNING,
            "lease over: run "
                + run
                + "; a queued one goes on with any worker, a dead one waits for resume"));
  }

  private void beats() {
    @Nullable Connection connection = null;
    long sure = System.nanoTime();
    while (alive) {
      long begun = System.nanoTime();
      try {
        if (connection == null) {
          connection = db.source().getConnection();
        }
        beat(connection);
        sure = begun;
      } catch (SQLException | RuntimeException e) {
        LOG.log(
            Level.WARNING, "worker " + options.name() + " missed a heartbeat; it tries again", e);
        quietly(connection);
        connection = null;
      }
      // Not knowing is the same as having lost: stop before another may begin.
      if (System.nanoTime() - sure > options.lease().minus(options.heartbeat()).toNanos()) {
        running.values().forEach(RunLoop::lose);
      }
      LockSupport.parkNanos(options.heartbeat().toNanos());
    }
    quietly(connection);
  }

  private void beat(Connection connection) throws SQLException {
    Map<UUID, RunLoop> held = Map.copyOf(running);
    if (held.isEmpty()) {
      return;
    }
    List<RunLoop> loops = List.copyOf(held.values());
    Map<UUID, Long> kept = new java.util.HashMap<>();
    db.query(
        connection,
        r -> {
          UUID id = r.getObject(1, UUID.class);
          RunLoop loop = held.get(id);
          if (loop != null && r.getBoolean(3)) {
            loop.cancel();
          } else if (loop != null && r.getBoolean(4)) {
            loop.pause();
          }
          return kept.put(id, r.getLong(2));
        },
        """
        UPDATE ~.run r SET lease_until = clock_timestamp() + ? * interval '1 ms'
        FROM unnest(?::text[], ?::bigint[]) AS h(id, epoch)
        WHERE r.id = h.id::uuid AND r.epoch = h.epoch AND r.status = 'running'
        RETURNING r.id, r.epoch, r.cancel_requested, r.pause_requested\
        """,
        options.lease().toMillis(),
        loops.stream().map(l -> l.claim().run().toString()).toArray(String[]::new),
        loops.stream().map(l -> l.claim().epoch()).toArray(Long[]::new));
    held.forEach((id, loop) -> {
      if (!kept.containsKey(id)) {
        loop.lose();
      }
    });
  }

  private static void quietly(@Nullable Connection connection) {
    try {
      if (connection != null) {
        connection.close();
      }
    } catch (SQLException e) {
      LOG.log(Level.DEBUG, "a broken connection could not be closed, which changes nothing", e);
    }
  }
}
