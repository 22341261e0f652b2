package io.bellfounder.graph.testing;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.sql.DataSource;

/** Reads the tables and says what must not be. Runs may be under way meanwhile. */
public final class InvariantChecker {
  private static final Map<String, String> RULES = new LinkedHashMap<>();

  static {
    RULES.put(
        "events have no gaps and end at the run's number",
        "SELECT r.id FROM ~.run r LEFT JOIN ~.event e ON e.run = r.id GROUP BY r.id"
            + " HAVING count(e.seq) <> r.seq - r.events_pruned"
            + " OR coalesce(max(e.seq), r.events_pruned) <> r.seq"
            + " OR min(e.seq) <> r.events_pruned + 1");
    RULES.put(
        "checkpoints have no gaps and end at the run's number",
        "SELECT r.id FROM ~.run r LEFT JOIN ~.checkpoint c ON c.run = r.id GROUP BY r.id"
            + " HAVING count(c.n) <> r.checkpoint - r.checkpoints_pruned"
            + " OR coalesce(max(c.n), r.checkpoints_pruned) <> r.checkpoint"
            + " OR min(c.n) <> r.checkpoints_pruned + 1");
    RULES.put(
        "a run's first checkpoint has a snapshot, and so has the first of each spec",
        "SELECT r.id FROM ~.run r JOIN ~.checkpoint c ON c.run = r.id WHERE c.snapshot IS NULL"
            + " AND (c.n = r.checkpoints_pruned + 1 OR c.spec_before IS NOT NULL)");
    RULES.put(
        "what changed a state belongs to a checkpoint",
        "SELECT d.run FROM ~.channel_delta d WHERE NOT EXISTS"
            + " (SELECT 1 FROM ~.checkpoint c WHERE c.run = d.run AND c.n = d.n)");
    RULES.put(
        "of a run that is gone nothing is left",
        "SELECT run FROM (SELECT run FROM ~.checkpoint UNION ALL SELECT run FROM ~.channel_delta"
            + " UNION ALL SELECT run FROM ~.event) t"
            + " WHERE NOT EXISTS (SELECT 1 FROM ~.run r WHERE r.id = t.run)");
    RULES.put(
        "a run's tenant is there",
        "SELECT r.id FROM ~.run r WHERE NOT EXISTS (SELECT 1 FROM ~.tenant t WHERE t.id = r.tenant)");
    RULES.put(
        "specs of what was stored are stored",
        "SELECT r.id FROM ~.run r LEFT JOIN ~.checkpoint c ON c.run = r.id"
            + " CROSS JOIN LATERAL (VALUES (r.spec_hash), (c.spec_before)) s (hash)"
            + " WHERE r.checkpoint > 0 AND s.hash IS NOT NULL"
            + " AND NOT EXISTS (SELECT 1 FROM ~.spec WHERE spec.hash = s.hash)");
    RULES.put(
        "a large value is what its hash says, and some run needs it",
        "SELECT b.hash FROM ~.blob b WHERE b.hash <> sha256(convert_to(b.value, 'UTF8'))"
            + " OR NOT EXISTS"
            + " (SELECT 1 FROM ~.blob_use u WHERE u.tenant = b.tenant AND u.hash = b.hash)");
    RULES.put(
        "a run has noted that it needs every large value that it names",
        """
        SELECT t.run FROM (
          SELECT run, format, concat(control, snapshot, results) AS t FROM ~.checkpoint
          UNION ALL SELECT run, format, value::text FROM ~.channel_delta
          UNION ALL SELECT run, format, result::text FROM ~.task
          UNION ALL SELECT run, format, data::text FROM ~.event
          UNION ALL SELECT u.run, 2, b.value FROM ~.blob_use u
            JOIN ~.blob b ON b.tenant = u.tenant AND b.hash = u.hash) t
        CROSS JOIN LATERAL regexp_matches(t.t, '\\{"\\$(?:blob|part)":"([0-9a-f]{64})"\\}', 'g') m
        WHERE t.format = 2 AND NOT EXISTS (SELECT 1 FROM ~.blob_use u
          WHERE u.run = t.run AND u.hash = decode(m[1], 'hex'))\
        """);
    RULES.put(
        "a tenant runs no more than its limit",
        "SELECT t.id FROM ~.tenant t WHERE t.running_max <"
            + " (SELECT count(*) FROM ~.run r WHERE r.tenant = t.id AND r.status = 'running')");
    RULES.put(
        "a lane runs no more than its limit",
        "SELECT l.tenant FROM ~.lane l WHERE l.running_max < (SELECT count(*) FROM ~.run r"
            + " WHERE r.tenant = l.tenant AND r.lane = l.id AND r.status = 'running')");
    RULES.put(
        "a bucket holds between nothing and its limit",
        "SELECT id FROM (SELECT id, rate_max, tokens FROM ~.tenant UNION ALL"
            + " SELECT id, rate_max, tokens FROM ~.lane) b"
            + " WHERE rate_max IS NOT NULL AND (tokens < 0 OR tokens > rate_max)");
    RULES.put(
        "only what waits to be claimed is delayed, and only what was claimed has run",
        "SELECT id FROM ~.run WHERE delayed AND (status = 'running' OR blocked OR NOT fresh)"
            + " OR fresh AND (status = 'running' OR step > 0 AND forked_from IS NULL)");
    RULES.put(
        "a waiting run has an open question",
        "SELECT r.id FROM ~.run r WHERE r.status = 'waiting' AND NOT EXISTS"
            + " (SELECT 1 FROM ~.interrupt i WHERE i.run = r.id AND i.status = 'pending')");
    RULES.put(
        "an ended run has no open question",
        "SELECT r.id FROM ~.run r JOIN ~.interrupt i ON i.run = r.id"
            + " WHERE r.ended_at IS NOT NULL AND i.status = 'pending'");
    RULES.put(
        "what is blocked waits to be claimed, or was paused meanwhile",
        "SELECT id FROM ~.run WHERE blocked AND status NOT IN ('queued', 'paused')");
    RULES.put(
        "a schedule goes on after what it last started",
        "SELECT id FROM ~.schedule WHERE last_at >= next_at");
    RULES.put(
        "pieces of a message follow each other",
        "SELECT run FROM (SELECT run, n, lag(n + json_array_length(texts)) OVER (PARTITION BY run,"
            + " after, epoch, message, attempt ORDER BY id) AS due FROM ~.token) t WHERE n < due");
    RULES.put(
        "a blocked run has another of its thread before it",
        "SELECT r.id FROM ~.run r WHERE r.blocked AND r.ended_at IS NULL AND NOT EXISTS (SELECT 1"
            + " FROM ~.run o WHERE o.tenant = r.tenant AND o.thread = r.thread AND NOT o.blocked"
            + " AND o.ended_at IS NULL)");
  }

  private InvariantChecker() {}

  /** Each broken rule with one row's id; empty if all hold. */
  public static List<String> problems(DataSource database, String schema) throws SQLException {
    List<String> problems = new ArrayList<>();
    try (Connection connection = database.getConnection();
        Statement statement = connection.createStatement()) {
      for (Map.Entry<String, String> rule : RULES.entrySet()) {
        try (ResultSet rows = statement.executeQuery(rule.getValue().replace("~.", schema + "."))) {
          if (rows.next()) {
            problems.add("broken: " + rule.getKey() + " (" + rows.getString(1) + ")");
          }
        }
      }
    }
    return problems;
  }
}
