package io.bellfounder.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.bellfounder.testing.Await;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Prompts, completions, keys and credentials never stay anywhere. Canaries of each kind are sent
 * through answers, errors, cuts and departures; then every place that outlives a call is searched
 * for them.
 */
class SecretsTest {

  private static final String PROMPT = "canary-prompt-3c1f0be27a";
  private static final String COMPLETION = "canary-completion-98d4e6a5b1";

  @Test
  void secrets_never_leave() throws IOException {
    String session = UUID.randomUUID().toString();
    Path data;
    String key;
    List<String> refusals = new ArrayList<>();
    try (World world = World.start(Map.of("BELL_LOGGING_LEVEL", "debug"))) {
      data = world.server().data();
      key = world.key();
      for (String path :
          List.of("/v1/messages", "/v1/chat/completions", "/ak/" + key + "/v1/messages")) {
        world.provider().next(Scene.says(COMPLETION));
        send(world, path, key, session, false);
        world.provider().next(Scene.says(COMPLETION));
        send(world, path, key, session, true);
        world.provider().next(Scene.refuses(400));
        send(world, path, key, session, false);
        world.provider().next(Scene.breaksOff(COMPLETION));
        send(world, path, key, session, true);
      }
      refusals.add(send(world, "/v1/messages", key + "x", session, false).responseText());
      refusals.add(send(world, "/ak/" + key + "x/v1/messages", "", session, false).responseText());
      refusals.add(send(world, "/v1/nowhere", key, session, false).responseText());
      world.api().settledCalls(session, 12);

      // Much is written down: who asked what, where, how it ended and how long it took.
      assertThat(linesWith(world, "call settled", session))
          .hasSizeGreaterThanOrEqualTo(12)
          .allSatisfy(line ->
              assertThat(line.fieldNames())
                  .toIterable()
                  .contains(
                      "requestId", "endpoint", "keyId", "model", "outcome", "durationMillis"));
      assertThat(linesWith(world, "request answered", "GET /api/v1/calls"))
          .isNotEmpty()
          .allSatisfy(line ->
              assertThat(line.fieldNames())
                  .toIterable()
                  .contains("requestId", "memberId", "status", "durationMillis"));

      for (String canary : List.of(PROMPT, COMPLETION, key, World.PROVIDER_KEY)) {
        DatabaseScan.Found found = DatabaseScan.inEmbedded(data, canary);
        assertThat(found.tables()).isNotEmpty();
        assertThat(found.rows()).isGreaterThan(12);
        assertThat(found.hits()).as("tables that hold " + canary).isEmpty();
      }
      // The search itself works: what is allowed to be kept is found.
      assertThat(DatabaseScan.inEmbedded(data, session).hits()).isNotEmpty();

      for (String canary : List.of(PROMPT, COMPLETION, key, World.PROVIDER_KEY)) {
        assertThat(world.server().output()).doesNotContain(canary);
        assertThat(refusals).noneMatch(refusal -> refusal.contains(canary));
        assertThat(filesHolding(data, canary)).as("files that hold " + canary).isEmpty();
      }
    }
    for (String canary : List.of(PROMPT, COMPLETION, key, World.PROVIDER_KEY)) {
      assertThat(filesHolding(data, canary))
          .as("files that hold " + canary + " after the end")
          .isEmpty();
    }
  }

  private static List<JsonNode> linesWith(World world, String message, String text) {
    return world
        .server()
        .output()
        .lines()
        .filter(line -> line.startsWith("{") && line.contains(text))
        .map(line -> Json.read(line))
        .filter(line -> line.path("message").asText().equals(message))
        .toList();
  }

  private static Exchange send(
      World world, String path, String key, String session, boolean stream) {
    String model = path.endsWith("/messages") ? World.ANTHROPIC_MODEL : World.OPENAI_MODEL;
    byte[] body =
        SameBytes.utf8(
            Json.write(
                Map.of(
                    "model",
                    model,
                    "max_tokens",
                    64,
                    "stream",
                    stream,
                    "messages",
                    List.of(Map.of("role", "user", "content", PROMPT)))));
    try (RawHttp http = RawHttp.connect(world.server().url())) {
      return http.post(path, body, "x-api-key: " + key, "x-claude-code-session-id: " + session)
          .answer(Duration.ofSeconds(10));
    }
  }

  /** The database's own files are searched too, its log and its write-ahead log above all. */
  private static List<Path> filesHolding(Path data, String canary) {
    byte[] wanted = canary.getBytes(StandardCharsets.UTF_8);
    List<Path> found = new ArrayList<>();
    Await.until(
        "the data directory can be read whole",
        () -> {
          found.clear();
          try (Stream<Path> files = Files.walk(data)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
              if (!file.startsWith(data.resolve("postgres/runtime")) && holds(file, wanted)) {
                found.add(file);
              }
            }
          }
          return true;
        });
    return found;
  }

  private static boolean holds(Path file, byte[] wanted) throws IOException {
    // Latin-1 keeps every byte, so the search is one on bytes.
    String text = Files.readString(file, StandardCharsets.ISO_8859_1);
    return text.contains(new String(wanted, StandardCharsets.ISO_8859_1));
  }
}
