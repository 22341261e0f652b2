package io.bellfounder.graph;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Taking queued runs under a lease. {@link #claim(int)} is for one thread, the rest for any.
 *
 * <p>Queued runs form queues, one for each graph version, tenant, lane, and whether a run was
 * claimed before. A claim finds the heads of the queues by skipping through an index from one to
 * the next, leaves out those without room, locks the tenants whose turn it is, and counts again,
 * now that nobody else can take their places. The number of queued runs does not matter to any of
 * it; the number of queues does, and is bounded by a window that moves on.
 */
final class Claims {
  static final String POSTGRES = "postgres";
  private static final int WINDOW = 512;

  /** What may be taken of each queue, of which {@code head} has spec, tenant, lane and fresh. */
  private static final String ROOM =
      """
      place AS MATERIALIZED (
        SELECT t.id, t.served_at, n.n AS running, t.running_max - n.n AS free,
          floor(least(t.rate_max, t.tokens + t.rate_max * extract(epoch FROM
            clock_timestamp() - t.tokens_at) * 1000 / t.rate_ms)) AS tokens
        FROM (SELECT DISTINCT tenant FROM head) h JOIN ~.tenant t ON t.id = h.tenant
        CROSS JOIN LATERAL (SELECT count(*) AS n FROM ~.run r
          WHERE r.tenant = t.id AND r.status = 'running') n),
      room AS MATERIALIZED (
        SELECT h.*, p.served_at, p.running, p.free, p.tokens,
          l.running_max - (SELECT count(*) FROM ~.run r WHERE r.tenant = h.tenant
            AND r.lane = h.lane AND r.status = 'running') AS lane_free,
          floor(least(l.rate_max, l.tokens + l.rate_max * extract(epoch FROM
            clock_timestamp() - l.tokens_at) * 1000 / l.rate_ms)) AS lane_tokens
        FROM head h JOIN place p ON p.id = h.tenant AND p.free > 0
        LEFT JOIN ~.lane l ON l.tenant = h.tenant AND l.id = h.lane),
      open AS MATERIALIZED (
        SELECT * FROM room WHERE coalesce(lane_free, 1) > 0
          AND (NOT fresh OR coalesce(tokens, 1) >= 1 AND coalesce(lane_tokens, 1) >= 1))
      """;

  /** The heads of all queues, skipping through the index from one to the next. */
  private static final String HEADS =
      """
      WITH RECURSIVE every AS (
        (SELECT f.* FROM unnest(?::text[]) AS s(hash) CROSS JOIN LATERAL (
          SELECT r.driver, r.spec_hash AS spec, r.tenant, r.lane, r.fresh FROM ~.run r
          WHERE r.status = 'queued' AND NOT r.blocked AND NOT r.delayed AND r.driver = ?
            AND r.spec_hash = s.hash AND {first}
          ORDER BY r.driver, r.spec_hash, r.tenant, r.lane, r.fresh LIMIT 1) f)
        UNION ALL
        SELECT n.* FROM every e CROSS JOIN LATERAL (
          SELECT r.driver, r.spec_hash, r.tenant, r.lane, r.fresh FROM ~.run r
          WHERE r.status = 'queued' AND NOT r.blocked AND NOT r.delayed AND r.driver = e.driver
            AND r.spec_hash = e.spec AND {next}
          ORDER BY r.driver, r.spec_hash, r.tenant, r.lane, r.fresh LIMIT 1) n),
      head AS MATERIALIZED (SELECT spec, tenant, lane, fresh FROM every LIMIT ?)
      """;

  static final String HEADS_AFTER =
      HEADS
          .replace("{first}", "(r.tenant, r.lane) > (?, ?)")
          .replace("{next}", "(r.tenant, r.lane, r.fresh) > (e.tenant, e.lane, e.fresh)");

  private static final String HEADS_OF =
      HEADS
          .replace("{first}", "r.tenant = ?")
          .replace("{next}", "r.tenant = e.tenant AND (r.lane, r.fresh) > (e.lane, e.fresh)");

  private static final String LOCK =
      HEADS_AFTER
          + ", "
          + ROOM
          + """
          , locked AS MATERIALIZED (
            SELECT t.id FROM ~.tenant t JOIN (
              SELECT tenant, min(running) AS running, min(served_at) AS served_at
              FROM open GROUP BY tenant) o ON o.tenant = t.id
            ORDER BY o.running, o.served_at LIMIT ? FOR NO KEY UPDATE OF t SKIP LOCKED),
          reached AS (
            SELECT tenant, lane FROM (SELECT DISTINCT ON (spec) tenant, lane FROM head
              ORDER BY spec, tenant DESC, lane DESC) last ORDER BY tenant, lane LIMIT 1)
          SELECT (SELECT count(*) FROM head), (SELECT count(*) FROM open), reached.tenant,
            reached.lane, o.spec, o.tenant, o.lane, o.fresh
          FROM reached LEFT JOIN (open o JOIN locked ON locked.id = o.tenant) ON true\
          """;

  private static final String DUE =
      ", "
          + ROOM
          + """
          SELECT q.id FROM open o CROSS JOIN LATERAL (
            SELECT r.id, r.queue_at FROM ~.run r
            WHERE r.driver = ? AND r.spec_hash = o.spec AND r.tenant = o.tenant
              AND r.lane = o.lane AND r.fresh = o.fresh AND r.status = 'queued'
              AND NOT r.blocked AND NOT r.delayed
            ORDER BY r.queue_at LIMIT least(?, o.free, o.lane_free)::bigint) q
          ORDER BY q.queue_at LIMIT ?\
          """;

  private static final String TAKE =
      """
      WITH head AS MATERIALIZED (SELECT * FROM
        unnest(?::text[], ?::text[], ?::text[], ?::boolean[]) AS h(spec, tenant, lane, fresh)),
      """
          + ROOM
          + """
          , candidate AS MATERIALIZED (
            SELECT o.*, q.id, q.queue_at FROM open o CROSS JOIN LATERAL (
              SELECT r.id, r.queue_at FROM ~.run r
              WHERE r.driver = ? AND r.spec_hash = o.spec AND r.tenant = o.tenant
                AND r.lane = o.lane AND r.fresh = o.fresh AND r.status = 'queued' AND NOT r.blocked AND NOT r.delayed
              ORDER BY r.queue_at LIMIT least(?, o.free, o.lane_free,
                CASE WHEN o.fresh THEN least(o.tokens, o.lane_tokens) END)::bigint) q),
          ranked AS (
            SELECT c.*, row_number() OVER of_tenant AS nth,
              row_number() OVER of_lane AS lane_nth,
              count(*) FILTER (WHERE fresh) OVER of_tenant AS fresh_nth,
              count(*) FILTER (WHERE fresh) OVER of_lane AS lane_fresh_nth
            FROM candidate c WINDOW of_tenant AS (PARTITION BY tenant ORDER BY queue_at, id),
              of_lane AS (PARTITION BY tenant, lane ORDER BY queue_at, id)),
          chosen AS MATERIALIZED (
            SELECT id, tenant, lane, fresh FROM ranked
            WHERE nth <= free AND lane_nth <= coalesce(lane_free, lane_nth)
              AND (NOT fresh OR fresh_nth <= coalesce(tokens, fresh_nth)
                AND lane_fresh_nth <= coalesce(lane_tokens, lane_fresh_nth))
              AND (CAST(? AS uuid) IS NULL OR id = ?)
            ORDER BY running + nth, served_at, queue_at LIMIT ?),
          mine AS MATERIALIZED (
            SELECT r.id, c.fresh FROM ~.run r JOIN chosen c ON c.id = r.id
            WHERE r.status = 'queued' FOR UPDATE OF r SKIP LOCKED),
          claimed AS (
            UPDATE ~.run r SET status = 'running', owner = ?, epoch = r.epoch + 1, fresh = false,
              lease_until = clock_timestamp() + ? * interval '1 ms'
            FROM mine WHERE r.id = mine.id AND r.status = 'queued'
            RETURNING r.id, r.tenant, r.epoch, r.spec_hash, r.input, r.checkpoint, r.seq,
              r.takeovers, r.thread, r.lane, mine.fresh, r.queue_at),
          turn AS (
            UPDATE ~.tenant t SET served_at = clock_timestamp(),
              tokens = CASE WHEN t.rate_max IS NULL THEN 0 ELSE least(t.rate_max, t.tokens
                + t.rate_max * extract(epoch FROM clock_timestamp() - t.tokens_at) * 1000
                / t.rate_ms) - n.fresh END, tokens_at = clock_timestamp()
            FROM (SELECT tenant, count(*) FILTER (WHERE fresh) AS fresh FROM claimed
              GROUP BY tenant) n WHERE t.id = n.tenant),
          lane_turn AS (
            UPDATE ~.lane l SET tokens = least(l.rate_max, l.tokens
                + l.rate_max * extract(epoch FROM clock_timestamp() - l.tokens_at) * 1000
                / l.rate_ms) - n.fresh, tokens_at = clock_timestamp()
            FROM (SELECT tenant, lane, count(*) FILTER (WHERE fresh) AS fresh FROM claimed
              GROUP BY tenant, lane) n
            WHERE l.tenant = n.tenant AND l.id = n.lane AND l.rate_max IS NOT NULL)
          SELECT id, tenant, epoch, spec_hash, input, checkpoint, seq, takeovers, thread
          FROM claimed ORDER BY queue_at\
          """;

  /** With the commit in the same round trip, as a claim waits for one run's end or many. */
  private static final String TAKE_AND_COMMIT = TAKE + "; COMMIT";

  /**
   * For this transaction: the plans are the same for all values, and making them would cost more
   * than the claim itself; without statistics a scan of everything would look cheap.
   */
  static final String PLAN_ONCE =
      "SELECT "
          + Database.BOUND_IDLE
          + """
          , set_config('plan_cache_mode', 'force_generic_plan', true),
            set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true);
          """;

  private final Database db;
  private final WorkerOptions options;
  private final String[] graphs;
  private final String driver;
  private final FewQueues few;
  private String afterTenant = "";
  private String afterLane = "";

  Claims(Database db, WorkerOptions options, Collection<String> graphs, String driver) {
    this.db = db;
    this.options = options;
    this.graphs = graphs.toArray(String[]::new);
    this.driver = driver;
    this.few = new FewQueues(db, options, this.graphs, driver);
  }

  /**
   * How a claim ended.
   *
   * @param runs each with a fresh epoch, in the order of their queue
   * @param again whether there was more that other workers are just claiming, or that was not
   *     looked at yet
   */
  record Outcome(List<Journal.Claim> runs, boolean again) {}

  private record Head(String spec, String tenant, String lane, boolean fresh) {
    static Head read(ResultSet r, int first) throws SQLException {
      return new Head(
          r.getString(first),
          r.getString(first + 1),
          r.getString(first + 2),
          r.getBoolean(first + 3));
    }
  }

  private record Found(
      long seen, long open, String reachedTenant, String reachedLane, @Nullable Head head) {
    static Found read(ResultSet r) throws SQLException {
      Head head = r.getString(5) == null ? null : Head.read(r, 5);
      return new Found(r.getLong(1), r.getLong(2), r.getString(3), r.getString(4), head);
    }
  }

  /** The same, by way of queues that were there a moment ago if there are few. */
  Outcome claimSoon(int most) throws SQLException {
    List<Journal.Claim> runs = few.claim(most);
    return runs.isEmpty() ? claim(most) : new Outcome(runs, true);
  }

  /** The next runs in turn, at most so many. */
  Outcome claim(int most) throws SQLException {
    return db.begun(c -> {
      List<Found> found =
          db.queryOf(
              c,
              1,
              Found::read,
              PLAN_ONCE + LOCK,
              graphs,
              driver,
              afterTenant,
              afterLane,
              WINDOW,
              most);
      boolean started = !afterTenant.isEmpty();
      boolean more = !found.isEmpty() && found.getFirst().seen() == WINDOW;
      afterTenant = more ? found.getFirst().reachedTenant() : "";
      afterLane = more ? found.getFirst().reachedLane() : "";
      List<Head> heads = new ArrayList<>();
      for (Found each : found) {
        if (each.head() != null) {
          heads.add(each.head());
        }
      }
      if (heads.isEmpty()) {
        boolean others = !found.isEmpty() && found.getFirst().open() > 0;
        return new Outcome(List.of(), others || more || started);
      }
      return new Outcome(take(c, heads, null, most), true);
    });
  }

  /** One run, if it is its turn and there is room; no other run is claimed instead. */
  Optional<Journal.Claim> claim(UUID run) throws SQLException {
    return db.transaction(c -> {
      List<String> tenant =
          db.query(
              c,
              r -> r.getString(1),
              "SELECT id FROM ~.tenant WHERE id = (SELECT tenant FROM ~.run WHERE id = ?)"
                  + " FOR NO KEY UPDATE",
              run);
      if (tenant.isEmpty()) {
        return Optional.empty();
      }
      List<Head> heads =
          db.query(
              c,
              r -> Head.read(r, 1),
              HEADS_OF + "SELECT * FROM head",
              graphs,
              driver,
              tenant.getFirst(),
              WINDOW);
      return take(c, heads, run, WINDOW).stream().findFirst();
    });
  }

  private List<Journal.Claim> take(Connection c, List<Head> heads, @Nullable UUID only, int most)
      throws SQLException {
    if (heads.isEmpty()) {
      return List.of();
    }
    // Enough of each to fill the batch though some have less; all of it would be far too much.
    int each = only == null ? Math.min(most, Math.ceilDiv(2 * most, heads.size())) : most;
    return db.queryOf(
        c,
        0,
        Claims::read,
        TAKE_AND_COMMIT,
        heads.stream().map(Head::spec).toArray(String[]::new),
        heads.stream().map(Head::tenant).toArray(String[]::new),
        heads.stream().map(Head::lane).toArray(String[]::new),
        heads.stream().map(Head::fresh).toArray(Boolean[]::new),
        driver,
        each,
        only,
        only,
        most,
        options.name(),
        options.lease().toMillis());
  }

  /**
   * Queued runs that would find room if they asked for it.
   *
   * @param like only of this run's tenant; null for all
   */
  List<UUID> due(@Nullable UUID like, int most) throws SQLException {
    int limit = Math.clamp(most, 1, 1000);
    if (like == null) {
      return db.query(
          r -> r.getObject(1, UUID.class),
          HEADS_AFTER + DUE,
          graphs,
          driver,
          "",
          "",
          WINDOW,
          driver,
          limit,
          limit);
    }
    return db.query(
        r -> r.getObject(1, UUID.class),
        HEADS_OF.replace("r.tenant = ?", "r.tenant = (SELECT tenant FROM ~.run WHERE id = ?)")
            + DUE,
        graphs,
        driver,
        like,
        WINDOW,
        driver,
        limit,
        limit);
  }

  static Journal.Claim read(ResultSet r) throws SQLException {
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
}
