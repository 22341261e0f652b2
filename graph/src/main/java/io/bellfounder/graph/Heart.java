package io.bellfounder.graph;

import java.lang.System.Logger.Level;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Renews the leases of all runs held here, and passes on requests to cancel and pause them. It has
 * a platform thread and a connection of its own: neither a busy node nor a used-up pool may cost a
 * run its lease.
 */
final class Heart implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Heart.class.getName());
  private final Database db;
  private final WorkerOptions options;
  private final Collection<String> graphs;
  private final Map<UUID, StepCarrier> running;
  private final UUID worker = UUID.randomUUID();
  private final Thread thread;
  private volatile boolean alive = true;

  /**
   * Starts at once.
   *
   * @param graphs hashes of those it knows
   * @param running a concurrent map, read at each beat
   */
  Heart(
      Database db,
      WorkerOptions options,
      Collection<String> graphs,
      Map<UUID, StepCarrier> running) {
    this.db = db;
    this.options = options;
    this.graphs = List.copyOf(graphs);
    this.running = running;
    this.thread =
        Thread.ofPlatform().daemon().name("graph-beat-" + options.name()).unstarted(this::beats);
    thread.start();
  }

  /** Beats now instead of at the next time. */
  void now() {
    LockSupport.unpark(thread);
  }

  @Override
  public void close() throws InterruptedException {
    alive = false;
    LockSupport.unpark(thread);
    thread.join(2000);
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
        options.metrics().heartbeatMissed();
        LOG.log(
            Level.WARNING,
            "worker="
                + options.name()
                + " missed a heartbeat; it tries again, and gives its runs up before their leases"
                + " end",
            e);
        quietly(connection);
        connection = null;
      }
      // Not knowing is the same as having lost: stop before another may begin.
      if (System.nanoTime() - sure > options.lease().minus(options.heartbeat()).toNanos()) {
        running.values().forEach(StepCarrier::lose);
      }
      LockSupport.parkNanos(options.heartbeat().toNanos());
    }
    left(connection);
    quietly(connection);
  }

  private void beat(Connection connection) throws SQLException {
    Map<UUID, StepCarrier> held = Map.copyOf(running);
    seen(connection, held.size());
    if (held.isEmpty()) {
      return;
    }
    List<StepCarrier> loops = List.copyOf(held.values());
    Map<UUID, Long> kept = new HashMap<>();
    // A row that is locked is just being written by its step's commit, which renews the lease too;
    // to wait for it could be a deadlock, and would hold up all others.
    db.query(
        connection,
        r -> {
          UUID id = r.getObject(1, UUID.class);
          StepCarrier loop = held.get(id);
          if (loop != null) {
            loop.pause(r.getBoolean(4));
          }
          if (loop != null && r.getBoolean(3)) {
            loop.cancel();
          }
          return kept.put(id, r.getLong(2));
        },
        """
        WITH mine AS MATERIALIZED (
          SELECT h.id::uuid AS id, h.epoch FROM unnest(?::text[], ?::bigint[]) AS h(id, epoch)),
        free AS MATERIALIZED (
          SELECT r.id FROM ~.run r JOIN mine m ON r.id = m.id AND r.epoch = m.epoch
          WHERE r.status = 'running' FOR NO KEY UPDATE OF r SKIP LOCKED),
        renewed AS (
          UPDATE ~.run r SET lease_until = clock_timestamp() + ? * interval '1 ms'
          FROM free WHERE r.id = free.id AND r.status = 'running')
        SELECT r.id, r.epoch, r.cancel_requested, r.pause_requested
        FROM ~.run r JOIN mine m ON r.id = m.id AND r.epoch = m.epoch WHERE r.status = 'running'\
        """,
        loops.stream().map(l -> l.claim().run().toString()).toArray(String[]::new),
        loops.stream().map(l -> l.claim().epoch()).toArray(Long[]::new),
        options.lease().toMillis());
    held.forEach((id, loop) -> {
      if (kept.containsKey(id)) {
        loop.beaten();
      } else if (running.get(id) == loop) {
        // Another has it, or it came to rest a moment ago; writes are fenced in either case.
        options.metrics().lost(1);
        loop.lose();
      }
    });
  }

  private void seen(Connection connection, int held) throws SQLException {
    int _ =
        db.update(
            connection,
            """
            INSERT INTO ~.worker (id, name, spec_hashes, running, running_max, expected_by)
            VALUES (?, ?, ?, ?, ?, clock_timestamp() + ? * interval '1 ms')
            ON CONFLICT (id) DO UPDATE
              SET running = excluded.running, expected_by = excluded.expected_by\
            """,
            worker,
            options.name(),
            graphs.toArray(String[]::new),
            held,
            options.runsMax(),
            options.lease().toMillis());
  }

  /** Leaves the list of workers; a killed one is left out of it when it is overdue. */
  private void left(@Nullable Connection connection) {
    try {
      if (connection != null) {
        db.update(connection, "DELETE FROM ~.worker WHERE id = ?", worker);
      }
    } catch (SQLException e) {
      LOG.log(Level.DEBUG, "worker=" + options.name() + " leaves without notice", e);
    }
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
