package io.bellfounder.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.bellfounder.testing.Await;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * One contract, many subjects: what a program gets from an SDK is the same with and without the
 * gateway, what the provider sees is the same, and every stream keeps its grammar.
 */
class SdksTest {

  private static World world;
  private static List<Sdk> sdks;

  @TempDir Path folder;

  @BeforeAll
  static void start() {
    world = World.start();
    sdks =
        List.of(
            NodeSdk.anthropicTypeScript(),
            NodeSdk.openAiTypeScript(),
            new AnthropicJavaSdk(),
            new OpenAiJavaSdk());
  }

  @AfterAll
  static void stop() {
    for (Sdk sdk : sdks) {
      sdk.end();
    }
    world.close();
  }

  static Stream<Sdk> all() {
    return sdks.stream();
  }

  static Stream<Sdk> anthropic() {
    return all().filter(Sdk::anthropic);
  }

  static Stream<Sdk> openAi() {
    return all().filter(sdk -> !sdk.anthropic());
  }

  @ParameterizedTest
  @MethodSource("all")
  void a_plain_answer_is_the_same(Sdk sdk) {
    Twice twice = ask(sdk, "plain", Scene.says("Sunny, 12 degrees."));

    assertThat(twice.through.text()).isEqualTo("Sunny, 12 degrees.");
    twice.assertSame();
  }

  @ParameterizedTest
  @MethodSource("all")
  void a_stream_is_the_same(Sdk sdk) {
    Twice twice = ask(sdk, "stream", Scene.says("Sonnig, 12 °C – wie gestern."));

    assertThat(twice.through.text()).isEqualTo("Sonnig, 12 °C – wie gestern.");
    twice.assertSame();
  }

  @ParameterizedTest
  @MethodSource("all")
  void a_tool_call_is_the_same(Sdk sdk) {
    Twice twice = ask(sdk, "tools", Scene.usesTool("weather", "{\"city\":\"Vienna\"}"));

    assertThat(twice.through.tools())
        .containsExactly(new Seen.Tool("weather", Json.read("{\"city\":\"Vienna\"}")));
    twice.assertSame();
  }

  @ParameterizedTest
  @MethodSource("all")
  void a_tool_turn_writes_the_file(Sdk sdk) throws IOException {
    Path file = folder.resolve("bell.txt");
    String input = Json.write(Map.of("path", file.toString(), "text", "Vivos voco.\n"));

    Twice twice = ask(sdk, "turn", Scene.usesTool("append", input), Scene.says("It is written."));

    assertThat(twice.through.text()).isEqualTo("It is written.");
    assertThat(Files.readString(file)).isEqualTo("Vivos voco.\nVivos voco.\n");
    assertThat(twice.seenThrough).hasSize(2);
    twice.assertSame();
  }

  @ParameterizedTest
  @MethodSource("all")
  void an_overload_and_then_an_answer_is_an_answer(Sdk sdk) {
    Ask ask = Ask.of("plain", world.provider().url(), World.PROVIDER_KEY, model(sdk));

    Twice twice = ask(sdk, ask.withRetries(1), Scene.refuses(529), Scene.says("Now I can."));

    assertThat(twice.through.text()).isEqualTo("Now I can.");
    // The gateway asks again where the SDK itself would have done so.
    assertThat(twice.seenDirectly).hasSize(2);
    assertThat(twice.seenThrough).hasSize(2);
    twice.assertSameAtLast();
  }

  @ParameterizedTest
  @MethodSource("all")
  void a_stream_that_breaks_off_is_the_same_error_and_never_a_whole_answer(Sdk sdk) {
    Twice twice = ask(sdk, "stream", Scene.breaksOff("I was about to"));

    assertThat(error(twice.through)).isNotNull();
    assertThat(twice.atTheClient.getFirst().complete()).isFalse();
    twice.assertSame();
  }

  @ParameterizedTest
  @MethodSource("all")
  void a_rate_limit_arrives_with_its_retry_after(Sdk sdk) {
    // A name of its own: the gateway keeps the wait for the model, and would answer the next SDK
    // itself.
    String model = model(sdk) + "-limited-" + sdks.indexOf(sdk);
    Twice twice = ask(sdk, "plain", model, Scene.refuses(429, "90"));

    assertThat(error(twice.through).status()).isEqualTo(429);
    assertThat(error(twice.through).retryAfter()).isEqualTo("90");
    twice.assertSameAtLast();
  }

  @ParameterizedTest
  @MethodSource("all")
  void a_bad_request_arrives_with_the_words_of_the_provider(Sdk sdk) {
    Twice twice = ask(sdk, "plain", Scene.refuses(400));

    assertThat(error(twice.through).status()).isEqualTo(400);
    twice.assertSame();
  }

  @ParameterizedTest
  @MethodSource("anthropic")
  void an_overload_arrives_as_one(Sdk sdk) {
    // More refusals than the gateway tries: the last one is passed on.
    Twice twice =
        ask(
            sdk,
            "plain",
            Scene.refuses(529),
            Scene.refuses(529),
            Scene.refuses(529),
            Scene.refuses(529));

    assertThat(error(twice.through).status()).isEqualTo(529);
    twice.assertSameAtLast();
  }

  @ParameterizedTest
  @MethodSource("all")
  void a_wrong_key_is_an_authentication_error(Sdk sdk) {
    Seen seen = sdk.ask(Ask.of("plain", world.front().url(), "bell_" + "x".repeat(40), model(sdk)));

    assertThat(error(seen).status()).isEqualTo(401);
    assertThat(error(seen).kind()).isIn("AuthenticationError", "UnauthorizedException");
    assertThat(error(seen).type())
        .isIn("authentication_error", "invalid_request_error", "invalid_api_key");
  }

  @ParameterizedTest
  @MethodSource("all")
  void leaving_a_stream_leaves_the_provider_too(Sdk sdk) {
    world.provider().next(Scene.streamsFor(Duration.ofSeconds(20)));
    world.provider().tap().forget();

    Seen seen = sdk.ask(Ask.of("abort", world.front().url(), world.key(), model(sdk)));

    assertThat(seen.events()).isEqualTo(3);
    Await.until(
        "the provider sees the client leave",
        Duration.ofSeconds(2),
        () ->
            world.provider().tap().connections().stream().anyMatch(c -> c.clientEndedNanos() != 0));
  }

  @ParameterizedTest
  @MethodSource("anthropic")
  void counting_tokens_is_the_same(Sdk sdk) {
    Twice twice = ask(sdk, "count");

    assertThat(twice.through.input()).isPositive();
    twice.assertSame();
  }

  @ParameterizedTest
  @MethodSource("openAi")
  void an_embedding_is_the_same(Sdk sdk) {
    Twice twice = ask(sdk, "embeddings");

    assertThat(twice.through.dimensions()).isPositive();
    twice.assertSame();
  }

  @ParameterizedTest
  @MethodSource("all")
  void the_models_are_listed(Sdk sdk) {
    Seen seen = sdk.ask(Ask.of("models", world.front().url(), world.key(), model(sdk)));

    assertThat(seen.ids()).contains(model(sdk));
  }

  private static Twice ask(Sdk sdk, String scenario, Scene... scenes) {
    String model = scenario.equals("embeddings") ? World.EMBEDDING_MODEL : model(sdk);
    return ask(sdk, scenario, model, scenes);
  }

  private static Twice ask(Sdk sdk, String scenario, String model, Scene... scenes) {
    return ask(sdk, Ask.of(scenario, world.provider().url(), World.PROVIDER_KEY, model), scenes);
  }

  private static Twice ask(Sdk sdk, Ask ask, Scene... scenes) {
    world.provider().next(scenes);
    world.provider().tap().forget();
    Seen direct = sdk.ask(ask);
    List<Exchange> seenDirectly = world.provider().tap().exchanges();

    world.provider().next(scenes);
    world.provider().tap().forget();
    world.front().forget();
    Seen through = sdk.ask(ask.at(world.front().url(), world.key()));
    return new Twice(
        direct,
        seenDirectly,
        through,
        world.provider().tap().exchanges(),
        world.front().exchanges());
  }

  private static String model(Sdk sdk) {
    return sdk.anthropic() ? World.ANTHROPIC_MODEL : World.OPENAI_MODEL;
  }

  private static Seen.Failure error(Seen seen) {
    Seen.Failure error = seen.error();
    if (error == null) {
      throw new AssertionError("no error: " + seen);
    }
    return error;
  }

  /** One ask without and with the gateway. */
  private record Twice(
      Seen direct,
      List<Exchange> seenDirectly,
      Seen through,
      List<Exchange> seenThrough,
      List<Exchange> atTheClient) {

    void assertSame() {
      SameBytes.requests(seenDirectly, seenThrough);
      assertThat(atTheClient).hasSameSizeAs(seenThrough);
      for (int i = 0; i < atTheClient.size(); i++) {
        SameBytes.answer(seenThrough.get(i), atTheClient.get(i));
      }
      assertSameInTheProgram();
    }

    /** The gateway may have tried more often; what the client got is the provider's last word. */
    void assertSameAtLast() {
      SameBytes.request(seenDirectly.getFirst(), seenThrough.getFirst());
      assertThat(atTheClient).hasSize(1);
      SameBytes.answer(seenThrough.getLast(), atTheClient.getFirst());
      assertSameInTheProgram();
    }

    private void assertSameInTheProgram() {
      assertThat(withoutIds(through)).isEqualTo(withoutIds(direct));
      atTheClient.stream().filter(Exchange::streamed).forEach(Grammar::assertKept);
    }

    /** The simulator numbers its answers; the request id is compared on the wire. */
    private static String withoutIds(Seen seen) {
      return Json.write(seen).replaceAll("req_[A-Za-z0-9_-]+", "req");
    }
  }
}
