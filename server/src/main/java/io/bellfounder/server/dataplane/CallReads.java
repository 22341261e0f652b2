package io.bellfounder.server.dataplane;

import io.bellfounder.gateway.PriceBook.Price;
import io.bellfounder.gateway.SettledCall;
import io.bellfounder.server.api.Cursor;
import io.bellfounder.server.api.Page;
import io.bellfounder.server.api.PageRequest;
import io.bellfounder.server.api.Problem;
import io.bellfounder.server.dataplane.CallDetail.AttemptView;
import io.bellfounder.server.dataplane.CallDetail.PriceView;
import io.bellfounder.server.dataplane.CallView.Named;
import io.bellfounder.server.tenant.Tenants;
import io.bellfounder.wire.Usage;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/**
 * Calls, newest first, and one of them whole: from the ledger, and from memory what is not there
 * yet.
 */
@Component
final class CallReads {
  private static final String SELECT =
      """
      SELECT c.*, coalesce(k.name, c.key_id::text) AS key_name, m.name AS member_name
      FROM call c LEFT JOIN api_key k ON k.id = c.key_id LEFT JOIN member m ON m.id = c.member_id
      """;

  private static final Comparator<CallView> NEWEST =
      Comparator.comparing(CallView::openedAt)
          .thenComparing(call -> call.id().toString())
          .reversed();

  private final JdbcClient jdbc;
  private final Tenants tenants;
  private final LiveCalls live;
  private final Prices prices;

  CallReads(JdbcClient jdbc, Tenants tenants, LiveCalls live, Prices prices) {
    this.jdbc = jdbc;
    this.tenants = tenants;
    this.live = live;
    this.prices = prices;
  }

  Page<CallView> list(UUID organisation, CallFilter filter, PageRequest page) {
    Cursor after = page.after();
    // Memory first: a call that is stored in between is then seen twice, not never.
    List<CallView> now =
        live.of(organisation).stream()
            .filter(filter::accepts)
            .filter(call -> after == null || isAfter(call, after))
            .toList();
    Map<UUID, CallView> calls = new LinkedHashMap<>();
    now.forEach(call -> calls.put(call.id(), call));
    tenants
        .in(organisation, () -> stored(filter, page))
        .forEach(call -> calls.put(call.id(), call));
    List<CallView> newest = calls.values().stream().sorted(NEWEST).limit(page.readLimit()).toList();
    return Page.of(
        newest, page, call -> call, call -> new Cursor(call.openedAt(), call.id().toString()));
  }

  /** UUIDs compare in Java as signed numbers, in PostgreSQL as bytes, and so as their text. */
  private static boolean isAfter(CallView call, Cursor cursor) {
    int compared = call.openedAt().compareTo(cursor.at());
    return compared < 0 || compared == 0 && call.id().toString().compareTo(cursor.id()) < 0;
  }

  private List<CallView> stored(CallFilter filter, PageRequest page) {
    List<Object> parameters = new ArrayList<>();
    List<String> conditions = filter.callConditions("c", parameters);
    Cursor after = page.after();
    if (after != null) {
      conditions.add("(c.opened_at, c.id) < (?, ?::uuid)");
      parameters.add(Timestamp.from(after.at()));
      parameters.add(after.id());
    }
    parameters.add(page.readLimit());
    return jdbc.sql(
            SELECT
                + (conditions.isEmpty() ? "" : "WHERE " + String.join(" AND ", conditions))
                + " ORDER BY c.opened_at DESC, c.id DESC LIMIT ?")
        .params(parameters)
        .query((row, _) -> view(row))
        .list();
  }

  CallDetail detail(UUID organisation, UUID id) {
    Optional<CallDetail> open =
        live.open(organisation, id).map(call -> CallDetail.open(live.view(call)));
    return live.recent(organisation, id)
        .map(this::detail)
        .or(() -> open)
        .or(() -> tenants.in(organisation, () -> storedDetail(id)))
        .orElseThrow(() -> Problem.notFound("call"));
  }

  private CallDetail detail(SettledCall call) {
    Price price = call.price();
    return CallDetail.of(
        live.view(call), call, price == null ? Optional.empty() : prices.origin(price.version()));
  }

  private Optional<CallDetail> storedDetail(UUID id) {
    return jdbc.sql(
            """
            SELECT c.*, coalesce(k.name, c.key_id::text) AS key_name, m.name AS member_name, p.source, p.effective_from
            FROM call c LEFT JOIN api_key k ON k.id = c.key_id LEFT JOIN member m ON m.id = c.member_id
                LEFT JOIN price_version p ON p.version = c.price_version
            WHERE c.id = ?
            """)
        .params(id)
        .query((row, _) -> {
          CallView view = view(row);
          Price price = price(row);
          return new CallDetail(
              view,
              attempts(id, view.openedAt()),
              price == null
                  ? null
                  : PriceView.of(price, row.getString("source"), instant(row, "effective_from")),
              CallDetail.cost(view.usage(), price, row.getString("cost_pico")),
              CallDetail.raw(row.getString("raw_usage")),
              row.getString("client_request_id"));
        })
        .optional();
  }

  private List<AttemptView> attempts(UUID call, Instant openedAt) {
    return jdbc.sql(
            "SELECT * FROM attempt WHERE call_id = ? AND call_opened_at = ? ORDER BY ordinal")
        .params(call, Timestamp.from(openedAt))
        .query((row, _) ->
            new AttemptView(
                row.getInt("ordinal"),
                row.getString("provider"),
                row.getString("model"),
                row.getTimestamp("started_at").toInstant(),
                row.getString("outcome"),
                row.getObject("status", Integer.class),
                row.getString("provider_request_id"),
                row.getObject("ttfb_millis", Long.class),
                row.getLong("duration_millis"),
                row.getString("detail")))
        .list();
  }

  private static CallView view(ResultSet row) throws SQLException {
    UUID member = row.getObject("member_id", UUID.class);
    String memberName = row.getString("member_name");
    return new CallView(
        row.getObject("id", UUID.class),
        row.getTimestamp("opened_at").toInstant(),
        row.getTimestamp("settled_at").toInstant(),
        "settled",
        row.getString("outcome"),
        new Named(row.getObject("key_id", UUID.class), row.getString("key_name")),
        member == null
            ? null
            : new Named(member, memberName == null ? member.toString() : memberName),
        row.getString("dialect"),
        row.getString("operation"),
        row.getString("requested_model"),
        row.getString("route"),
        row.getString("provider"),
        row.getString("target_model"),
        row.getBoolean("streaming"),
        row.getObject("status", Integer.class),
        row.getString("error_type"),
        new Usage(
            row.getObject("input_tokens", Long.class),
            row.getObject("cache_write_5m_tokens", Long.class),
            row.getObject("cache_write_1h_tokens", Long.class),
            row.getObject("cache_read_tokens", Long.class),
            row.getObject("output_tokens", Long.class)),
        row.getBoolean("estimated"),
        Boolean.FALSE.equals(row.getObject("price_known", Boolean.class)),
        row.getString("cost_pico"),
        row.getObject("ttfb_millis", Long.class),
        row.getLong("duration_millis"),
        row.getLong("request_bytes"),
        row.getLong("response_bytes"),
        row.getInt("attempt_count"),
        row.getString("session_id"),
        row.getString("agent_id"),
        row.getString("parent_agent_id"),
        row.getString("user_agent"),
        row.getString("node"));
  }

  private static @Nullable Price price(ResultSet row) throws SQLException {
    String version = row.getString("price_version");
    return version == null
        ? null
        : new Price(
            version,
            row.getBoolean("price_known"),
            row.getLong("input_pico"),
            row.getLong("cache_write_5m_pico"),
            row.getLong("cache_write_1h_pico"),
            row.getLong("cache_read_pico"),
            row.getLong("output_pico"));
  }

  private static @Nullable Instant instant(ResultSet row, String column) throws SQLException {
    Timestamp value = row.getTimestamp(column);
    return value == null ? null : value.toInstant();
  }
}
