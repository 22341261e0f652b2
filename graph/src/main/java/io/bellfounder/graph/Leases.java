package io.bellfounder.graph;

import java.lang.System.Logger.Level;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;

/** Leases that are held already: renewed, taken from whoever holds them, or over. */
record Leases(Database db, WorkerOptions options, String driver) {
  private static final System.Logger LOG = System.getLogger(Leases.class.getName());

  /** A claim that is held already, with its lease renewed; empty if it is another's by now. */
  Optional<Held> held(UUID run, long epoch) throws SQLException {
    return db
        .query(
            r -> new Held(Claims.read(r), r.getBoolean(10), r.getBoolean(11)),
            """
            UPDATE ~.run SET lease_until = clock_timestamp() + ? * interval '1 ms', owner = ?
            WHERE id = ? AND epoch = ? AND status = 'running'
            RETURNING id, tenant, epoch, spec_hash, input, checkpoint, seq, takeovers, thread,
              cancel_requested, pause_requested\
            """,
            options.lease().toMillis(),
            options.name(),
            run,
            epoch)
        .stream()
        .findFirst();
  }

  /** A claim, and what was asked of its run meanwhile. */
  record Held(Journal.Claim claim, boolean cancel, boolean pause) {}

  /**
   * Takes a running run from whoever holds it, whether or not its lease is over: for a driver that
   * knows otherwise that the holder is gone. Its place is kept; the old epoch is worth nothing.
   *
   * @return the new epoch; empty if the run does not run, or is dead by this
   */
  Optional<Long> supersede(UUID run) throws SQLException {
    return db
        .query(
            r ->
                r.getString(2).equals("running")
                    ? Optional.of(r.getLong(1))
                    : Optional.<Long>empty(),
            """
            WITH taken AS (
              UPDATE ~.run r SET epoch = r.epoch + 1, seq = r.seq + 1, takeovers = r.takeovers + 1,
                status = CASE WHEN r.takeovers + 1 >= ? THEN 'dead' ELSE 'running' END,
                owner = CASE WHEN r.takeovers + 1 < ? THEN ? END,
                lease_until = CASE WHEN r.takeovers + 1 < ?
                  THEN clock_timestamp() + ? * interval '1 ms' END
              WHERE r.id = ? AND r.status = 'running' AND r.driver = ?
              RETURNING r.id, r.epoch, r.seq, r.status),
            noted AS (
              INSERT INTO ~.event (run, seq, kind, data)
              SELECT id, seq, CASE status WHEN 'dead' THEN 'dead' ELSE 'superseded' END,
                json_build_object('epoch', epoch) FROM taken)
            SELECT epoch, status FROM taken\
            """,
            options.takeoversMax(),
            options.takeoversMax(),
            options.name(),
            options.takeoversMax(),
            options.lease().toMillis(),
            run,
            driver)
        .stream()
        .findFirst()
        .flatMap(epoch -> epoch);
  }

  /** Puts runs with an overdue lease back into the queue; any worker may do it for any other. */
  void sweep() throws SQLException {
    record Swept(String run, String status) {}
    List<Swept> swept =
        db.statement(c ->
            db.query(
                c,
                r -> new Swept(r.getString(1), r.getString(2)),
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
                  RETURNING r.id, r.epoch, r.seq, r.status),
                noted AS (
                  INSERT INTO ~.event (run, seq, kind, data)
                  SELECT id, seq, CASE status WHEN 'dead' THEN 'dead' ELSE 'superseded' END,
                    json_build_object('epoch', epoch) FROM taken)
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
    int _ =
        db.statement(c ->
            db.update(c, "DELETE FROM ~.worker WHERE expected_by < now() - interval '1 hour'"));
    // Pieces of messages whose run has gone on or away without clearing up.
    int _ =
        db.statement(c ->
            db.update(
                c,
                "DELETE FROM ~.token t WHERE t.at < now() - interval '1 minute' AND NOT EXISTS"
                    + " (SELECT 1 FROM ~.run r WHERE r.id = t.run AND r.status = 'running'"
                    + " AND r.seq = t.after AND r.epoch = t.epoch)"));
    int dead = 0;
    for (Swept each : swept) {
      boolean died = each.status().equals("dead");
      dead += died ? 1 : 0;
      LOG.log(
          Level.WARNING,
          "worker="
              + options.name()
              + " run="
              + each.run()
              + " status="
              + each.status()
              + (died
                  ? " its workers were lost too often; it waits for resume or cancel"
                  : " its lease was over; the next worker with room goes on from its last commit"));
    }
    if (!swept.isEmpty()) {
      Herald.hint(
          db, swept.stream().map(each -> UUID.fromString(each.run())).collect(Collectors.toSet()));
      options.metrics().takenOver(swept.size() - dead);
      options.metrics().died(dead);
    }
  }
}
