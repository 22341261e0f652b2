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
        "SELECT r.id FROM ~.run r LEFT JOIN ~.event e ON e.run = r.id GROUP BY r.id, r.seq"
            + " HAVING count(e.seq) <> r.seq OR coalesce(max(e.seq), 0) <> r.seq");
    RULES.put(
        "checkpoints have no gaps and end at the run's number",
        "SELECT r.id FROM ~.run r LEFT JOIN ~.checkpoint c ON c.run = r.id"
            + " GROUP BY r.id, r.checkpoint HAVING count(c.n) <> r.checkpoint"
            + " OR coalesce(max(c.n), 0) <> r.checkpoint");
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
