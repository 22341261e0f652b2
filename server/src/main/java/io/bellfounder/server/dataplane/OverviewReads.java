package io.bellfounder.server.dataplane;

import io.bellfounder.server.dataplane.Overview.Group;
import io.bellfounder.server.dataplane.Overview.GroupPoint;
import io.bellfounder.server.dataplane.Overview.Point;
import io.bellfounder.server.dataplane.Overview.Totals;
import io.bellfounder.server.tenant.Tenants;
import java.math.BigInteger;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/**
 * Adds up the quarter-hour sums; the calls themselves are read only for one session, which is
 * small.
 */
@Component
final class OverviewReads {
  private static final int GROUPS_MAX = 100;
  private static final int GROUPS_IN_SERIES = 10;

  private static final String SUMS =
      """
      sum(s.calls) AS calls, sum(s.errors) AS errors, sum(s.estimated_calls) AS estimated_calls,
      sum(s.unpriced_calls) AS unpriced_calls, sum(s.input_tokens) AS input_tokens,
      sum(s.cache_write_5m_tokens) AS cache_write_5m_tokens, sum(s.cache_write_1h_tokens) AS cache_write_1h_tokens,
      sum(s.cache_read_tokens) AS cache_read_tokens, sum(s.output_tokens) AS output_tokens,
      sum(s.cost_pico) AS cost_pico, sum(s.cache_cost_pico) AS cache_cost_pico
      """;

  /** Calls in the shape of the sums. */
  private static final String CALLS_AS_SUMS =
      """
      SELECT c.opened_at AS slot, c.key_id, c.member_id, c.requested_model, c.provider, c.outcome, 1 AS calls,
          (c.outcome NOT IN ('completed', 'aborted'))::int AS errors, c.estimated::int AS estimated_calls,
          coalesce(NOT c.price_known, false)::int AS unpriced_calls,
          coalesce(c.input_tokens, 0) AS input_tokens,
          coalesce(c.cache_write_5m_tokens, 0) AS cache_write_5m_tokens,
          coalesce(c.cache_write_1h_tokens, 0) AS cache_write_1h_tokens,
          coalesce(c.cache_read_tokens, 0) AS cache_read_tokens, coalesce(c.output_tokens, 0) AS output_tokens,
          c.cost_pico::numeric AS cost_pico,
          coalesce(c.cache_write_5m_tokens::numeric * c.cache_write_5m_pico, 0)
              + coalesce(c.cache_write_1h_tokens::numeric * c.cache_write_1h_pico, 0)
              + coalesce(c.cache_read_tokens::numeric * c.cache_read_pico, 0) AS cache_cost_pico,
          CASE WHEN c.ttfb_millis IS NULL THEN '{}'::bigint[]
              ELSE array_fill(0::bigint, ARRAY[width_bucket(c.ttfb_millis, ?::bigint[])]) || 1::bigint END AS ttfb
      FROM call c WHERE
      """;

  private final JdbcClient jdbc;
  private final Tenants tenants;

  OverviewReads(JdbcClient jdbc, Tenants tenants) {
    this.jdbc = jdbc;
    this.tenants = tenants;
  }

  /** By what an overview is broken down. */
  enum GroupBy {
    MODEL("s.requested_model"),
    KEY("s.key_id::text"),
    MEMBER("s.member_id::text");

    private final String column;

    GroupBy(String column) {
      this.column = column;
    }
  }

  Overview read(UUID organisation, Buckets buckets, CallFilter filter, @Nullable GroupBy groupBy) {
    return tenants.in(organisation, () -> readIn(buckets, filter, groupBy));
  }

  /** Everything the filter lets through, as one sum. In the transaction that is under way. */
  Totals totals(CallFilter filter) {
    Source source = callSource(filter);
    CallSums sums = new CallSums();
    this.<Integer>sums(source, "1", List.of(), row -> 1).values().forEach(sums::add);
    return Totals.of(sums);
  }

  private Overview readIn(Buckets buckets, CallFilter filter, @Nullable GroupBy groupBy) {
    Source source = filter.sessionId() == null ? rollups(buckets, filter) : callSource(filter);
    Map<Integer, CallSums> byBucket =
        sums(
            source,
            "width_bucket(s.slot, ?::timestamptz[])",
            List.of(buckets.text()),
            row -> row.getInt(1));
    CallSums all = new CallSums();
    byBucket.values().forEach(all::add);
    List<Point> series = new ArrayList<>();
    for (int i = 0; i < buckets.starts().size(); i++) {
      series.add(
          new Point(
              buckets.starts().get(i), Totals.of(byBucket.getOrDefault(i + 1, new CallSums()))));
    }
    List<Group> groups = groupBy == null ? null : groups(source, groupBy);
    return new Overview(
        buckets.from(),
        buckets.to(),
        buckets.zone().getId(),
        buckets.name(),
        Totals.of(all),
        series,
        groups,
        groups == null || groupBy == null ? null : groupSeries(source, buckets, groupBy, groups));
  }

  private List<Group> groups(Source source, GroupBy groupBy) {
    Map<String, CallSums> sums =
        sums(source, "coalesce(" + groupBy.column + ", '')", List.of(), row -> row.getString(1));
    Map<String, String> names = names(groupBy);
    return sums.entrySet().stream()
        .sorted(
            Comparator.comparing((Map.Entry<String, CallSums> group) -> group.getValue().costPico)
                .thenComparing(group -> group.getValue().calls)
                .reversed()
                .thenComparing(Map.Entry::getKey))
        .limit(GROUPS_MAX)
        .map(group ->
            new Group(
                group.getKey().isEmpty() ? null : group.getKey(),
                group.getKey().isEmpty() ? "—" : names.getOrDefault(group.getKey(), group.getKey()),
                Totals.of(group.getValue())))
        .toList();
  }

  private Map<String, String> names(GroupBy groupBy) {
    Map<String, String> names = new HashMap<>();
    switch (groupBy) {
      case MODEL -> {}
      case KEY -> names("api_key", names);
      case MEMBER -> names("member", names);
    }
    return names;
  }

  private void names(String table, Map<String, String> names) {
    jdbc.sql("SELECT id::text, name FROM " + table)
        .query(row -> {
          names.put(row.getString(1), row.getString(2));
        });
  }

  private List<GroupPoint> groupSeries(
      Source source, Buckets buckets, GroupBy groupBy, List<Group> groups) {
    Set<String> shown = new HashSet<>();
    groups.stream()
        .limit(GROUPS_IN_SERIES)
        .forEach(group -> shown.add(group.id() == null ? "" : group.id()));
    List<Object> parameters = new ArrayList<>();
    parameters.add(buckets.text());
    parameters.addAll(source.parameters());
    return jdbc
        .sql(
            "SELECT width_bucket(s.slot, ?::timestamptz[]) AS b, coalesce("
                + groupBy.column
                + ", '') AS g, sum(s.cost_pico) AS cost, sum(s.calls) AS calls FROM ("
                + source.sql()
                + ") s GROUP BY 1, 2 ORDER BY 1, 2")
        .params(parameters)
        .query((row, _) -> {
          String group = row.getString("g");
          return new GroupPoint(
              buckets.starts().get(Math.max(1, row.getInt("b")) - 1),
              group.isEmpty() ? null : group,
              row.getBigDecimal("cost").toBigIntegerExact().toString(),
              row.getLong("calls"));
        })
        .stream()
        .filter(point -> shown.contains(point.groupId() == null ? "" : point.groupId()))
        .toList();
  }

  /** The sums for each value of an expression. */
  private <K> Map<K, CallSums> sums(
      Source source, String expression, List<Object> before, Reading<K> key) {
    List<Object> parameters = new ArrayList<>(before);
    parameters.addAll(source.parameters());
    Map<K, CallSums> sums = new HashMap<>();
    jdbc.sql("SELECT " + expression + ", " + SUMS + " FROM (" + source.sql() + ") s GROUP BY 1")
        .params(parameters)
        .query(row -> {
          sums.put(key.of(row), read(row));
        });
    jdbc.sql(
            "SELECT "
                + expression
                + ", h.place, sum(h.count) AS count FROM ("
                + source.sql()
                + ") s, unnest(s.ttfb) WITH ORDINALITY AS h (count, place) WHERE h.count > 0 GROUP BY 1, 2")
        .params(parameters)
        .query(row -> {
          CallSums of = sums.get(key.of(row));
          if (of != null) {
            of.ttfb.add((int) row.getLong("place") - 1, row.getLong("count"));
          }
        });
    return sums;
  }

  private static CallSums read(ResultSet row) throws SQLException {
    CallSums sums = new CallSums();
    sums.calls = row.getLong("calls");
    sums.errors = row.getLong("errors");
    sums.estimated = row.getLong("estimated_calls");
    sums.unpriced = row.getLong("unpriced_calls");
    sums.input = exact(row, "input_tokens");
    sums.cacheWrite5m = exact(row, "cache_write_5m_tokens");
    sums.cacheWrite1h = exact(row, "cache_write_1h_tokens");
    sums.cacheRead = exact(row, "cache_read_tokens");
    sums.output = exact(row, "output_tokens");
    sums.costPico = exact(row, "cost_pico");
    sums.cacheCostPico = exact(row, "cache_cost_pico");
    return sums;
  }

  private static BigInteger exact(ResultSet row, String column) throws SQLException {
    return row.getBigDecimal(column).toBigIntegerExact();
  }

  private static Source rollups(Buckets buckets, CallFilter filter) {
    List<Object> parameters = new ArrayList<>();
    List<String> conditions = filter.conditions("r", parameters);
    conditions.add("r.slot >= ?");
    parameters.add(Timestamp.from(buckets.from()));
    conditions.add("r.slot < ?");
    parameters.add(Timestamp.from(buckets.to()));
    return new Source(
        "SELECT * FROM call_rollup r WHERE " + String.join(" AND ", conditions), parameters);
  }

  private static Source callSource(CallFilter filter) {
    List<Object> parameters = new ArrayList<>();
    parameters.add(TtfbHistogram.boundsText());
    List<String> conditions = filter.callConditions("c", parameters);
    return new Source(CALLS_AS_SUMS + String.join(" AND ", conditions), parameters);
  }

  private record Source(String sql, List<Object> parameters) {}

  private interface Reading<K> {
    K of(ResultSet row) throws SQLException;
  }
}
