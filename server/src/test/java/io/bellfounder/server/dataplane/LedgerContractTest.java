package io.bellfounder.server.dataplane;

import static org.assertj.core.api.Assertions.assertThat;

import io.bellfounder.gateway.GatewayKey;
import io.bellfounder.gateway.SettledCall;
import io.bellfounder.server.Browser;
import io.bellfounder.server.TestServer;
import io.bellfounder.testing.Seeds;
import io.bellfounder.testing.TemporaryDatabase;
import java.math.BigInteger;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** What was settled is what the pages read, to the last digit. */
final class LedgerContractTest {
  @RegisterExtension static final TemporaryDatabase DATABASE = new TemporaryDatabase();
  @TempDir static Path data;
  private static TestServer server;
  private static Browser administrator;
  private static CallStore store;

  private final RandomGenerator random = Seeds.random("LedgerContractTest");
  private final MadeCalls made = new MadeCalls(random);

  @BeforeAll
  static void start() throws InterruptedException {
    server = TestServer.start(DATABASE, data);
    administrator = server.administrator();
    store = server.bean(CallStore.class);
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Test
  void a_batch_that_comes_again_even_at_the_same_time_counts_once() throws Exception {
    Instant day = Instant.parse("2026-01-10T00:00:00Z");
    List<SettledCall> batch = calls(200, day, Duration.ofHours(20));

    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Callable<Integer> storing = () -> store.store(batch);
      int stored = 0;
      for (var done : threads.invokeAll(List.of(storing, storing, storing))) {
        stored += done.get();
      }
      assertThat(stored).isEqualTo(200);
    }
    assertThat(store.store(batch)).isZero();

    assertThat(overview(day, "&bucket=day").path("totals").path("calls").asLong()).isEqualTo(200);
  }

  @Test
  void sums_equal_the_calls_they_are_made_of() {
    Instant day = Instant.parse("2026-01-20T00:00:00Z");
    List<SettledCall> all = calls(500, day, Duration.ofHours(24));
    for (int i = 0; i < all.size(); ) {
      int end = Math.min(all.size(), i + 1 + random.nextInt(100));
      assertThat(store.store(all.subList(i, end))).isEqualTo(end - i);
      i = end;
    }

    for (String groupBy : List.of("model", "key", "member")) {
      JsonNode overview = overview(day, "&bucket=hour&zone=Asia/Kathmandu&groupBy=" + groupBy);
      mustEqual(overview.path("totals"), all);
      assertThat(sum(overview.path("series"), "costPico")).isEqualTo(cost(all));
      assertThat(sum(overview.path("groups"), "costPico")).isEqualTo(cost(all));
      assertThat(sum(overview.path("groupSeries"), "costPico")).isEqualTo(cost(all));
      assertThat(overview.path("series").size()).isEqualTo(25);
    }
    for (String outcome : List.of("completed", "aborted", "interrupted")) {
      mustEqual(
          overview(day, "&outcome=" + outcome).path("totals"),
          all.stream().filter(call -> CallStore.word(call.outcome()).equals(outcome)).toList());
    }
  }

  private static void mustEqual(JsonNode totals, List<SettledCall> calls) {
    CallSums sums = new CallSums();
    calls.forEach(sums::add);
    assertThat(totals.path("calls").asLong()).isEqualTo(sums.calls);
    assertThat(totals.path("errors").asLong()).isEqualTo(sums.errors);
    assertThat(totals.path("estimatedCalls").asLong()).isEqualTo(sums.estimated);
    assertThat(totals.path("unpricedCalls").asLong()).isEqualTo(sums.unpriced);
    assertThat(totals.path("inputTokens").bigIntegerValue()).isEqualTo(sums.input);
    assertThat(totals.path("cacheWrite5mTokens").bigIntegerValue()).isEqualTo(sums.cacheWrite5m);
    assertThat(totals.path("cacheWrite1hTokens").bigIntegerValue()).isEqualTo(sums.cacheWrite1h);
    assertThat(totals.path("cacheReadTokens").bigIntegerValue()).isEqualTo(sums.cacheRead);
    assertThat(totals.path("outputTokens").bigIntegerValue()).isEqualTo(sums.output);
    assertThat(totals.path("costPico").asString()).isEqualTo(sums.costPico.toString());
    assertThat(totals.path("cacheCostPico").asString()).isEqualTo(sums.cacheCostPico.toString());
    assertThat(totals.path("ttfbP50Millis").asLong()).isEqualTo(sums.ttfb.percentile(50));
    assertThat(totals.path("ttfbP95Millis").asLong()).isEqualTo(sums.ttfb.percentile(95));
  }

  @Test
  void the_pages_of_a_list_hold_each_call_once_newest_first() {
    Instant day = Instant.parse("2026-01-25T00:00:00Z");
    List<SettledCall> all = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      // Many at the same instant, so that the order among them matters.
      all.add(made.call(day.plusSeconds(random.nextInt(5))));
    }
    store.store(all);

    Set<String> seen = new HashSet<>();
    Instant before = Instant.MAX;
    String cursor = "";
    do {
      JsonNode page =
          administrator
              .get(
                  "/calls?limit=7&from=%s&to=%s&cursor=%s"
                      .formatted(day, day.plusSeconds(9), cursor))
              .mustBe(200)
              .json();
      for (JsonNode call : page.path("items")) {
        assertThat(seen.add(call.path("id").asString())).isTrue();
        Instant at = Instant.parse(call.path("openedAt").asString());
        assertThat(at).isBeforeOrEqualTo(before);
        before = at;
      }
      cursor = page.path("nextCursor").asString("");
    } while (!cursor.isEmpty());

    assertThat(seen).hasSize(60);
  }

  @Test
  void a_number_opens_just_the_calls_it_counts() {
    Instant day = Instant.parse("2026-02-10T00:00:00Z");
    List<SettledCall> all = calls(180, day, Duration.ofHours(20));
    all.add(made.call(made.key(), day.plusSeconds(5), "session-f", null, null));
    all.add(made.call(made.key(), day.plusSeconds(6), "session-f", "agent-f", null));
    store.store(all);

    assertThat(listed(day, "&outcome=aborted,cut"))
        .containsExactlyInAnyOrderElementsOf(
            ids(all, call -> Set.of("aborted", "cut").contains(CallStore.word(call.outcome()))));
    assertThat(listed(day, "&estimated=true"))
        .containsExactlyInAnyOrderElementsOf(ids(all, SettledCall::estimated));
    assertThat(listed(day, "&unpriced=true"))
        .containsExactlyInAnyOrderElementsOf(
            ids(all, call -> call.price() != null && !call.price().known()));
    assertThat(listed(day, "&memberId=none")).hasSize(all.size());
    assertThat(listed(day, "&sessionId=session-f&agentId=agent-f"))
        .containsExactlyElementsOf(ids(all, call -> "agent-f".equals(call.opened().agentId())));
    assertThat(listed(day, "&sessionId=session-f&agentId=main")).hasSize(1);
  }

  private static List<String> ids(List<SettledCall> calls, Predicate<SettledCall> wanted) {
    return calls.stream().filter(wanted).map(call -> call.opened().id().toString()).toList();
  }

  private static List<String> listed(Instant day, String filter) {
    List<String> ids = new ArrayList<>();
    administrator
        .get(
            "/calls?limit=200&from=%s&to=%s%s".formatted(day, day.plus(Duration.ofDays(1)), filter))
        .mustBe(200)
        .json()
        .path("items")
        .forEach(item -> ids.add(item.path("id").asString()));
    return ids;
  }

  @Test
  void a_call_opens_down_to_tokens_times_price_and_its_attempts() {
    SettledCall call = made.call(Instant.parse("2026-01-26T10:00:00.123456Z"));
    store.store(List.of(call));

    JsonNode detail = administrator.get("/calls/" + call.opened().id()).mustBe(200).json();

    assertThat(detail.path("costPico").asString()).isEqualTo(Long.toString(call.costPico()));
    assertThat(sum(detail.path("cost").path("lines"), "costPico"))
        .isEqualTo(BigInteger.valueOf(call.costPico()));
    for (JsonNode line : detail.path("cost").path("lines")) {
      assertThat(
              new BigInteger(line.path("pricePico").asString())
                  .multiply(BigInteger.valueOf(line.path("tokens").asLong())))
          .isEqualTo(new BigInteger(line.path("costPico").asString()));
    }
    assertThat(detail.path("attempts").findValuesAsString("outcome"))
        .containsExactly("overloaded", "ok");
    assertThat(detail.path("rawUsage").path("input_tokens").asInt()).isEqualTo(1);
    assertThat(detail.path("openedAt").asString()).isEqualTo("2026-01-26T10:00:00.123456Z");
    Long input = call.usage().input();
    assertThat(detail.path("usage").path("input").isNull()).isEqualTo(input == null);
    administrator.get("/calls/" + UUID.randomUUID()).mustBeProblem(404, "not_found");
  }

  @Test
  void a_call_is_stored_whatever_characters_its_model_and_its_session_have() {
    String odd = "\u0000 '\"{},\\ \ud800 ";
    Instant at = Instant.parse("2026-01-12T10:00:00Z");
    String session = odd + UUID.randomUUID();
    SettledCall call = made.callFor(odd + "model", made.key(), at, session, odd, odd);

    assertThat(store.store(List.of(call))).isEqualTo(1);
  }

  @Test
  void a_session_is_a_tree_even_where_parents_are_missing_or_go_in_a_circle() {
    String session = "session " + UUID.randomUUID();
    Instant at = Instant.parse("2026-01-27T10:00:00Z");
    GatewayKey key = made.key();
    List<SettledCall> all =
        List.of(
            made.call(key, at, session, null, null),
            made.call(key, at.plusSeconds(1), session, "a", null),
            made.call(key, at.plusSeconds(2), session, "b", "a"),
            made.call(key, at.plusSeconds(3), session, "c", "d"),
            made.call(key, at.plusSeconds(4), session, "d", "c"),
            made.call(key, at.plusSeconds(5), session, "e", "nobody"),
            made.call(key, at.plusSeconds(6), session, "f", "f"));
    store.store(all.subList(0, 4));
    store.store(all.subList(4, 7));

    String path = session.replace(" ", "%20");
    JsonNode detail = administrator.get("/sessions/tree?sessionId=" + path).mustBe(200).json();

    JsonNode root = detail.path("root");
    assertThat(root.path("agentId").isNull()).isTrue();
    assertThat(root.path("children").findValuesAsString("agentId"))
        .containsExactlyInAnyOrder("a", "b", "c", "d", "e", "f");
    List<String> direct = new ArrayList<>();
    root.path("children").forEach(child -> direct.add(child.path("agentId").asString()));
    assertThat(direct).containsExactly("a", "c", "d", "e", "f");
    assertThat(root.path("totalCostPico").asString()).isEqualTo(cost(all).toString());
    assertThat(detail.path("totals").path("costPico").asString()).isEqualTo(cost(all).toString());
    JsonNode listed =
        administrator
            .get("/sessions?from=2026-01-27T00:00:00Z&to=2026-01-28T00:00:00Z")
            .mustBe(200)
            .json()
            .path("items")
            .get(0);
    assertThat(listed.path("sessionId").asString()).isEqualTo(session);
    assertThat(listed.path("agents").asInt()).isEqualTo(7);
    assertThat(listed.path("costPico").asString()).isEqualTo(cost(all).toString());
    mustEqual(
        overview(Instant.parse("2026-01-27T00:00:00Z"), "&sessionId=" + path).path("totals"), all);
    administrator.get("/sessions/tree?sessionId=unknown").mustBeProblem(404, "not_found");
  }

  @Test
  void days_are_those_of_the_time_zone_also_when_the_clocks_change() {
    JsonNode autumn =
        administrator
            .get(
                "/overview?from=2026-10-24T22:00:00Z&to=2026-10-26T23:00:00Z&zone=Europe/Vienna&bucket=day")
            .mustBe(200)
            .json();
    assertThat(autumn.path("series").findValuesAsString("start"))
        .containsExactly("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z");

    JsonNode hours =
        administrator
            .get(
                "/overview?from=2026-10-24T22:00:00Z&to=2026-10-25T23:00:00Z&zone=Europe/Vienna&bucket=hour")
            .mustBe(200)
            .json();
    assertThat(hours.path("series").size()).isEqualTo(25);
    assertThat(hours.path("series").get(0).path("ttfbP50Millis").isNull()).isTrue();
    assertThat(hours.path("series").get(0).path("costPico").asString()).isEqualTo("0");
  }

  @Test
  void ranges_and_filters_that_make_no_sense_are_refused_by_field() {
    for (String query :
        List.of(
            "from=2024-01-01T00:00:00Z&to=2026-01-01T00:00:00Z",
            "from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z",
            "from=2026-01-01T00:00:00Z&to=2026-12-01T00:00:00Z&bucket=hour",
            "zone=Nowhere/Atall",
            "bucket=minute",
            "groupBy=colour",
            "outcome=lucky",
            "keyId=mine",
            "from=yesterday")) {
      administrator.get("/overview?" + query).mustBeProblem(422, "validation_failed");
    }
  }

  private List<SettledCall> calls(int count, Instant from, Duration range) {
    List<SettledCall> calls = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      calls.add(made.call(from.plusMillis(random.nextLong(range.toMillis()))));
    }
    return calls;
  }

  private static JsonNode overview(Instant day, String more) {
    return administrator
        .get("/overview?from=%s&to=%s%s".formatted(day, day.plus(Duration.ofDays(1)), more))
        .mustBe(200)
        .json();
  }

  private static BigInteger sum(JsonNode of, String field) {
    BigInteger sum = BigInteger.ZERO;
    for (JsonNode each : of) {
      sum = sum.add(new BigInteger(each.path(field).asString()));
    }
    return sum;
  }

  private static BigInteger cost(List<SettledCall> calls) {
    return calls.stream()
        .map(call -> BigInteger.valueOf(call.costPico()))
        .reduce(BigInteger.ZERO, BigInteger::add);
  }
}
