package io.bellfounder.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The real Claude Code works through the gateway as without it. Each conversation is held twice,
 * once with the provider itself and once through the gateway; the two must be equal on the wire,
 * byte for byte and without any normalisation (see {@link ClaudeCode} for why that is possible),
 * and the ledger must hold what was used.
 */
class ClaudeCodeTest {

  private static World world;

  @TempDir Path folder;

  @BeforeAll
  static void start() {
    world = World.start();
  }

  @AfterAll
  static void stop() {
    world.close();
  }

  @Test
  void a_plain_answer_arrives_and_costs_what_the_provider_bills() {
    Twice twice = converse("Greet me.", Scene.says("Grüß Gott aus Wien."));

    assertThat(twice.through.result()).isEqualTo("Grüß Gott aus Wien.");
    assertThat(twice.through.exit()).isZero();
    twice.assertSame();
    List<JsonNode> calls = world.api().settledCalls(twice.session, 1);
    assertThat(calls).hasSize(1);
    world.assertSettledAsBilled(calls.getFirst());
    assertThat(calls.getFirst().path("sessionId").asText()).isEqualTo(twice.session);
    assertThat(calls.getFirst().path("userAgent").asText()).startsWith("claude-cli/2.1.329");
  }

  @Test
  void a_tool_turn_writes_the_file() throws IOException {
    ClaudeCode claude = new ClaudeCode(folder);
    Path file = claude.work().resolve("bell.txt");

    Twice twice =
        converse(
            "Write the file bell.txt.",
            Scene.writesFile(file, "Vivos voco.\nMortuos plango.\n"),
            Scene.says("It is written."));

    assertThat(twice.through.result()).isEqualTo("It is written.");
    assertThat(Files.readString(file)).isEqualTo("Vivos voco.\nMortuos plango.\n");
    twice.assertSame();
    List<JsonNode> calls = world.api().settledCalls(twice.session, 2);
    assertThat(calls).hasSize(2);
    calls.forEach(world::assertSettledAsBilled);
  }

  @Test
  void an_overloaded_provider_is_asked_again_and_answers() {
    Twice twice = converse("Greet me.", Scene.refuses(529), Scene.says("Now I can."));

    assertThat(twice.through.result()).isEqualTo("Now I can.");
    twice.assertSame();
    List<JsonNode> calls = world.api().settledCalls(twice.session, 1);
    assertThat(calls.stream().map(c -> c.path("outcome").asText())).contains("completed");
    assertThat(calls.stream().mapToInt(c -> c.path("attemptCount").asInt()).sum()).isEqualTo(2);
  }

  @Test
  void a_stream_that_breaks_off_is_repeated_as_without_the_gateway() {
    Twice twice =
        converse("Greet me.", Scene.breaksOff("I was about to"), Scene.says("Here I am."));

    assertThat(twice.through.result()).isEqualTo(twice.direct.result()).contains("Here I am.");
    twice.assertSame();
    List<JsonNode> calls = world.api().settledCalls(twice.session, 2);
    assertThat(calls.stream().map(c -> c.path("outcome").asText()))
        .containsExactlyInAnyOrder("cut", "completed");
  }

  @Test
  void discovery_finds_the_models_at_once_and_without_a_redirect() {
    String session = UUID.randomUUID().toString();
    world.provider().next(Scene.says("Good day."));
    world.front().forget();

    new ClaudeCode(folder)
        .run(
            world.front().url(),
            world.key(),
            session,
            "Greet me.",
            Map.of("CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY", "1"));

    Exchange discovery =
        world.front().exchanges().stream()
            .filter(exchange -> exchange.target().equals("/v1/models?limit=1000"))
            .findFirst()
            .orElseThrow(() -> new AssertionError("it asked for no models"));
    assertThat(discovery.status()).isEqualTo(200);
    assertThat(Json.read(discovery.responseBody()).path("data").findValuesAsText("id"))
        .contains(World.ANTHROPIC_MODEL);
  }

  private Twice converse(String prompt, Scene... scenes) {
    String session = UUID.randomUUID().toString();
    ClaudeCode claude = new ClaudeCode(folder);
    world.provider().next(scenes);
    world.provider().tap().forget();
    ClaudeCode.Outcome direct =
        claude.run(world.provider().url(), World.PROVIDER_KEY, session, prompt);
    List<Exchange> seenDirectly = world.provider().tap().exchanges();

    world.provider().next(scenes);
    world.provider().tap().forget();
    world.front().forget();
    ClaudeCode.Outcome through = claude.run(world.front().url(), world.key(), session, prompt);
    return new Twice(
        session,
        direct,
        seenDirectly,
        through,
        world.provider().tap().exchanges(),
        world.front().exchanges());
  }

  /** One conversation without and with the gateway. */
  private record Twice(
      String session,
      ClaudeCode.Outcome direct,
      List<Exchange> seenDirectly,
      ClaudeCode.Outcome through,
      List<Exchange> seenThrough,
      List<Exchange> atTheClient) {

    void assertSame() {
      assertThat(seenDirectly).isNotEmpty();
      SameBytes.requests(seenDirectly, seenThrough);
      assertThat(through.result()).isEqualTo(direct.result());
      assertThat(through.exit()).isEqualTo(direct.exit());
      atTheClient.stream().filter(Exchange::streamed).forEach(Grammar::assertKept);
    }
  }
}
