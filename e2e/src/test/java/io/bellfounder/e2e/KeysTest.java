package io.bellfounder.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.bellfounder.testing.Await;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A key works from the moment it is made to the moment it is not to work any more, and says why in
 * its client's dialect.
 */
class KeysTest {

  private static final String ANTHROPIC = "/v1/messages";
  private static final String OPENAI = "/v1/chat/completions";

  private static World world;

  @BeforeAll
  static void start() {
    world = World.start();
  }

  @AfterAll
  static void stop() {
    world.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {ANTHROPIC, OPENAI})
  void a_wrong_key_is_refused(String path) {
    assertRefused(path, call(path, "bell_" + "w".repeat(40)));
    assertRefused(path, call(path, "' OR '1'='1"));
  }

  @ParameterizedTest
  @ValueSource(strings = {ANTHROPIC, OPENAI})
  void a_missing_key_is_refused(String path) {
    try (RawHttp http = RawHttp.connect(world.server().url())) {
      Exchange answer = http.post(path, Calls.body(path, false)).answer(Duration.ofSeconds(10));

      assertRefused(path, answer);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {ANTHROPIC, OPENAI})
  void a_revoked_key_is_dead_within_a_second(String path) {
    JsonNode made = world.api().post("/keys", Map.of("name", "to be revoked")).expect(201);
    String secret = made.path("secret").asText();
    assertThat(call(path, secret).status()).isEqualTo(200);

    world.api().delete("/keys/" + made.path("key").path("id").asText()).expect(200);
    long revoked = System.nanoTime();
    Exchange refusal = refusal(path, secret);

    assertThat(Duration.ofNanos(System.nanoTime() - revoked)).isLessThan(Duration.ofSeconds(1));
    assertRefused(path, refusal);
  }

  @ParameterizedTest
  @ValueSource(strings = {ANTHROPIC, OPENAI})
  void an_expired_key_is_dead(String path) {
    Instant end = Instant.now().plusSeconds(2);
    String secret =
        world
            .api()
            .post("/keys", Map.of("name", "short", "expiresAt", end.toString()))
            .expect(201)
            .path("secret")
            .asText();
    assertThat(call(path, secret).status()).isEqualTo(200);

    Exchange refusal = refusal(path, secret);

    assertThat(Instant.now()).isAfterOrEqualTo(end);
    assertRefused(path, refusal);
  }

  @Test
  void a_key_from_the_command_line_works_while_the_server_runs() {
    String secret = world.server().createKey("from the command line");

    assertThat(secret).matches("bell_[A-Za-z0-9]{40}");
    Await.until(
        "the new key works", Duration.ofSeconds(3), () -> call(ANTHROPIC, secret).status() == 200);
  }

  @Test
  void the_list_of_keys_shows_the_last_use_and_no_secret() {
    JsonNode made = world.api().post("/keys", Map.of("name", "used")).expect(201);
    assertThat(call(ANTHROPIC, made.path("secret").asText()).status()).isEqualTo(200);

    JsonNode listed =
        Await.value(
            "the last use is listed",
            Duration.ofSeconds(15),
            () ->
                world.api().all("/keys", Map.of()).stream()
                    .filter(k -> k.path("id").equals(made.path("key").path("id")))
                    .findFirst()
                    .orElseThrow(),
            key -> key.path("lastUsedAt").isTextual());

    assertThat(listed.path("status").asText()).isEqualTo("active");
    assertThat(listed.toString()).doesNotContain(made.path("secret").asText());
  }

  @Test
  void a_gateway_key_opens_no_door_of_the_console() {
    try (RawHttp http = RawHttp.connect(world.server().url())) {
      Exchange answer =
          http.get(
                  "/api/v1/keys",
                  "Authorization: Bearer " + world.key(),
                  "x-api-key: " + world.key())
              .answer(Duration.ofSeconds(10));

      assertThat(answer.status()).isEqualTo(401);
    }
  }

  private static Exchange call(String path, String key) {
    return Calls.call(world.server().url(), path, key);
  }

  private static Exchange refusal(String path, String secret) {
    return Await.value(
        "the key is refused",
        Duration.ofSeconds(6),
        () -> call(path, secret),
        answer -> answer.status() != 200);
  }

  private static void assertRefused(String path, Exchange answer) {
    assertThat(answer.status()).isEqualTo(401);
    assertThat(answer.responseHeader("x-should-retry")).hasValue("false");
    JsonNode body = Json.read(answer.responseBody());
    JsonNode error = body.path("error");
    assertThat(error.path("message").asText()).isNotBlank();
    if (path.equals(ANTHROPIC)) {
      assertThat(body.path("type").asText()).isEqualTo("error");
      assertThat(error.path("type").asText()).isEqualTo("authentication_error");
      assertThat(body.path("request_id").asText()).isNotBlank();
    } else {
      assertThat(error.path("type").asText()).isNotBlank();
      assertThat(error.has("param") && error.has("code")).isTrue();
    }
  }
}
