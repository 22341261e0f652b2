package io.bellfounder.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.bellfounder.testing.Await;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What an operator relies on: starts, refusals, ends, and keys that are dead when they should be. */
class OperationTest {

  private static final Duration SOON = Duration.ofSeconds(10);

  private static World world;

  @BeforeAll
  static void start() {
    world = World.start();
  }

  @AfterAll
  static void stop() {
    world.close();
  }

  @Test
  void a_second_instance_on_the_same_directory_is_refused() {
    try (Bellfounder second =
        Bellfounder.start(
            world.server().data(), World.environment(world.provider().url(), Map.of()))) {
      int exit = second.exit(Duration.ofSeconds(30));

      assertThat(exit).isNotZero();
      assertThat(second.output()).contains(world.server().data().toString());
    }
    assertThat(call(world.key()).status()).isEqualTo(200);
  }

  @Test
  void health_says_what_is_so() {
    assertThat(get("/health/live").status()).isEqualTo(200);
    assertThat(get("/health/ready").status()).isEqualTo(200);
    assertThat(get("/metrics").responseText()).contains("# TYPE");
    assertThat(Json.read(get("/api/v1/openapi.json").responseBody()).path("openapi").asText())
        .startsWith("3.1");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/v1/messages", "/v1/chat/completions"})
  void a_wrong_key_is_answered_in_the_dialect_of_the_endpoint(String path) {
    assertRefused(path, call(path, "bell_" + "w".repeat(40)));
    assertRefused(path, call(path, "not a key at all' OR '1'='1"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"/v1/messages", "/v1/chat/completions"})
  void a_missing_key_is_answered_in_the_dialect_of_the_endpoint(String path) {
    try (RawHttp http = RawHttp.connect(world.server().url())) {
      assertRefused(path, http.post(path, body(path)).answer(SOON));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"/v1/messages", "/v1/chat/completions"})
  void a_revoked_key_is_dead_within_a_second(String path) {
    JsonNode made = world.api().post("/keys", Map.of("name", "to be revoked")).expect(201);
    String secret = made.path("secret").asText();
    world.provider().next(Scene.says("Hello."));
    assertThat(call(path, secret).status()).isEqualTo(200);

    world.api().delete("/keys/" + made.path("key").path("id").asText()).expect(200);
    long revoked = System.nanoTime();
    Exchange refusal =
        Await.value(
            "the revoked key is refused",
            Duration.ofSeconds(5),
            () -> call(path, secret),
            answer -> answer.status() == 401);

    assertThat(Duration.ofNanos(System.nanoTime() - revoked)).isLessThan(Duration.ofSeconds(1));
    assertRefused(path, refusal);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/v1/messages", "/v1/chat/completions"})
  void an_expired_key_is_dead(String path) {
    String secret =
        world
            .api()
            .post(
                "/keys",
                Map.of("name", "short", "expiresAt", Instant.now().plusSeconds(2).toString()))
            .expect(201)
            .path("secret")
            .asText();
    world.provider().next(Scene.says("Hello."));
    assertThat(call(path, secret).status()).isEqualTo(200);

    Exchange refusal =
        Await.value(
            "the expired key is refused",
            Duration.ofSeconds(6),
            () -> call(path, secret),
            answer -> answer.status() == 401);

    assertRefused(path, refusal);
  }

  @Test
  void a_key_made_on_the_command_line_works_while_the_server_runs() {
    String secret = world.server().createKey("from the command line");

    assertThat(secret).matches("bell_[A-Za-z0-9]{40}");
    Exchange answer =
        Await.value(
            "the new key works",
            Duration.ofSeconds(3),
            () -> call(secret),
            a -> a.status() == 200);
    assertThat(answer.status()).isEqualTo(200);
  }

  @Test
  void an_unknown_key_of_the_configuration_names_itself_and_the_nearest() throws IOException {
    Path data = DataDirectories.fresh();
    Path file = data.resolve("bellfounder.yaml");
    Files.writeString(file, "server:\n  prot: 8080\n");
    try (Bellfounder refused =
        Bellfounder.start(data, Map.of(), "--config", file.toString())) {
      assertThat(refused.exit(Duration.ofSeconds(30))).isNotZero();
      assertThat(refused.output()).contains("server.prot").contains("server.port");
      assertThat(refused.output()).doesNotContain("Exception");
    }
  }

  @Test
  void an_unknown_variable_names_itself_and_the_nearest() {
    try (Bellfounder refused =
        Bellfounder.start(DataDirectories.fresh(), Map.of("BELL_SERVER_PROT", "1"))) {
      assertThat(refused.exit(Duration.ofSeconds(30))).isNotZero();
      assertThat(refused.output()).contains("BELL_SERVER_PROT").contains("BELL_SERVER_PORT");
    }
  }

  @Test
  void after_kill_9_it_starts_again_and_knows_everything() {
    Path data = DataDirectories.fresh();
    Map<String, String> environment = World.environment(world.provider().url(), Map.of());
    String key;
    String call;
    try (Bellfounder first = Bellfounder.up(data, environment)) {
      key = first.administrator().key("survivor");
      call = call(first.url(), "/v1/messages", key).responseHeader("x-bellfounder-call-id").orElseThrow();
      first.kill();
    }

    try (Bellfounder second = Bellfounder.up(data, environment);
        Api api = second.administratorAgain()) {
      assertThat(second.output()).doesNotContain("/sign-in#token=");
      assertThat(call(second.url(), "/v1/messages", key).status()).isEqualTo(200);
      assertThat(api.settledCall(call).path("outcome").asText()).isEqualTo("completed");
    }
  }

  @Test
  void sigterm_lets_a_stream_finish_and_ends_with_0() {
    Path data = DataDirectories.fresh();
    try (Bellfounder server =
        Bellfounder.up(data, World.environment(world.provider().url(), Map.of()))) {
      String url = server.url();
      String key = server.administrator().key("drained");
      world.provider().next(Scene.streamsFor(Duration.ofSeconds(3)));
      try (RawHttp http = RawHttp.connect(url)) {
        http.post("/v1/messages", streamed(), "x-api-key: " + key);
        http.until("content_block_delta", SOON);

        server.terminate();
        Await.until(
            "readiness says no",
            Duration.ofMillis(500),
            () -> {
              try (RawHttp health = RawHttp.connect(url)) {
                return health.get("/health/ready").answer(Duration.ofSeconds(1)).status() == 503;
              }
            });
        Exchange answer = http.answer(SOON);

        assertThat(answer.complete()).isTrue();
        assertThat(answer.responseText()).contains("message_stop");
        Grammar.assertKept(answer);
      }
      assertThat(server.exit(Duration.ofSeconds(40))).isZero();
    }
  }

  private static void assertRefused(String path, Exchange answer) {
    assertThat(answer.status()).isEqualTo(401);
    assertThat(answer.responseHeader("x-should-retry")).hasValue("false");
    JsonNode body = Json.read(answer.responseBody());
    JsonNode error = body.path("error");
    assertThat(error.path("message").asText()).isNotBlank();
    if (path.endsWith("/messages")) {
      assertThat(body.path("type").asText()).isEqualTo("error");
      assertThat(error.path("type").asText()).isEqualTo("authentication_error");
      assertThat(body.path("request_id").asText()).isNotBlank();
    } else {
      assertThat(error.path("type").asText()).isNotBlank();
      assertThat(error.has("param") && error.has("code")).isTrue();
    }
  }

  private static Exchange get(String path) {
    try (RawHttp http = RawHttp.connect(world.server().url())) {
      return http.get(path).answer(SOON);
    }
  }

  private static Exchange call(String key) {
    return call("/v1/messages", key);
  }

  private static Exchange call(String path, String key) {
    return call(world.server().url(), path, key);
  }

  private static Exchange call(String url, String path, String key) {
    try (RawHttp http = RawHttp.connect(url)) {
      return http.post(path, body(path), "Authorization: Bearer " + key).answer(SOON);
    }
  }

  private static byte[] body(String path) {
    String model = path.endsWith("/messages") ? World.ANTHROPIC_MODEL : World.OPENAI_MODEL;
    return SameBytes.utf8(
        Json.write(
            Map.of(
                "model", model,
                "max_tokens", 64,
                "messages", List.of(Map.of("role", "user", "content", "hi")))));
  }

  private static byte[] streamed() {
    return SameBytes.utf8(
        Json.write(
            Map.of(
                "model", World.ANTHROPIC_MODEL,
                "max_tokens", 64,
                "stream", true,
                "messages", List.of(Map.of("role", "user", "content", "hi")))));
  }
}
