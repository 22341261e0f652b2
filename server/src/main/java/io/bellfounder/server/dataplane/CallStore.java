package io.bellfounder.server.dataplane;

import io.bellfounder.gateway.Attempt;
import io.bellfounder.gateway.OpenedCall;
import io.bellfounder.gateway.PriceBook.Price;
import io.bellfounder.gateway.PriceFile;
import io.bellfounder.gateway.SettledCall;
import io.bellfounder.server.tenant.Tenants;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.stereotype.Component;

/**
 * The ledger in PostgreSQL. A batch is one transaction for each organisation: the calls, their
 * attempts, and the sums that pages read. A call that is there already changes nothing, so a batch
 * may come twice, also from two nodes at once.
 */
@Component
final class CallStore {
  /** Every statement touches its rows in one order, so that two batches wait and never deadlock. */
  private static final Comparator<SettledCall> BY_ID =
      Comparator.comparing((SettledCall call) -> call.opened().id());

  private static final long SLOT_SECONDS = 900;

  private record Tried(SettledCall call, Attempt attempt) {}

  private static final BulkInsert<SettledCall> CALLS =
      BulkInsert.<SettledCall>into("call")
          .uuid("id", call -> call.opened().id())
          .at("opened_at", call -> call.opened().openedAt())
          .at("settled_at", SettledCall::settledAt)
          .text("node", call -> call.opened().node())
          .uuid("key_id", call -> call.opened().key().id())
          .uuid("member_id", call -> call.opened().key().memberId())
          .text("dialect", call -> word(call.opened().dialect()))
          .text("operation", call -> call.opened().operation())
          .text("requested_model", call -> call.opened().requestedModel())
          .text("route", call -> call.opened().route())
          .text("provider", CallStore::provider)
          .text(
              "target_model",
              call -> call.targetModel() == null ? call.opened().targetModel() : call.targetModel())
          .bool("streaming", call -> call.opened().streaming())
          .text("outcome", call -> word(call.outcome()))
          .number("status", call -> whole(call.status()))
          .text("error_type", SettledCall::errorType)
          .number("input_tokens", call -> call.usage().input())
          .number("cache_write_5m_tokens", call -> call.usage().cacheWrite5m())
          .number("cache_write_1h_tokens", call -> call.usage().cacheWrite1h())
          .number("cache_read_tokens", call -> call.usage().cacheRead())
          .number("output_tokens", call -> call.usage().output())
          .bool("estimated", SettledCall::estimated)
          .text("raw_usage", SettledCall::rawUsage)
          .text("price_version", call -> of(call.price(), Price::version))
          .bool("price_known", call -> of(call.price(), Price::known))
          .number("input_pico", call -> of(call.price(), Price::inputPico))
          .number("cache_write_5m_pico", call -> of(call.price(), Price::cacheWrite5mPico))
          .number("cache_write_1h_pico", call -> of(call.price(), Price::cacheWrite1hPico))
          .number("cache_read_pico", call -> of(call.price(), Price::cacheReadPico))
          .number("output_pico", call -> of(call.price(), Price::outputPico))
          .number("cost_pico", SettledCall::costPico)
          .number("ttfb_millis", SettledCall::ttfbMillis)
          .number("duration_millis", SettledCall::durationMillis)
          .number("request_bytes", call -> call.opened().requestBytes())
          .number("response_bytes", SettledCall::responseBytes)
          .number("attempt_count", call -> (long) call.attempts().size())
          .text("session_id", call -> call.opened().sessionId())
          .text("agent_id", call -> call.opened().agentId())
          .text("parent_agent_id", call -> call.opened().parentAgentId())
          .text("user_agent", call -> call.opened().userAgent())
          .text("client_request_id", call -> call.opened().clientRequestId());

  private static final BulkInsert<Tried> ATTEMPTS =
      BulkInsert.<Tried>into("attempt")
          .uuid("call_id", tried -> tried.call().opened().id())
          .at("call_opened_at", tried -> tried.call().opened().openedAt())
          .number("ordinal", tried -> (long) tried.attempt().ordinal())
          .text("provider", tried -> tried.attempt().provider())
          .text("model", tried -> tried.attempt().model())
          .at("started_at", tried -> tried.attempt().startedAt())
          .text("outcome", tried -> word(tried.attempt().outcome()))
          .number("status", tried -> whole(tried.attempt().status()))
          .text("provider_request_id", tried -> tried.attempt().providerRequestId())
          .number("ttfb_millis", tried -> tried.attempt().ttfbMillis())
          .number("duration_millis", tried -> tried.attempt().durationMillis())
          .text("detail", tried -> tried.attempt().detail());

  private final JdbcTemplate jdbc;
  private final Tenants tenants;
  private final Function<String, java.util.Optional<PriceFile.Origin>> origins;

  CallStore(JdbcTemplate jdbc, Tenants tenants, Prices prices) {
    this.jdbc = jdbc;
    this.tenants = tenants;
    this.origins = prices::origin;
  }

  /**
   * @return how many of the calls were new
   */
  int store(List<SettledCall> batch) {
    Map<UUID, List<SettledCall>> byOrganisation =
        batch.stream()
            .collect(
                Collectors.groupingBy(
                    call -> call.opened().key().organisationId(),
                    TreeMap::new,
                    Collectors.toList()));
    int stored = 0;
    for (var part : byOrganisation.entrySet()) {
      stored += tenants.in(part.getKey(), () -> storeIn(part.getKey(), part.getValue()));
    }
    return stored;
  }

  private int storeIn(UUID organisation, List<SettledCall> calls) {
    List<SettledCall> fresh = insert(organisation, calls.stream().sorted(BY_ID).toList());
    if (!fresh.isEmpty()) {
      insertAttempts(organisation, fresh);
      insertPrices(fresh);
      addToRollups(organisation, fresh);
      addToSessions(organisation, fresh);
    }
    return fresh.size();
  }

  /** Those that were not there yet. */
  private List<SettledCall> insert(UUID organisation, List<SettledCall> calls) {
    Set<UUID> inserted =
        Set.copyOf(
            CALLS.returning(
                jdbc, calls, organisation, "id", (row, _) -> row.getObject(1, UUID.class)));
    return calls.stream().filter(call -> inserted.contains(call.opened().id())).toList();
  }

  private void insertAttempts(UUID organisation, List<SettledCall> calls) {
    ATTEMPTS.insert(
        jdbc,
        calls.stream()
            .flatMap(call -> call.attempts().stream().map(attempt -> new Tried(call, attempt)))
            .toList(),
        organisation);
  }

  private void insertPrices(List<SettledCall> calls) {
    Map<String, Price> prices = new TreeMap<>();
    for (SettledCall call : calls) {
      Price price = call.price();
      if (price != null) {
        prices.put(price.version(), price);
      }
    }
    var _ =
        jdbc.batchUpdate(
            """
            INSERT INTO price_version (version, known, source, effective_from, input_pico, cache_write_5m_pico,
                cache_write_1h_pico, cache_read_pico, output_pico)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
            """,
            prices.values(),
            500,
            (statement, price) -> {
              var origin = origins.apply(price.version());
              Row row = new Row(statement);
              row.text(price.version()).bool(price.known());
              row.text(origin.map(o -> o.source().page()).orElse(null));
              row.at(origin.map(PriceFile.Origin::effectiveFrom).orElse(null));
              row.number(price.inputPico()).number(price.cacheWrite5mPico());
              row.number(price.cacheWrite1hPico()).number(price.cacheReadPico());
              row.number(price.outputPico());
            });
  }

  private void addToRollups(UUID organisation, List<SettledCall> calls) {
    Map<Rollup, CallSums> sums = new TreeMap<>(Rollup.ORDER);
    for (SettledCall call : calls) {
      sums.computeIfAbsent(Rollup.of(call), _ -> new CallSums()).add(call);
    }
    var _ =
        jdbc.batchUpdate(
            """
            INSERT INTO call_rollup AS r (organisation_id, slot, key_id, member_id, requested_model, provider, outcome,
                calls, errors, estimated_calls, unpriced_calls, input_tokens, cache_write_5m_tokens,
                cache_write_1h_tokens, cache_read_tokens, output_tokens, cost_pico, cache_cost_pico, ttfb)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?::bigint[])
            ON CONFLICT (organisation_id, slot, key_id, member_id, requested_model, provider, outcome) DO UPDATE SET
                calls = r.calls + excluded.calls,
                errors = r.errors + excluded.errors,
                estimated_calls = r.estimated_calls + excluded.estimated_calls,
                unpriced_calls = r.unpriced_calls + excluded.unpriced_calls,
                input_tokens = r.input_tokens + excluded.input_tokens,
                cache_write_5m_tokens = r.cache_write_5m_tokens + excluded.cache_write_5m_tokens,
                cache_write_1h_tokens = r.cache_write_1h_tokens + excluded.cache_write_1h_tokens,
                cache_read_tokens = r.cache_read_tokens + excluded.cache_read_tokens,
                output_tokens = r.output_tokens + excluded.output_tokens,
                cost_pico = r.cost_pico + excluded.cost_pico,
                cache_cost_pico = r.cache_cost_pico + excluded.cache_cost_pico,
                ttfb = coalesce(add_counts(r.ttfb, excluded.ttfb), '{}')
            """,
            sums.entrySet(),
            500,
            (statement, entry) -> {
              Rollup rollup = entry.getKey();
              CallSums sum = entry.getValue();
              Row row = new Row(statement);
              row.uuid(organisation).at(rollup.slot()).uuid(rollup.keyId()).uuid(rollup.memberId());
              row.text(rollup.model()).text(rollup.provider()).text(rollup.outcome());
              row.number(sum.calls).number(sum.errors).number(sum.estimated).number(sum.unpriced);
              row.exact(sum.input).exact(sum.cacheWrite5m).exact(sum.cacheWrite1h);
              row.exact(sum.cacheRead).exact(sum.output);
              row.exact(sum.costPico).exact(sum.cacheCostPico).text(sum.ttfb.text());
            });
  }

  private void addToSessions(UUID organisation, List<SettledCall> calls) {
    Map<String, Map<String, List<SettledCall>>> sessions = new TreeMap<>();
    for (SettledCall call : calls) {
      String session = call.opened().sessionId();
      if (session != null) {
        String agent = call.opened().agentId();
        sessions
            .computeIfAbsent(session, _ -> new TreeMap<>())
            .computeIfAbsent(agent == null ? "" : agent, _ -> new ArrayList<>())
            .add(call);
      }
    }
    var _ =
        jdbc.batchUpdate(
            """
            INSERT INTO coding_session AS s (organisation_id, session_id, key_id, first_call_at, last_call_at, calls,
                errors, input_tokens, cache_read_tokens, output_tokens, cost_pico, models)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?::text[])
            ON CONFLICT (organisation_id, session_id) DO UPDATE SET
                first_call_at = least(s.first_call_at, excluded.first_call_at),
                last_call_at = greatest(s.last_call_at, excluded.last_call_at),
                calls = s.calls + excluded.calls,
                errors = s.errors + excluded.errors,
                input_tokens = s.input_tokens + excluded.input_tokens,
                cache_read_tokens = s.cache_read_tokens + excluded.cache_read_tokens,
                output_tokens = s.output_tokens + excluded.output_tokens,
                cost_pico = s.cost_pico + excluded.cost_pico,
                models = ARRAY(SELECT DISTINCT m FROM unnest(s.models || excluded.models) AS m ORDER BY m LIMIT 20)
            """,
            sessions.entrySet(),
            500,
            (statement, entry) -> {
              List<SettledCall> of =
                  entry.getValue().values().stream().flatMap(List::stream).toList();
              Row row = new Row(statement);
              row.uuid(organisation).text(entry.getKey()).uuid(of.getFirst().opened().key().id());
              sums(row, of);
              TreeSet<String> models = new TreeSet<>();
              of.forEach(call -> models.add(call.opened().requestedModel()));
              row.array(models.stream().limit(20));
            });
    List<Map.Entry<String, Map.Entry<String, List<SettledCall>>>> agents = new ArrayList<>();
    sessions.forEach(
        (session, of) -> of.entrySet().forEach(agent -> agents.add(Map.entry(session, agent))));
    var _ =
        jdbc.batchUpdate(
            """
            INSERT INTO session_agent AS s (organisation_id, session_id, agent_id, parent_agent_id, first_call_at,
                last_call_at, calls, errors, input_tokens, cache_read_tokens, output_tokens, cost_pico)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (organisation_id, session_id, agent_id) DO UPDATE SET
                parent_agent_id = coalesce(s.parent_agent_id, excluded.parent_agent_id),
                first_call_at = least(s.first_call_at, excluded.first_call_at),
                last_call_at = greatest(s.last_call_at, excluded.last_call_at),
                calls = s.calls + excluded.calls,
                errors = s.errors + excluded.errors,
                input_tokens = s.input_tokens + excluded.input_tokens,
                cache_read_tokens = s.cache_read_tokens + excluded.cache_read_tokens,
                output_tokens = s.output_tokens + excluded.output_tokens,
                cost_pico = s.cost_pico + excluded.cost_pico
            """,
            agents,
            500,
            (statement, entry) -> {
              List<SettledCall> of = entry.getValue().getValue();
              String agent = entry.getValue().getKey();
              Row row = new Row(statement);
              row.uuid(organisation).text(entry.getKey()).text(agent.isEmpty() ? null : agent);
              row.text(parent(of));
              sums(row, of);
            });
  }

  private static void sums(Row row, List<SettledCall> calls) throws SQLException {
    CallSums sum = new CallSums();
    calls.forEach(sum::add);
    List<Instant> times = calls.stream().map(call -> call.opened().openedAt()).sorted().toList();
    row.at(times.getFirst()).at(times.getLast());
    row.number(sum.calls).number(sum.errors);
    row.exact(sum.input).exact(sum.cacheRead).exact(sum.output).exact(sum.costPico);
  }

  private static @Nullable String parent(List<SettledCall> calls) {
    for (SettledCall call : calls) {
      if (call.opened().parentAgentId() != null) {
        return call.opened().parentAgentId();
      }
    }
    return null;
  }

  private static @Nullable String provider(SettledCall call) {
    return call.provider() == null ? call.opened().provider() : call.provider();
  }

  private static @Nullable Long whole(@Nullable Integer value) {
    return value == null ? null : value.longValue();
  }

  private static <T, R> @Nullable R of(@Nullable T whole, Function<T, R> part) {
    return whole == null ? null : part.apply(whole);
  }

  static String word(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  /** The sums a call goes into. */
  private record Rollup(
      Instant slot,
      UUID keyId,
      @Nullable UUID memberId,
      String model,
      @Nullable String provider,
      String outcome) {
    static final Comparator<Rollup> ORDER =
        Comparator.comparing(Rollup::slot)
            .thenComparing(Rollup::keyId)
            .thenComparing(rollup -> String.valueOf(rollup.memberId()))
            .thenComparing(Rollup::model)
            .thenComparing(rollup -> rollup.provider() == null ? "" : rollup.provider())
            .thenComparing(Rollup::outcome);

    static Rollup of(SettledCall call) {
      OpenedCall opened = call.opened();
      long seconds = opened.openedAt().getEpochSecond();
      return new Rollup(
          Instant.ofEpochSecond(seconds - Math.floorMod(seconds, SLOT_SECONDS)),
          opened.key().id(),
          opened.key().memberId(),
          opened.requestedModel(),
          CallStore.provider(call),
          word(call.outcome()));
    }
  }

  /** Binds values one after another. */
  private static final class Row {
    private final PreparedStatement to;
    private int place;

    Row(PreparedStatement to) {
      this.to = to;
    }

    Row text(@Nullable String value) throws SQLException {
      to.setString(++place, BulkInsert.storable(value));
      return this;
    }

    Row uuid(@Nullable UUID value) throws SQLException {
      to.setObject(++place, value, Types.OTHER);
      return this;
    }

    Row at(@Nullable Instant value) throws SQLException {
      to.setTimestamp(
          ++place, value == null ? null : Timestamp.from(value.truncatedTo(ChronoUnit.MICROS)));
      return this;
    }

    Row number(@Nullable Long value) throws SQLException {
      to.setObject(++place, value, Types.BIGINT);
      return this;
    }

    Row exact(java.math.BigInteger value) throws SQLException {
      to.setBigDecimal(++place, new java.math.BigDecimal(value));
      return this;
    }

    Row bool(@Nullable Boolean value) throws SQLException {
      to.setObject(++place, value, Types.BOOLEAN);
      return this;
    }

    Row array(Stream<String> values) throws SQLException {
      Object[] storable = values.map(BulkInsert::storable).toArray();
      to.setArray(++place, to.getConnection().createArrayOf("text", storable));
      return this;
    }
  }
}
