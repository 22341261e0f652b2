package io.bellfounder.graph;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Bringing runs into their queues. */
record Starts(Database db) {
  private static final String READY =
      "SELECT id, tenant, thread FROM ~.run WHERE status = 'queued' AND delayed"
          + " AND available_at <= now() ORDER BY available_at LIMIT ? FOR UPDATE SKIP LOCKED";

  /** A run that is not there yet, without the graph's code. */
  record NewRun(
      String tenant,
      String driver,
      String graph,
      String specHash,
      String input,
      @Nullable String key,
      String requestHash,
      @Nullable String thread,
      ThreadPolicy policy,
      String lane,
      int priority,
      long delayMillis) {}

  Started start(Connection c, NewRun run) throws SQLException {
    if (run.key() != null) {
      Optional<Started> before = before(c, run);
      if (before.isPresent()) {
        return before.get();
      }
    }
    boolean delayed = run.delayMillis() > 0;
    boolean blocked = false;
    if (run.thread() != null && !delayed) {
      Threads threads = new Threads(db);
      threads.lock(c, run.tenant(), run.thread());
      // Who waited for the lock may find that the same start has gone through meanwhile.
      Optional<Started> before = run.key() == null ? Optional.empty() : before(c, run);
      if (before.isPresent()) {
        return before.get();
      }
      switch (run.policy()) {
        case QUEUE -> {}
        case REFUSE -> {
          if (threads.busy(c, run.tenant(), run.thread())) {
            return new Started.Busy();
          }
        }
        case INTERRUPT -> threads.clear(c, run.tenant(), run.thread(), "interrupted");
        case ROLL_BACK -> threads.clear(c, run.tenant(), run.thread(), "rolled_back");
      }
      blocked = threads.busy(c, run.tenant(), run.thread());
    }
    UUID id = UUID.randomUUID();
    int made =
        db.update(
            c,
            """
            WITH known AS (INSERT INTO ~.tenant (id) VALUES (?) ON CONFLICT DO NOTHING)
            INSERT INTO ~.run (id, tenant, thread, driver, graph, spec_hash, start_key, request_hash,
              input, lane, priority, status, blocked, delayed, queue_at, available_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?::json, ?, ?, 'queued', ?, ?,
              now() + ? * interval '1 ms' - ? * interval '1 minute', now() + ? * interval '1 ms')
            ON CONFLICT (tenant, start_key) DO NOTHING\
            """,
            run.tenant(),
            id,
            run.tenant(),
            run.thread(),
            run.driver(),
            run.graph(),
            run.specHash(),
            run.key(),
            run.requestHash(),
            run.input(),
            run.lane(),
            run.priority(),
            blocked,
            delayed,
            run.delayMillis(),
            run.priority(),
            run.delayMillis());
    return made == 1 ? new Started.Created(id) : before(c, run).orElseThrow();
  }

  private Optional<Started> before(Connection c, NewRun run) throws SQLException {
    return db
        .query(
            c,
            r -> {
              UUID id = r.getObject(1, UUID.class);
              return r.getString(2).equals(run.requestHash())
                  ? (Started) new Started.Same(id)
                  : new Started.Conflict(id);
            },
            "SELECT id, request_hash FROM ~.run WHERE tenant = ? AND start_key = ?",
            run.tenant(),
            run.key())
        .stream()
        .findFirst();
  }

  /** The same for one run, if its time has come. */
  void ripen(UUID run) throws SQLException {
    List<Ripe> ripe =
        db.query(
            Starts::ripe,
            "SELECT id, tenant, thread FROM ~.run WHERE id = ? AND status = 'queued' AND delayed"
                + " AND available_at <= now()",
            run);
    for (Ripe each : ripe) {
      joins(each);
    }
  }

  private record Ripe(UUID id, String tenant, @Nullable String thread) {}

  private static Ripe ripe(ResultSet r) throws SQLException {
    return new Ripe(r.getObject(1, UUID.class), r.getString(2), r.getString(3));
  }

  /**
   * Lets delayed runs whose time has come into their queues, or behind others of their thread.
   *
   * @return whether there may be more
   */
  boolean ripen(int most) throws SQLException {
    List<Ripe> ripe =
        db.transaction(c -> {
          List<Ripe> found = db.query(c, Starts::ripe, READY, most);
          String[] free =
              found.stream()
                  .filter(r -> r.thread() == null)
                  .map(r -> r.id().toString())
                  .toArray(String[]::new);
          if (free.length > 0) {
            db.update(
                c,
                "UPDATE ~.run SET delayed = false WHERE id = ANY (CAST(? AS uuid[]))",
                (Object) free);
          }
          return found;
        });
    for (Ripe run : ripe) {
      if (run.thread() != null) {
        joins(run);
      }
    }
    return ripe.size() == most;
  }

  private void joins(Ripe run) throws SQLException {
    boolean _ =
        db.transaction(c -> {
          Threads threads = new Threads(db);
          boolean busy = false;
          if (run.thread() != null) {
            threads.lock(c, run.tenant(), run.thread());
            busy = threads.busy(c, run.tenant(), run.thread());
          }
          return db.update(
                  c,
                  "UPDATE ~.run SET delayed = false, blocked = ?"
                      + " WHERE id = ? AND status = 'queued' AND delayed",
                  busy,
                  run.id())
              == 1;
        });
  }
}
