package io.bellfounder.graph;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * Deletes what is not to be kept, one run in one transaction, oldest first and so that what is left
 * begins with a snapshot. A run that has ended is locked meanwhile; of one under way only what its
 * worker never reads again is deleted, beside the worker.
 */
record Pruning(Database db) {
  /** Checkpoints, or events, in one transaction. */
  private static final int ROWS_MAX = 10_000;

  /** Ended runs that are noted at a time. */
  private static final int SCHEDULED_MAX = 1000;

  /** Each row with the policy that holds for it. */
  private static final String POLICY =
      """
      LEFT JOIN LATERAL (SELECT * FROM ~.retention t
        WHERE t.tenant IN (r.tenant, '') AND t.graph IN (r.graph, '')
        ORDER BY t.tenant <> '' DESC, t.graph <> '' DESC LIMIT 1) p ON true\
      """;

  /** How long the history of a run is kept. */
  private static final String HISTORY_FOR =
      "CASE WHEN p.tenant IS NULL THEN make_interval(days => %d) ELSE p.history_for END"
          .formatted(Objects.requireNonNull(RetentionPolicy.DEFAULT.historyFor()).toDays());

  private static final String LAST_OF_THREAD =
      "EXISTS (SELECT 1 FROM ~.thread h WHERE h.tenant = r.tenant AND h.id = r.thread"
          + " AND h.last_run = r.id)";

  /** An ended run, and what of it is over. */
  private record Due(boolean history, boolean events, boolean run, boolean lastOfThread) {
    /** Everything, as far as that is possible. */
    static final Due ALL = new Due(true, true, true, false);
  }

  Pruned round(int runsMax) throws SQLException {
    Pruned all = Pruned.NOTHING;
    for (Lengthy run : underWay(runsMax)) {
      all = all.and(db.transaction(c -> history(c, run.run(), run.kept())));
    }
    boolean more = all.more() | db.transaction(this::schedule) == SCHEDULED_MAX;
    for (int i = 0; i < runsMax; i++) {
      Optional<Pruned> one = db.transaction(this::next);
      if (one.isEmpty()) {
        return all.more(more);
      }
      all = all.and(one.get());
    }
    return all.more(true);
  }

  /** Deletes an ended run, however many rows it has; false if it has to stay. */
  boolean delete(UUID run) throws SQLException {
    while (true) {
      Optional<Pruned> pruned =
          db.transaction(c -> {
            List<Boolean> last =
                db.query(
                    c,
                    r -> r.getBoolean(1),
                    "SELECT "
                        + LAST_OF_THREAD
                        + " FROM ~.run r WHERE r.id = ? AND r.ended_at IS NOT NULL FOR UPDATE",
                    run);
            return last.equals(List.of(false))
                ? Optional.of(prune(c, run, Due.ALL))
                : Optional.<Pruned>empty();
          });
      if (pruned.isEmpty() || !pruned.get().more()) {
        return pruned.isPresent();
      }
    }
  }

  /** A run under way that has more checkpoints than its policy wants. */
  private record Lengthy(UUID run, int kept) {}

  private List<Lengthy> underWay(int most) throws SQLException {
    return db.query(
        r -> new Lengthy(r.getObject(1, UUID.class), r.getInt(2)),
        """
        SELECT id, kept FROM (
          SELECT r.id, r.checkpoint - r.checkpoints_pruned AS n,
            coalesce(p.checkpoints_max, ?) AS kept
          FROM ~.run r %s WHERE r.status = 'running') u
        WHERE n > kept LIMIT ?\
        """
            .formatted(POLICY),
        RetentionPolicy.DEFAULT.checkpointsMax(),
        most);
  }

  /** Notes of runs that have ended since, and of those whose policy has changed, when to look. */
  private int schedule(Connection c) throws SQLException {
    return db.update(
        c,
        """
        WITH ended AS MATERIALIZED (
          SELECT id FROM ~.run WHERE ended_at IS NOT NULL AND prune_at = '-infinity'
          LIMIT ? FOR UPDATE SKIP LOCKED)
        UPDATE ~.run u SET prune_at = coalesce(
          least(r.ended_at + %s, r.ended_at + p.events_for, r.ended_at + p.runs_for), 'infinity')
        FROM ended JOIN ~.run r ON r.id = ended.id %s WHERE u.id = ended.id\
        """
            .formatted(HISTORY_FOR, POLICY),
        SCHEDULED_MAX);
  }

  /** Looks at the next ended run whose time has come; empty if there is none. */
  private Optional<Pruned> next(Connection c) throws SQLException {
    record Found(UUID run, Due due) {}
    List<Found> found =
        db.query(
            c,
            r ->
                new Found(
                    r.getObject(1, UUID.class),
                    new Due(r.getBoolean(2), r.getBoolean(3), r.getBoolean(4), r.getBoolean(5))),
            """
            SELECT r.id, r.ended_at + %s <= now(), r.ended_at + p.events_for <= now(),
              r.ended_at + p.runs_for <= now(), %s
            FROM ~.run r %s
            WHERE r.ended_at IS NOT NULL AND r.prune_at <= now()
            ORDER BY r.prune_at LIMIT 1 FOR UPDATE OF r SKIP LOCKED\
            """
                .formatted(HISTORY_FOR, LAST_OF_THREAD, POLICY));
    if (found.isEmpty()) {
      return Optional.empty();
    }
    UUID run = found.getFirst().run();
    Pruned pruned = prune(c, run, found.getFirst().due());
    if (pruned.runs() == 0 && !pruned.more()) {
      // Whether a run is still its thread's last one is asked again every day.
      db.update(
          c,
          """
          UPDATE ~.run SET prune_at = n.at FROM (
            SELECT coalesce(min(t.at), 'infinity') AS at FROM ~.run r %s
            CROSS JOIN LATERAL (VALUES (r.ended_at + %s), (r.ended_at + p.events_for),
              (r.ended_at + p.runs_for),
              (CASE WHEN r.ended_at + p.runs_for <= now() THEN now() + interval '1 day' END)) t (at)
            WHERE r.id = ? AND t.at > now()) n
          WHERE id = ?\
          """
              .formatted(POLICY, HISTORY_FOR),
          run,
          run);
    }
    return Optional.of(pruned);
  }

  private Pruned prune(Connection c, UUID run, Due due) throws SQLException {
    boolean goes = due.run() && !due.lastOfThread();
    Pruned pruned = Pruned.NOTHING;
    if (due.history() || goes) {
      pruned = pruned.and(history(c, run, 1));
    }
    if (due.events() || goes) {
      pruned = pruned.and(events(c, run));
    }
    if (goes && !pruned.more()) {
      return pruned.and(whole(c, run));
    }
    return pruned.more() || pruned.checkpoints() + pruned.events() == 0
        ? pruned
        : pruned.and(new Pruned(0, 0, 0, unused(c, run), false));
  }

  private record Cut(long from, long to, boolean more) {}

  /** Deletes checkpoints before the last snapshot that leaves so many. */
  private Pruned history(Connection c, UUID run, int kept) throws SQLException {
    List<Cut> cuts =
        db.query(
            c,
            r -> new Cut(r.getLong(1), r.getLong(2), r.getBoolean(3)),
            """
            SELECT r.checkpoints_pruned, s.n, s.n < s.last FROM ~.run r CROSS JOIN LATERAL (
              SELECT coalesce(max(n) FILTER (WHERE n <= r.checkpoints_pruned + ?), min(n)) AS n,
                max(n) AS last
              FROM ~.checkpoint WHERE run = r.id AND snapshot IS NOT NULL
                AND n > r.checkpoints_pruned + 1 AND n <= r.checkpoint - ? + 1) s
            WHERE r.id = ? AND s.n IS NOT NULL\
            """,
            ROWS_MAX,
            kept,
            run);
    if (cuts.isEmpty()) {
      return Pruned.NOTHING;
    }
    Cut cut = cuts.getFirst();
    tasks(c, run, cut.to());
    db.update(c, "DELETE FROM ~.channel_delta WHERE run = ? AND n < ?", run, cut.to());
    int deleted = db.update(c, "DELETE FROM ~.checkpoint WHERE run = ? AND n < ?", run, cut.to());
    db.update(
        c,
        "UPDATE ~.run SET checkpoints_pruned = greatest(checkpoints_pruned, ?) WHERE id = ?",
        cut.to() - 1,
        run);
    return new Pruned(deleted, 0, 0, 0, cut.more());
  }

  /** Deletes what tasks gave that were in the state at a checkpoint, and were to run no more. */
  private void tasks(Connection c, UUID run, long n) throws SQLException {
    Blobs.Reader reader = new Blobs(db).reader(c, run);
    List<Integer> controls =
        db.query(
            c,
            r -> reader.add(r.getInt(1), r.getString(2)),
            "SELECT format, control FROM ~.checkpoint WHERE run = ? AND n = ?",
            run,
            n);
    reader.fetch();
    Frame root = State.read(reader.get(controls.getFirst()), Map.of()).root();
    db.update(
        c,
        """
        DELETE FROM ~.task WHERE run = ? AND split_part(path, '.', 1)::bigint <= ?
          AND NOT split_part(path, '/', 1) = ANY (?)\
        """,
        run,
        root.step(),
        // What was deferred has the number of the step that led to it.
        Stream.concat(root.tasks().stream(), root.held().stream())
            .map(Task::path)
            .toArray(String[]::new));
  }

  /** Deletes events but the last, which says how the run ended. */
  private Pruned events(Connection c, UUID run) throws SQLException {
    record Left(long pruned, boolean more) {}
    List<Left> left =
        db.query(
            c,
            r -> new Left(r.getLong(1), r.getBoolean(2)),
            """
            UPDATE ~.run SET events_pruned = least(seq - 1, events_pruned + ?)
            WHERE id = ? AND events_pruned < seq - 1 RETURNING events_pruned, events_pruned < seq - 1\
            """,
            ROWS_MAX,
            run);
    if (left.isEmpty()) {
      return Pruned.NOTHING;
    }
    int deleted =
        db.update(
            c, "DELETE FROM ~.event WHERE run = ? AND seq <= ?", run, left.getFirst().pruned());
    return new Pruned(0, deleted, 0, 0, left.getFirst().more());
  }

  private Pruned whole(Connection c, UUID run) throws SQLException {
    record Use(String tenant, String hash) {}
    List<Use> uses =
        db.query(
            c,
            r -> new Use(r.getString(1), r.getString(2)),
            "DELETE FROM ~.blob_use WHERE run = ? RETURNING tenant, encode(hash, 'hex')",
            run);
    // No foreign key does it: they cost each step more than all else that it checks.
    for (String table : List.of("channel_delta", "checkpoint", "event")) {
      db.update(c, "DELETE FROM ~." + table + " WHERE run = ?", run);
    }
    db.update(c, "DELETE FROM ~.run WHERE id = ?", run);
    int blobs =
        uses.isEmpty()
            ? 0
            : new Blobs(db)
                .drop(c, uses.getFirst().tenant(), uses.stream().map(Use::hash).toList());
    return new Pruned(0, 0, 1, blobs, false);
  }

  /** Gives up large values that nothing of an ended run names any more. */
  private int unused(Connection c, UUID run) throws SQLException {
    record Use(String tenant, String hash) {}
    List<Use> dropped =
        db.query(
            c,
            r -> new Use(r.getString(1), r.getString(2)),
            """
            WITH RECURSIVE texts AS (
              SELECT control::text AS t FROM ~.checkpoint WHERE run = ?
              UNION ALL SELECT snapshot::text FROM ~.checkpoint WHERE run = ?
              UNION ALL SELECT results::text FROM ~.checkpoint WHERE run = ?
              UNION ALL SELECT value::text FROM ~.channel_delta WHERE run = ?
              UNION ALL SELECT result::text FROM ~.task WHERE run = ?
              UNION ALL SELECT data::text FROM ~.event WHERE run = ?),
            named AS (
              SELECT decode(m[1], 'hex') AS hash FROM texts, regexp_matches(t, ?, 'g') m
              UNION
              SELECT decode(m[1], 'hex') FROM named
                JOIN ~.blob b ON b.hash = named.hash
                  AND b.tenant = (SELECT tenant FROM ~.run WHERE id = ?),
                regexp_matches(b.value, ?, 'g') m)
            DELETE FROM ~.blob_use WHERE run = ? AND hash NOT IN (SELECT hash FROM named)
            RETURNING tenant, encode(hash, 'hex')\
            """,
            run,
            run,
            run,
            run,
            run,
            run,
            Large.REFERENCE,
            run,
            Large.REFERENCE,
            run);
    return dropped.isEmpty()
        ? 0
        : new Blobs(db)
            .drop(c, dropped.getFirst().tenant(), dropped.stream().map(Use::hash).toList());
  }
}
