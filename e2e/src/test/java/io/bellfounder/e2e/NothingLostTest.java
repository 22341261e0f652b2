package io.bellfounder.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.bellfounder.postgres.EmbeddedPostgres;
import io.bellfounder.postgres.PostgresSettings;
import io.bellfounder.testing.Await;
import io.bellfounder.testing.Seeds;
import java.math.BigInteger;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * No settled call is lost or doubled: mixed calls with random departures and faults, and in the
 * middle of them the server is killed with signal 9, or its database is stopped. Afterwards the
 * ledger agrees with the provider's own bill, call by call, to the token and to the last
 * pico-dollar.
 */
class NothingLostTest {

  private static final int AT_ONCE = 16;

  @Test
  void a_kill_in_the_middle_of_a_thousand_calls_loses_and_doubles_nothing() {
    long seed = Seeds.seed("a_kill_in_the_middle_of_a_thousand_calls_loses_and_doubles_nothing");
    Path data = DataDirectories.fresh();
    try (Upstream provider = Upstream.start()) {
      Map<String, String> environment = World.environment(provider.untapped(), Map.of());
      Bellfounder server = Bellfounder.up(data, environment);
      try (Load load = new Load(seed, 1_000, server.url(), keyOf(server))) {
        provider.choose(load.rules());
        load.start(AT_ONCE);
        load.awaitEnded(500);
        server.kill();
        int endedBefore = load.ended();

        server = Bellfounder.up(data, environment);
        load.moveTo(server.url());
        load.awaitAll();

        System.out.println("killed after " + endedBefore + " calls");
        compare(load, server, provider, true);
      } finally {
        server.close();
      }
    }
  }

  @Test
  void a_database_that_is_away_for_a_while_holds_nobody_up() {
    long seed = Seeds.seed("a_database_that_is_away_for_a_while_holds_nobody_up");
    Path data = DataDirectories.fresh();
    PostgresSettings settings = PostgresSettings.durable(DataDirectories.fresh());
    EmbeddedPostgres postgres = EmbeddedPostgres.start(settings);
    int port = postgres.address().port();
    try (Upstream provider = Upstream.start()) {
      String database =
          "postgres://%s:%s@127.0.0.1:%d/postgres"
              .formatted(postgres.address().user(), postgres.address().password(), port);
      Bellfounder server =
          Bellfounder.up(
              data, World.environment(provider.untapped(), Map.of("BELL_DATABASE_URL", database)));
      try (Load load = new Load(seed, 300, server.url(), keyOf(server))) {
        provider.choose(load.rules());
        load.start(AT_ONCE);
        load.awaitEnded(100);
        postgres.close();
        load.awaitAll();
        try (RawHttp http = RawHttp.connect(server.url())) {
          assertThat(http.get("/health/ready").answer(Duration.ofSeconds(5)).status())
              .isEqualTo(200);
        }

        postgres = EmbeddedPostgres.start(settings);
        assertThat(postgres.address().port()).isEqualTo(port);
        compare(load, server, provider, false);
      } finally {
        server.close();
      }
    } finally {
      postgres.close();
    }
  }

  private static String keyOf(Bellfounder server) {
    try (Api api = server.administrator()) {
      return api.key("load");
    }
  }

  private static void compare(Load load, Bellfounder server, Upstream provider, boolean killed) {
    Map<String, List<Upstream.Billed>> bill = provider.bill();
    try (Api api = server.administratorAgain()) {
      Await.until(
          "every call the provider saw is settled, and all that are settled are in the database",
          Duration.ofSeconds(60),
          () -> {
            // The list shows a call the moment it is settled, the sums when the database has it.
            Map<String, JsonNode> found = bySession(api.calls(Map.of()));
            return found.keySet().containsAll(bill.keySet())
                && found.values().stream().allMatch(Api::settled)
                && totals(api).path("calls").asInt() == found.size();
          });
      Map<String, JsonNode> ledger = bySession(api.calls(Map.of()));
      Map<String, Integer> count = new TreeMap<>();
      BigInteger sum = BigInteger.ZERO;
      int streams = 0;
      for (Load.Plan plan : load.plans()) {
        List<Upstream.Billed> billed = bill.getOrDefault(plan.session(), List.of());
        JsonNode call = ledger.get(plan.session());
        String outcome = call == null ? "never opened" : call.path("outcome").asText();
        count.merge(outcome, 1, Integer::sum);
        Load.End end = load.end(plan);
        if (call == null) {
          // Only a call that broke before the gateway had read it may be unknown, and then the
          // provider knows nothing of it.
          assertThat(billed).as(plan.session()).isEmpty();
          assertThat(end).isInstanceOf(Load.End.Broke.class);
          assertThat(killed).isTrue();
          continue;
        }
        sum = sum.add(new BigInteger(call.path("costPico").asText()));
        new Settlement(plan, end, call, billed).check(killed);
        if (plan.stream() && checkStream(plan, end)) {
          streams++;
        }
      }
      System.out.println(
          load.plans().size() + " calls: " + count + "; together " + sum + " pico-dollars");
      assertThat(streams).isPositive();
      // Of sixteen clients at once some were always in the middle of an answer.
      assertThat(count.getOrDefault("interrupted", 0) > 0).isEqualTo(killed);
      assertThat(new BigInteger(totals(api).path("costPico").asText())).isEqualTo(sum);
    }
  }

  /** Whether it came whole; what came of the others is right as far as it goes. */
  private static boolean checkStream(Load.Plan plan, Load.@Nullable End end) {
    return switch (end) {
      case Load.End.Whole(int status, String body) when status == 200 -> {
        Grammar.assertKept(plan.dialect(), SameBytes.utf8(body), plan.session());
        yield true;
      }
      case Load.End.Left(String body) -> {
        Grammar.assertKeptSoFar(plan.dialect(), SameBytes.utf8(body), plan.session());
        yield false;
      }
      case Load.End.Broke(_, String body) -> {
        Grammar.assertKeptSoFar(plan.dialect(), SameBytes.utf8(body), plan.session());
        yield false;
      }
      case Load.End.Whole _ -> false;
      case null -> false;
    };
  }

  private static JsonNode totals(Api api) {
    Instant now = Instant.now();
    return api.get(
            "/overview?from=%s&to=%s&zone=UTC&bucket=day&groupBy=model"
                .formatted(now.minus(Duration.ofDays(1)), now.plus(Duration.ofDays(1))))
        .expect(200)
        .path("totals");
  }

  private static Map<String, JsonNode> bySession(List<JsonNode> calls) {
    Map<String, JsonNode> found = new HashMap<>();
    for (JsonNode call : calls) {
      JsonNode before = found.put(call.path("sessionId").asText(), call);
      assertThat(before).as("a second record for one call").isNull();
    }
    return found;
  }
}
