package io.bellfounder.server.dataplane;

import static org.assertj.core.api.Assertions.assertThat;

import io.bellfounder.gateway.Attempt;
import io.bellfounder.gateway.TargetHealth;
import io.bellfounder.server.Browser;
import io.bellfounder.server.TestServer;
import io.bellfounder.server.tenant.Tenants;
import io.bellfounder.testing.Await;
import io.bellfounder.testing.FreePorts;
import io.bellfounder.testing.TemporaryDatabase;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.jdbc.core.simple.JdbcClient;
import tools.jackson.databind.JsonNode;

/** The gateway inside the product: keys, ledger, live feed, restarts. */
final class DataPlaneTest {

  @RegisterExtension final TemporaryDatabase database = new TemporaryDatabase();
  @TempDir Path data;
  private final HttpClient http = HttpClient.newHttpClient();
  private final OneProvider provider = new OneProvider();

  @AfterEach
  void stopProvider() {
    provider.close();
  }

  @Test
  void a_call_is_seen_live_and_ends_in_the_ledger_with_its_cost() throws Exception {
    try (TestServer server = start(database.url())) {
      Browser administrator = server.administrator();
      Queue<String> lines = listen(server, administrator, "");
      Await.until("listening", () -> !lines.isEmpty());
      String secret = newKey(administrator);
      assertThat(administrator.get("/connect").json().path("firstCall").isNull()).isTrue();
      Await.until("the key is known", () -> call(server, secret) == 200);

      Await.until("opened", () -> lines.contains("event: call.opened"));
      Await.until("settled", () -> lines.contains("event: call.settled"));
      assertThat(lines).contains("event: key.changed");
      JsonNode call =
          Await.value(
              "in the database",
              Duration.ofSeconds(10),
              () -> {
                var waiting = server.bean(LiveCalls.class).of(Tenants.FIRST);
                return waiting.isEmpty()
                    ? administrator.get("/calls").json().path("items").path(0)
                    : administrator.get("/nothing").json();
              },
              found -> found.path("state").asString("").equals("settled"));
      assertThat(call.path("outcome").asString()).isEqualTo("completed");
      assertThat(call.path("key").path("name").asString()).isEqualTo("laptop");
      assertThat(call.path("usage").path("input").asLong()).isEqualTo(10);
      assertThat(call.path("usage").path("cacheRead").isNull()).isTrue();
      JsonNode detail = administrator.get("/calls/" + call.path("id").asString()).json();
      assertThat(detail.path("price").path("known").asBoolean()).isTrue();
      assertThat(detail.path("price").path("source").asString()).isNotEmpty();
      assertThat(detail.path("cost").path("totalPico").asString())
          .isEqualTo(call.path("costPico").asString())
          .isNotEqualTo("0");
      JsonNode connect = administrator.get("/connect").json();
      assertThat(connect.path("firstCall").path("keyName").asString()).isEqualTo("laptop");
      JsonNode known = administrator.get("/providers").json().path("items").path(0);
      assertThat(known.path("health").asString()).isEqualTo("healthy");
      assertThat(known.path("credential").asString()).doesNotContain("provider-secret");
      Await.until(
          "last use is written down",
          () ->
              !administrator.get("/keys").json().path("items").path(0).path("lastUsedAt").isNull());
      assertThat(server.browser().get("//metrics").response().body())
          .contains("bellfounder_calls_total", "bellfounder_ledger_waiting");
      try (var files = Files.walk(data)) {
        for (Path file : files.filter(Files::isRegularFile).toList()) {
          assertThat(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1))
              .as(file.toString())
              .doesNotContain(secret)
              .doesNotContain(OneProvider.PROMPT);
        }
      }
    }
  }

  @Test
  void what_a_provider_was_called_for_is_told_to_the_callers_organisation_alone() throws Exception {
    try (TestServer server = start(database.url())) {
      Browser administrator = server.administrator();
      String secret = newKey(administrator);
      provider.leave();

      Await.until("the key is known", () -> call(server, secret) >= 500);

      JsonNode error = lastError(administrator.get("/providers").json().path("items"));
      assertThat(error.path("outcome").asString()).isEqualTo("connect_failed");
      assertThat(error.path("detail").asString()).isNotEmpty();
      JsonNode call =
          administrator.get("/calls/" + error.path("callId").asString()).mustBe(200).json();
      assertThat(call.path("attempts").path(0).path("outcome").asString())
          .isEqualTo("connect_failed");
      String model = call.path("requestedModel").asString();
      assertThat(models(server, Tenants.FIRST)).contains(model);
      assertThat(models(server, UUID.randomUUID())).isNotEmpty().doesNotContain(model);
    }
  }

  private static List<String> models(TestServer server, UUID organisation) {
    return server.bean(ProviderReads.class).providers(organisation).stream()
        .flatMap(view -> view.targets().stream())
        .map(ProviderReads.TargetView::model)
        .toList();
  }

  @Test
  void where_a_route_names_a_target_its_last_error_tells_others_nothing_of_the_call() {
    UUID own = UUID.randomUUID();
    var met =
        new TargetHealth.LastError(
            Instant.EPOCH, Attempt.Outcome.TIMED_OUT, 500, "words", own, UUID.randomUUID());

    var toOthers = ProviderReads.LastErrorView.of(met, UUID.randomUUID());

    assertThat(ProviderReads.LastErrorView.of(met, own).detail()).isEqualTo("words");
    assertThat(toOthers.status()).isEqualTo(500);
    assertThat(toOthers.detail()).isNull();
    assertThat(toOthers.callId()).isNull();
  }

  private static JsonNode lastError(JsonNode providers) {
    return providers
        .valueStream()
        .flatMap(one -> one.path("targets").valueStream())
        .map(target -> target.path("lastError"))
        .filter(error -> !error.isNull())
        .findFirst()
        .orElseThrow();
  }

  @Test
  void a_page_that_comes_back_hears_what_it_missed_and_a_stranger_to_this_process_resets()
      throws Exception {
    try (TestServer server = start(database.url())) {
      Browser administrator = server.administrator();
      Queue<String> first = listen(server, administrator, "");
      Await.until("listening", () -> !first.isEmpty());
      administrator.post("/keys", Map.of("name", "one")).mustBe(201);
      Await.until("told", () -> first.stream().anyMatch(line -> line.contains("\"one\"")));
      String id =
          first.stream()
              .filter(line -> line.startsWith("id: "))
              .reduce((_, last) -> last)
              .orElseThrow()
              .substring("id: ".length());
      administrator.post("/keys", Map.of("name", "two")).mustBe(201);

      Queue<String> resumed = listen(server, administrator, id);
      Await.until("told again", () -> resumed.stream().anyMatch(line -> line.contains("\"two\"")));
      assertThat(resumed).noneMatch(line -> line.contains("\"one\""));
      Queue<String> stranger = listen(server, administrator, "gone-17");
      Await.until("reset", () -> stranger.contains("event: reset"));

      administrator.delete("/session").mustBe(204);
      Await.until("all streams end with the session", () -> resumed.contains("(end)"));
    }
  }

  @Test
  void a_revoked_key_is_dead_within_a_second_even_when_the_hint_is_lost() throws Exception {
    try (TestServer server = start(database.url())) {
      Browser administrator = server.administrator();
      JsonNode created = administrator.post("/keys", Map.of("name", "k")).mustBe(201).json();
      String secret = created.path("secret").asString();
      Await.until("the key is known", () -> call(server, secret) == 200);
      // Without the trigger nothing is notified; the revision is what remains.
      try (var connection = database.superuser().getConnection();
          var statement = connection.createStatement()) {
        statement.execute(
            """
            CREATE OR REPLACE FUNCTION keys_changed() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
              UPDATE revision SET value = value + 1 WHERE subject = 'keys';
              RETURN NULL;
            END $$
            """);
      }

      administrator.delete("/keys/" + created.path("key").path("id").asString()).mustBe(200);
      long revoked = System.nanoTime();
      Await.until("dead", () -> call(server, secret) == 401);

      assertThat(Duration.ofNanos(System.nanoTime() - revoked)).isLessThan(Duration.ofSeconds(1));
    }
  }

  @Test
  void a_node_starts_from_its_snapshot_while_the_database_is_away() throws Exception {
    String secret;
    try (TestServer server = start(database.url())) {
      secret =
          server
              .administrator()
              .post("/keys", Map.of("name", "k"))
              .mustBe(201)
              .json()
              .path("secret")
              .asString();
      Await.until("the key is known", () -> call(server, secret) == 200);
    }
    String away =
        database.url().replaceFirst("127\\.0\\.0\\.1:\\d+", "127.0.0.1:" + FreePorts.one());

    try (TestServer server = startWithoutWaiting(away)) {
      assertThat(call(server, secret)).isEqualTo(200);
      assertThat(call(server, "bell_" + "x".repeat(40))).isEqualTo(401);
      server.browser().get("/calls").mustBeProblem(503, "database_unavailable");
    }
    try (TestServer server = start(database.url())) {
      server
          .administrator()
          .put("/session/password", Map.of("password", "a password for a test"))
          .mustBe(204);
      Browser administrator = server.browser();
      administrator
          .post("/session", Map.of("email", "admin@localhost", "password", "a password for a test"))
          .mustBe(200);
      Await.until(
          "what was served without the database is in it",
          () -> administrator.get("/calls").json().path("items").size() >= 2);
    }
  }

  @Test
  void a_changed_snapshot_lets_nobody_in() throws Exception {
    String secret;
    try (TestServer server = start(database.url())) {
      secret =
          server
              .administrator()
              .post("/keys", Map.of("name", "k"))
              .mustBe(201)
              .json()
              .path("secret")
              .asString();
      Await.until("the key is known", () -> call(server, secret) == 200);
    }
    Path snapshot = data.resolve("data/keys.snapshot");
    byte[] bytes = Files.readAllBytes(snapshot);
    bytes[bytes.length / 2] ^= 1;
    Files.write(snapshot, bytes);
    String away =
        database.url().replaceFirst("127\\.0\\.0\\.1:\\d+", "127.0.0.1:" + FreePorts.one());

    try (TestServer server = startWithoutWaiting(away)) {
      assertThat(call(server, secret)).isEqualTo(401);
    }
  }

  private TestServer start(String url) throws Exception {
    TestServer server = startWithoutWaiting(url);
    assertThat(server.launched().awaitDatabase(Duration.ofSeconds(30))).isTrue();
    return server;
  }

  private TestServer startWithoutWaiting(String url) throws IOException {
    Path config = data.resolve("bellfounder.yaml");
    Files.writeString(config, provider.yaml());
    return TestServer.start(data, config, Map.of("BELL_DATABASE_URL", url));
  }

  private int call(TestServer server, String secret) throws Exception {
    return provider.call(server.publicUrl(), secret);
  }

  /** The lines of the live feed as they come, {@code (end)} after the last. */
  @Test
  void a_busy_stream_too_ends_with_a_session_that_another_node_ended() throws Exception {
    try (TestServer server = start(database.url())) {
      Browser administrator = server.administrator();
      String secret = newKey(administrator);
      Queue<String> told = listen(server, administrator, "");
      Await.until(
          "calls are told",
          () -> {
            call(server, secret);
            return told.stream().anyMatch(line -> line.equals("event: call.settled"));
          });

      server
          .bean(Tenants.class)
          .in(
              Tenants.FIRST,
              () -> server.bean(JdbcClient.class).sql("DELETE FROM session").update());

      Await.until(
          "the stream ends",
          Duration.ofSeconds(40),
          () -> {
            call(server, secret);
            return told.contains("(end)");
          });
    }
  }

  private static String newKey(Browser administrator) {
    return administrator
        .post("/keys", Map.of("name", "laptop"))
        .mustBe(201)
        .json()
        .path("secret")
        .asString();
  }

  private Queue<String> listen(TestServer server, Browser browser, String lastId) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(server.publicUrl() + "/api/v1/events"))
            .header("cookie", browser.cookie());
    if (!lastId.isEmpty()) {
      request.header("last-event-id", lastId);
    }
    Queue<String> lines = new ConcurrentLinkedQueue<>();
    http.sendAsync(request.build(), BodyHandlers.ofLines())
        .thenAcceptAsync(
            (HttpResponse<java.util.stream.Stream<String>> response) -> {
              response.body().forEach(lines::add);
              lines.add("(end)");
            },
            task -> Thread.ofVirtual().start(task));
    return lines;
  }
}
