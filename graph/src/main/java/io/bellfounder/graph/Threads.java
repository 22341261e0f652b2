package io.bellfounder.graph;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.UUID;

/**
 * Threads, whose runs follow each other. Whatever changes which of a thread's runs is the active
 * one locks the thread's row first, and runs' rows after it.
 */
record Threads(Database db) {

  void lock(Connection c, String tenant, String thread) throws SQLException {
    db.update(
        c,
        "INSERT INTO ~.thread (tenant, id) VALUES (?, ?)"
            + " ON CONFLICT (tenant, id) DO UPDATE SET last_run = thread.last_run",
        tenant,
        thread);
  }

  /** The same for the thread of a run, if it has one. */
  void lockOf(Connection c, UUID run) throws SQLException {
    List<Integer> _ =
        db.query(
            c,
            r -> 1,
            """
            SELECT 1 FROM ~.thread t JOIN ~.run r ON r.tenant = t.tenant AND r.thread = t.id
            WHERE r.id = ? FOR UPDATE OF t\
            """,
            run);
  }

  /** Whether a new run has to wait. */
  boolean busy(Connection c, String tenant, String thread) throws SQLException {
    return !db.query(
            c,
            r -> 1,
            "SELECT 1 FROM ~.run WHERE tenant = ? AND thread = ? AND ended_at IS NULL"
                + " AND NOT delayed LIMIT 1",
            tenant,
            thread)
        .isEmpty();
  }

  /** Ends what is not at work, and asks what is to end. */
  void clear(Connection c, String tenant, String thread, String as) throws SQLException {
    List<UUID> active =
        db.query(
            c,
            r -> r.getObject(1, UUID.class),
            """
            SELECT id FROM ~.run WHERE tenant = ? AND thread = ? AND ended_at IS NULL
              AND NOT delayed ORDER BY blocked DESC, id FOR UPDATE\
            """,
            tenant,
            thread);
    for (UUID run : active) {
      boolean _ = cancel(c, run, as);
    }
  }

  /**
   * Ends a run that is not at work, or asks its worker to; under the thread's lock.
   *
   * @return false if it has ended
   */
  boolean cancel(Connection c, UUID run, String as) throws SQLException {
    int ended =
        db.update(
            c,
            """
            UPDATE ~.run SET status = 'cancelled', ended_at = now(), epoch = epoch + 1,
              blocked = false, delayed = false, cancel_as = coalesce(cancel_as, ?)
            WHERE id = ? AND status IN ('queued', 'waiting', 'paused', 'dead', 'parked')\
            """,
            as,
            run);
    if (ended == 0) {
      return db.update(
              c,
              "UPDATE ~.run SET cancel_requested = true, cancel_as = ?"
                  + " WHERE id = ? AND status = 'running'",
              as,
              run)
          == 1;
    }
    db.update(
        c, "UPDATE ~.interrupt SET status = 'void' WHERE run = ? AND status = 'pending'", run);
    db.update(
        c,
        """
        WITH counted AS (UPDATE ~.run SET seq = seq + 1 WHERE id = ? RETURNING id, seq, cancel_as)
        INSERT INTO ~.event (run, seq, kind, data)
        SELECT id, seq, 'cancelled', json_build_object('as', cancel_as) FROM counted\
        """,
        run);
    release(c, run);
    return true;
  }

  /** After a run's end, under the thread's lock: keeps its state, lets the next one go. */
  void release(Connection c, UUID run) throws SQLException {
    db.update(
        c,
        """
        UPDATE ~.thread t SET last_run = r.id FROM ~.run r
        WHERE r.id = ? AND r.tenant = t.tenant AND r.thread = t.id AND r.checkpoint > 0
          AND r.status IN ('completed', 'cancelled')
          AND r.cancel_as IS DISTINCT FROM 'rolled_back'\
        """,
        run);
    db.update(
        c,
        """
        UPDATE ~.run SET blocked = false WHERE id = (
          SELECT n.id FROM ~.run n JOIN ~.run r ON n.tenant = r.tenant AND n.thread = r.thread
          WHERE r.id = ? AND n.ended_at IS NULL AND n.blocked
          ORDER BY n.available_at, n.id LIMIT 1)
        AND NOT EXISTS (
          SELECT 1 FROM ~.run a JOIN ~.run r ON a.tenant = r.tenant AND a.thread = r.thread
          WHERE r.id = ? AND a.ended_at IS NULL AND NOT a.blocked AND NOT a.delayed)\
        """,
        run,
        run);
  }
}
