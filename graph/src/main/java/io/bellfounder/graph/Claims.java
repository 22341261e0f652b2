package io.bellfounder.graph;

import java.lang.System.Logger.Level;
import java.sql.SQLException;
import java.util.Collection;
import java.util.List;
import java.util.UUID;

/** Taking queued runs under a lease, and taking them back when the lease is over. */
record Claims(Database db, WorkerOptions options, Collection<String> graphs) {
  private static final System.Logger LOG = System.getLogger(Claims.class.getName());

  /** The next runs in turn, at most so many; each has a fresh epoch. */
  List<Journal.Claim> claim(int most) throws SQLException {
    String[] hashes = graphs.toArray(String[]::new);
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
  void sweep() throws SQLException {
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
}
