package io.bellfounder.server.dataplane;

import io.bellfounder.server.api.Cursor;
import io.bellfounder.server.api.Page;
import io.bellfounder.server.api.PageRequest;
import io.bellfounder.server.api.Problem;
import io.bellfounder.server.dataplane.CallView.Named;
import io.bellfounder.server.dataplane.SessionTree.Agent;
import io.bellfounder.server.tenant.Tenants;
import java.math.BigInteger;
import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** Sessions of Claude Code, from sums that are kept with the calls. */
@Component
final class SessionReads {
  /** A session with more sub-agents than this shows the first ones. */
  private static final int AGENTS_MAX = 2_000;

  private final JdbcClient jdbc;
  private final Tenants tenants;
  private final OverviewReads overview;

  SessionReads(JdbcClient jdbc, Tenants tenants, OverviewReads overview) {
    this.jdbc = jdbc;
    this.tenants = tenants;
    this.overview = overview;
  }

  /**
   * @param agents the main one included
   */
  record SessionSummary(
      String sessionId,
      Instant firstCallAt,
      Instant lastCallAt,
      long calls,
      long agents,
      String costPico,
      BigInteger inputTokens,
      BigInteger cacheReadTokens,
      BigInteger outputTokens,
      List<String> models,
      Named key,
      long errors) {}

  record SessionDetail(String sessionId, Overview.Totals totals, SessionTree.Node root) {}

  /** Those with a call in the range, the most recently used first. */
  Page<SessionSummary> list(
      UUID organisation, @Nullable Instant from, @Nullable Instant to, PageRequest page) {
    List<String> conditions = new ArrayList<>();
    List<Object> parameters = new ArrayList<>();
    if (from != null) {
      conditions.add("s.last_call_at >= ?");
      parameters.add(Timestamp.from(from));
    }
    if (to != null) {
      conditions.add("s.first_call_at < ?");
      parameters.add(Timestamp.from(to));
    }
    Cursor after = page.after();
    if (after != null) {
      conditions.add("(s.last_call_at, s.session_id) < (?, ?)");
      parameters.add(Timestamp.from(after.at()));
      parameters.add(after.id());
    }
    parameters.add(page.readLimit());
    List<SessionSummary> read =
        tenants.in(
            organisation,
            () ->
                jdbc.sql(
                        """
                        SELECT s.*, coalesce(k.name, s.key_id::text) AS key_name,
                            (SELECT count(*) FROM session_agent a WHERE a.session_id = s.session_id) AS agents
                        FROM coding_session s LEFT JOIN api_key k ON k.id = s.key_id
                        """
                            + (conditions.isEmpty()
                                ? ""
                                : "WHERE " + String.join(" AND ", conditions))
                            + " ORDER BY s.last_call_at DESC, s.session_id DESC LIMIT ?")
                    .params(parameters)
                    .query((row, _) -> view(row))
                    .list());
    return Page.of(
        read,
        page,
        session -> session,
        session -> new Cursor(session.lastCallAt(), session.sessionId()));
  }

  SessionDetail detail(UUID organisation, String sessionId) {
    return tenants.in(
        organisation,
        () -> {
          List<Agent> agents =
              jdbc.sql(
                      "SELECT * FROM session_agent WHERE session_id = ? ORDER BY first_call_at, agent_id LIMIT ?")
                  .params(sessionId, AGENTS_MAX)
                  .query((row, _) -> agent(row))
                  .list();
          if (agents.isEmpty()) {
            throw Problem.notFound("session");
          }
          CallFilter filter = new CallFilter(null, null, null, null, null, null, null, sessionId);
          return new SessionDetail(sessionId, overview.totals(filter), SessionTree.of(agents));
        });
  }

  private static SessionSummary view(ResultSet row) throws SQLException {
    Array models = row.getArray("models");
    return new SessionSummary(
        row.getString("session_id"),
        row.getTimestamp("first_call_at").toInstant(),
        row.getTimestamp("last_call_at").toInstant(),
        row.getLong("calls"),
        row.getLong("agents"),
        row.getBigDecimal("cost_pico").toBigIntegerExact().toString(),
        row.getBigDecimal("input_tokens").toBigIntegerExact(),
        row.getBigDecimal("cache_read_tokens").toBigIntegerExact(),
        row.getBigDecimal("output_tokens").toBigIntegerExact(),
        List.of((String[]) models.getArray()),
        new Named(row.getObject("key_id", UUID.class), row.getString("key_name")),
        row.getLong("errors"));
  }

  private static Agent agent(ResultSet row) throws SQLException {
    return new Agent(
        row.getString("agent_id"),
        row.getString("parent_agent_id"),
        row.getLong("calls"),
        row.getBigDecimal("cost_pico").toBigIntegerExact(),
        row.getBigDecimal("input_tokens").toBigIntegerExact(),
        row.getBigDecimal("cache_read_tokens").toBigIntegerExact(),
        row.getBigDecimal("output_tokens").toBigIntegerExact(),
        row.getTimestamp("first_call_at").toInstant(),
        row.getTimestamp("last_call_at").toInstant());
  }
}
