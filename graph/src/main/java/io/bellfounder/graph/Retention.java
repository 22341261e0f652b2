package io.bellfounder.graph;

import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * What is kept, for how long, and how much there is. Workers prune once a minute; where none runs,
 * call {@link #prune} now and then. Pruning goes on in short transactions, each for one run and for
 * at most some ten thousand rows, beside whatever else is going on.
 *
 * <p>Safe for many threads.
 */
public final class Retention {
  private static final int RESET_PAGE = 1000;

  private final Database db;

  /** Of one schema. */
  public Retention(DataSource database, String schema) {
    this.db = new Database(database, schema);
  }

  /**
   * Sets what holds for runs of a tenant, of a graph, or of both; of several policies that fit, the
   * one that names the tenant goes before the one that names only the graph. It holds for runs that
   * have ended too, which are all looked at again: that takes time in proportion to their number.
   *
   * @param tenant empty for all
   * @param graph a graph's name; empty for all
   */
  public void set(String tenant, String graph, RetentionPolicy policy) throws SQLException {
    db.transaction(c ->
        db.update(
            c,
            """
            INSERT INTO ~.retention
              (tenant, graph, history_for, checkpoints_max, events_for, runs_for)
            VALUES (?, ?, ?::bigint * interval '1 ms', ?, ?::bigint * interval '1 ms',
              ?::bigint * interval '1 ms')
            ON CONFLICT (tenant, graph) DO UPDATE SET history_for = excluded.history_for,
              checkpoints_max = excluded.checkpoints_max, events_for = excluded.events_for,
              runs_for = excluded.runs_for\
            """,
            tenant,
            graph,
            millis(policy.historyFor()),
            policy.checkpointsMax(),
            millis(policy.eventsFor()),
            millis(policy.runsFor())));
    lookAgain(tenant, graph);
  }

  /** Takes back what was {@link #set}; what is more general holds again, or the default. */
  public void clear(String tenant, String graph) throws SQLException {
    db.transaction(
        c -> db.update(c, "DELETE FROM ~.retention WHERE tenant = ? AND graph = ?", tenant, graph));
    lookAgain(tenant, graph);
  }

  /** What was {@link #set} for exactly these. */
  public Optional<RetentionPolicy> policy(String tenant, String graph) throws SQLException {
    return db
        .query(
            r ->
                new RetentionPolicy(
                    time(r.getObject(1, Long.class)),
                    r.getInt(2),
                    time(r.getObject(3, Long.class)),
                    time(r.getObject(4, Long.class))),
            """
            SELECT (extract(epoch FROM history_for) * 1000)::bigint, checkpoints_max,
              (extract(epoch FROM events_for) * 1000)::bigint,
              (extract(epoch FROM runs_for) * 1000)::bigint
            FROM ~.retention WHERE tenant = ? AND graph = ?\
            """,
            tenant,
            graph)
        .stream()
        .findFirst();
  }

  private static @Nullable Long millis(@Nullable Duration time) {
    return time == null ? null : time.toMillis();
  }

  private static @Nullable Duration time(@Nullable Long millis) {
    return millis == null ? null : Duration.ofMillis(millis);
  }

  private void lookAgain(String tenant, String graph) throws SQLException {
    Optional<UUID> last = Optional.of(new UUID(0, 0));
    while (last.isPresent()) {
      UUID after = last.get();
      last =
          db
              .transaction(c ->
                  db.query(
                      c,
                      r -> r.getObject(1, UUID.class),
                      """
                      UPDATE ~.run SET prune_at = '-infinity' WHERE id IN (
                        SELECT id FROM ~.run WHERE ended_at IS NOT NULL AND id > ?
                          AND ? IN ('', tenant) AND ? IN ('', graph) ORDER BY id LIMIT ?)
                      RETURNING id\
                      """,
                      after,
                      tenant,
                      graph,
                      RESET_PAGE))
              .stream()
              .max(java.util.Comparator.comparing(UUID::toString));
    }
  }

  /**
   * Deletes what the policies no longer keep, of at most so many runs.
   *
   * @param runsMax 1 to 1000
   */
  public Pruned prune(int runsMax) throws SQLException {
    return new Pruning(db).round(Math.clamp(runsMax, 1, 1000));
  }

  /**
   * Deletes a run that has ended, and everything it has.
   *
   * @return false if it has not ended, or is the last of its thread, whose state it holds
   */
  public boolean delete(UUID run) throws SQLException {
    return new Pruning(db).delete(run);
  }

  /**
   * Deletes a thread with all its runs and its state. If it fails on the way, call it again.
   *
   * @return false, and nothing is deleted, if a run of it has not ended: cancel that first
   */
  public boolean deleteThread(String tenant, String thread) throws SQLException {
    boolean ended =
        db.transaction(c -> {
          new Threads(db).lock(c, tenant, thread);
          boolean all =
              db.query(
                      c,
                      r -> 1,
                      "SELECT 1 FROM ~.run WHERE tenant = ? AND thread = ? AND ended_at IS NULL"
                          + " LIMIT 1",
                      tenant,
                      thread)
                  .isEmpty();
          if (all) {
            db.update(
                c,
                "UPDATE ~.thread SET last_run = NULL WHERE tenant = ? AND id = ?",
                tenant,
                thread);
          }
          return all;
        });
    if (!ended) {
      return false;
    }
    for (List<UUID> runs = runs(tenant, thread); !runs.isEmpty(); runs = runs(tenant, thread)) {
      for (UUID run : runs) {
        if (!delete(run)) {
          return false;
        }
      }
    }
    db.transaction(c ->
        db.update(
            c,
            """
            DELETE FROM ~.thread t WHERE t.tenant = ? AND t.id = ? AND NOT EXISTS (
              SELECT 1 FROM ~.run r WHERE r.tenant = t.tenant AND r.thread = t.id)\
            """,
            tenant,
            thread));
    return true;
  }

  private List<UUID> runs(String tenant, String thread) throws SQLException {
    return db.query(
        r -> r.getObject(1, UUID.class),
        "SELECT id FROM ~.run WHERE tenant = ? AND thread = ? LIMIT 100",
        tenant,
        thread);
  }

  /** What a run has stored; all zero if there is none. */
  public DiskSize size(UUID run) throws SQLException {
    return size("SELECT id, tenant FROM ~.run WHERE id = ?", run);
  }

  /** What all runs of a thread have stored. Reads all their rows. */
  public DiskSize size(String tenant, String thread) throws SQLException {
    return size("SELECT id, tenant FROM ~.run WHERE tenant = ? AND thread = ?", tenant, thread);
  }

  /**
   * Threads of a tenant by name, to look up their sizes.
   *
   * @param after the last of the page before; empty for the first
   * @param limit 1 to 1000
   */
  public List<String> threads(String tenant, String after, int limit) throws SQLException {
    return db.query(
        r -> r.getString(1),
        "SELECT id FROM ~.thread WHERE tenant = ? AND id > ? ORDER BY id LIMIT ?",
        tenant,
        after,
        Math.clamp(limit, 1, 1000));
  }

  private DiskSize size(String runs, Object... values) throws SQLException {
    return db.query(
            r -> new DiskSize(r.getLong(1), r.getLong(2), r.getLong(3), r.getLong(4), r.getLong(5)),
            """
            WITH runs AS MATERIALIZED (%s),
              points AS (SELECT count(*) AS n, coalesce(sum(pg_column_size(t.*)), 0) AS bytes
                FROM ~.checkpoint t JOIN runs ON t.run = runs.id),
              deltas AS (SELECT coalesce(sum(pg_column_size(t.*)), 0) AS bytes
                FROM ~.channel_delta t JOIN runs ON t.run = runs.id),
              tasks AS (SELECT coalesce(sum(pg_column_size(t.*)), 0) AS bytes
                FROM ~.task t JOIN runs ON t.run = runs.id),
              events AS (SELECT coalesce(sum(pg_column_size(t.*)), 0) AS bytes
                FROM ~.event t JOIN runs ON t.run = runs.id),
              blobs AS (SELECT coalesce(sum(pg_column_size(b.*)), 0) AS bytes FROM ~.blob b
                WHERE (b.tenant, b.hash) IN (SELECT u.tenant, u.hash FROM ~.blob_use u
                  JOIN runs ON u.run = runs.id))
            SELECT (SELECT count(*) FROM runs), points.n,
              points.bytes + deltas.bytes + tasks.bytes, events.bytes, blobs.bytes
            FROM points, deltas, tasks, events, blobs\
            """
                .formatted(runs),
            values)
        .getFirst();
  }
}
