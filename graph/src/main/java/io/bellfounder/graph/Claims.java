package io.bellfounder.graph;

import java.lang.System.Logger.Level;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Taking queued runs under a lease, and taking them back when the lease is over. */
record Claims(Database db, WorkerOptions options, Collection<String> graphs, String driver) {
  static final String POSTGRES = "postgres";

  private static final System.Logger LOG = System.getLogger(Claims.class.getName());

  // Tenants' rows are locked first, so that their counts are the latest; then the candidates,
  // and their status is checked again by the update, whose snapshot may be older than the locks.
  private static final String CLAIM =
      """
      WITH room AS MATERIALIZED (
        SELECT t.id, t.running_max - t.running AS free FROM ~.tenant t
        WHERE t.running < t.running_max AND EXISTS (
          SELECT 1 FROM ~.run q WHERE q.tenant = t.id AND q.status = 'queued' AND q.driver = ?
            AND NOT q.blocked AND q.available_at <= now() AND q.spec_hash = ANY (?))
        {tenants}),
      candidate AS MATERIALIZED (
        SELECT q.id FROM room CROSS JOIN LATERAL (
          SELECT r.id, r.queue_at FROM ~.run r
          WHERE r.tenant = room.id AND r.status = 'queued' AND r.driver = ? AND NOT r.blocked
            AND r.available_at <= now() AND r.spec_hash = ANY (?)
          ORDER BY r.queue_at LIMIT {places} FOR UPDATE SKIP LOCKED) q
        {runs}),
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
      """;
  private static final String NEXT =
      CLAIM
          .replace("{tenants}", "ORDER BY random() LIMIT 64 FOR UPDATE SKIP LOCKED")
          .replace("{places}", "least(room.free, ?)")
          .replace("{runs}", "ORDER BY q.queue_at LIMIT ?");
  private static final String THIS =
      CLAIM
          .replace("{tenants}", "AND t.id = (SELECT tenant FROM ~.run WHERE id = ?) FOR UPDATE")
          .replace("{places}", "room.free")
          .replace("{runs}", "WHERE q.id = ?");

  /** The next runs in turn, at most so many; each has a fresh epoch. */
  List<Journal.Claim> claim(int most) throws SQLException {
    String[] hashes = hashes();
    return claim(NEXT, driver, hashes, driver, hashes, most, most, options.name(), lease());
  }

  /** One run, if it is its turn and its tenant has room; no other run is claimed instead. */
  Optional<Journal.Claim> claim(UUID run) throws SQLException {
    String[] hashes = hashes();
    return claim(THIS, driver, hashes, run, driver, hashes, run, options.name(), lease()).stream()
        .findFirst();
  }

  private List<Journal.Claim> claim(String sql, Object... values) throws SQLException {
    return db.transaction(c -> db.query(c, Claims::read, sql, values));
  }

  /** A claim that is held already, with its lease renewed; empty if it is another's by now. */
  Optional<Held> held(UUID run, long epoch) throws SQLException {
    return db
        .query(
            r -> new Held(read(r), r.getBoolean(10), r.getBoolean(11)),
            """
            UPDATE ~.run SET lease_until = clock_timestamp() + ? * interval '1 ms', owner = ?
            WHERE id = ? AND epoch = ? AND status = 'running'
            RETURNING id, tenant, epoch, spec_hash, input, checkpoint, seq, takeovers, thread,
              cancel_requested, pause_requested\
            """,
            lease(),
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
              RETURNING r.id, r.tenant, r.epoch, r.seq, r.status),
            noted AS (
              INSERT INTO ~.event (run, seq, kind, data)
              SELECT id, seq, CASE status WHEN 'dead' THEN 'dead' ELSE 'superseded' END,
                json_build_object('epoch', epoch) FROM taken),
            counted AS (
              UPDATE ~.tenant t SET running = t.running - 1
              WHERE t.id IN (SELECT tenant FROM taken WHERE status = 'dead'))
            SELECT epoch, status FROM taken\
            """,
            options.takeoversMax(),
            options.takeoversMax(),
            options.name(),
            options.takeoversMax(),
            lease(),
            run,
            driver)
        .stream()
        .findFirst()
        .flatMap(epoch -> epoch);
  }

  /**
   * Queued runs, longest first, of which each tenant has room for at least one.
   *
   * @param like only of this run's tenant; null for all
   */
  List<UUID> due(@Nullable UUID like, int most) throws SQLException {
    return db.query(
        r -> r.getObject(1, UUID.class),
        """
        SELECT q.id FROM ~.tenant t CROSS JOIN LATERAL (
          SELECT r.id, r.queue_at FROM ~.run r
          WHERE r.tenant = t.id AND r.status = 'queued' AND r.driver = ? AND NOT r.blocked
            AND r.available_at <= now()
          ORDER BY r.queue_at LIMIT t.running_max - t.running) q
        WHERE t.running < t.running_max
          AND (?::uuid IS NULL OR t.id = (SELECT tenant FROM ~.run WHERE id = ?))
        ORDER BY q.queue_at LIMIT ?\
        """,
        driver,
        like,
        like,
        Math.clamp(most, 1, 1000));
  }

  private String[] hashes() {
    return graphs.toArray(String[]::new);
  }

  private long lease() {
    return options.lease().toMillis();
  }

  private static Journal.Claim read(ResultSet r) throws SQLException {
    return new Journal.Claim(
        r.getObject(1, UUID.class),
        r.getString(2),
        r.getLong(3),
        r.getString(4),
        r.getString(5),
        r.getLong(6),
        r.getLong(7),
        r.getInt(8),
        r.getString(9));
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
