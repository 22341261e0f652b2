package io.bellfounder.graph;

import java.sql.SQLException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What the tables say about all runs at one moment, for gauges. Reads every row of the queue and of
 * what is at work: to be asked every few seconds at most.
 *
 * @param runs how many there are of each status, except ended ones
 * @param claimable queued, and neither delayed nor behind another of their thread
 * @param oldestClaimable how long the oldest of these has been waiting; zero if there is none. The
 *     figure to alert on: it grows when workers are too few, or gone
 * @param overdue running with a lease that is over: not zero for longer than lease and sweep means
 *     that nobody sweeps
 * @param workers that have renewed their leases in time
 * @param places how many more runs these would take
 * @param schedulesLate how long the most overdue schedule has been due
 * @param bytes on disk by table, with indexes
 */
public record Figures(
    Map<String, Long> runs,
    long claimable,
    Duration oldestClaimable,
    long overdue,
    long workers,
    long places,
    Duration schedulesLate,
    Map<String, Long> bytes) {

  static Figures of(Database db) throws SQLException {
    return db.transaction(c -> {
      Map<String, Long> runs = new LinkedHashMap<>();
      db.query(
          c,
          r -> runs.put(r.getString(1), r.getLong(2)),
          "SELECT status, count(*) FROM ~.run WHERE ended_at IS NULL GROUP BY status ORDER BY 1");
      Map<String, Long> bytes = new LinkedHashMap<>();
      db.query(
          c,
          r -> bytes.put(r.getString(1), r.getLong(2)),
          """
          SELECT c.relname, pg_total_relation_size(c.oid) FROM pg_class c
          WHERE c.relnamespace = ?::regnamespace AND c.relkind = 'r' ORDER BY 1\
          """,
          db.schema());
      return db.query(
              c,
              r ->
                  new Figures(
                      runs,
                      r.getLong(1),
                      seconds(r.getDouble(2)),
                      r.getLong(3),
                      r.getLong(4),
                      r.getLong(5),
                      seconds(r.getDouble(6)),
                      bytes),
              """
              SELECT q.n, q.oldest,
                (SELECT count(*) FROM ~.run WHERE status = 'running'
                  AND lease_until < clock_timestamp()),
                w.n, w.places,
                (SELECT coalesce(greatest(extract(epoch FROM clock_timestamp() - min(next_at)), 0),
                  0)::float8 FROM ~.schedule WHERE NOT paused)
              FROM (SELECT count(*) AS n, coalesce(extract(epoch FROM clock_timestamp()
                  - min(queue_at + priority * interval '1 minute')), 0)::float8 AS oldest
                FROM ~.run WHERE status = 'queued' AND NOT blocked AND NOT delayed) q,
                (SELECT count(*) AS n, coalesce(sum(greatest(running_max - running, 0)), 0) AS places
                FROM ~.worker WHERE expected_by > clock_timestamp()) w\
              """)
          .getFirst();
    });
  }

  private static Duration seconds(double seconds) {
    return Duration.ofNanos((long) (Math.max(0, seconds) * 1e9));
  }
}
