package io.bellfounder.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.bellfounder.testing.Await;
import io.bellfounder.testing.Seeds;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What the gateway must keep, bound and hide on its way, byte by byte and on connections that
 * misbehave.
 */
class FaithfulTest {

  private static final int LIMIT = 32 * 1024 * 1024;
  private static final Duration SOON = Duration.ofSeconds(10);

  private static World world;

  @BeforeAll
  static void start() {
    world = World.start(Map.of("BELL_GATEWAY_PING_INTERVAL", "300ms"));
  }

  @AfterAll
  static void stop() {
    world.close();
  }

  @Test
  void a_body_over_the_limit_is_refused_in_the_shape_of_anthropic() {
    try (RawHttp http = RawHttp.connect(world.server().url())) {
      http.announce("/v1/messages", LIMIT + 1L, key());

      Exchange answer = http.answer(SOON);

      assertThat(answer.status()).isEqualTo(413);
      JsonNode body = Json.read(answer.responseBody());
      assertThat(body.path("type").asText()).isEqualTo("error");
      assertThat(body.path("error").path("type").asText()).isEqualTo("request_too_large");
      assertThat(body.path("error").path("message").asText()).isNotBlank();
    }
  }

  @Test
  void a_body_over_the_limit_is_refused_in_the_shape_of_openai() {
    try (RawHttp http = RawHttp.connect(world.server().url())) {
      http.announce("/v1/chat/completions", LIMIT + 1L, key());

      Exchange answer = http.answer(SOON);

      assertThat(answer.status()).isEqualTo(413);
      JsonNode error = Json.read(answer.responseBody()).path("error");
      assertThat(error.path("type").asText()).isNotBlank();
      assertThat(error.path("message").asText()).isNotBlank();
      assertThat(error.has("param")).isTrue();
      assertThat(error.has("code")).isTrue();
    }
  }

  @Test
  void a_body_of_31_mebibytes_arrives_byte_for_byte() {
    RandomGenerator random = Seeds.random("a_body_of_31_mebibytes_arrives_byte_for_byte");
    StringBuilder text = new StringBuilder(31 * 1024 * 1024);
    while (text.length() < 31 * 1024 * 1024 - 500) {
      text.append((char) ('a' + random.nextInt(26)));
    }
    byte[] body = SameBytes.utf8(message(World.ANTHROPIC_MODEL, false, text.toString()));
    world.provider().next(Scene.says("Read."));
    world.provider().tap().forget();
    try (RawHttp http = RawHttp.connect(world.server().url())) {
      http.post("/v1/messages", body, key());

      assertThat(http.answer(Duration.ofSeconds(30)).status()).isEqualTo(200);
    }
    assertThat(world.provider().tap().exchanges().getFirst().requestBody()).isEqualTo(body);
  }

  @Test
  void headers_and_fields_that_nobody_knows_pass() {
    String body =
        """
        {"model" : "%s","max_tokens":64, "stream":false,"big":12345678901234567890123,"one":1.0,"esc":"\\u00e9\\/",
         "messages":[{"role":"user","content":"hi"},{"role":"system","content":[]}],"future_field":{"b":1,"a":[null]}}\
        """
            .formatted(World.ANTHROPIC_MODEL);
    world.provider().next(Scene.says("Hello."));
    world.provider().tap().forget();
    try (RawHttp http = RawHttp.connect(world.server().url())) {
      http.post(
          "/v1/messages?beta=true&future=1",
          SameBytes.utf8(body),
          key(),
          "anthropic-beta: one-2026-01-01,two-2031-02-02",
          "anthropic-future: yes",
          "X-Team: bells");
      assertThat(http.answer(SOON).status()).isEqualTo(200);
    }

    Exchange seen = world.provider().tap().exchanges().getFirst();
    assertThat(seen.requestText()).isEqualTo(body);
    assertThat(seen.target()).isEqualTo("/v1/messages?beta=true&future=1");
    assertThat(seen.requestHeader("anthropic-version")).hasValue(RawHttp.ANTHROPIC_VERSION);
    assertThat(seen.requestHeader("anthropic-beta")).hasValue("one-2026-01-01,two-2031-02-02");
    assertThat(seen.requestHeader("anthropic-future")).hasValue("yes");
    assertThat(seen.requestHeader("x-team")).hasValue("bells");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v1/messages|x-api-key: KEY",
        "/v1/messages|Authorization: Bearer KEY",
        "/v1/chat/completions|Authorization: Bearer KEY",
        "/v1/chat/completions|x-api-key: KEY",
        "/ak/KEY/v1/messages|X-None: 1",
        "/ak/KEY/v1/chat/completions|X-None: 1"
      })
  void the_key_never_goes_up_and_the_credential_never_comes_down(String way) {
    String path = way.substring(0, way.indexOf('|')).replace("KEY", world.key());
    String header = way.substring(way.indexOf('|') + 1).replace("KEY", world.key());
    String model = path.endsWith("messages") ? World.ANTHROPIC_MODEL : World.OPENAI_MODEL;
    world.provider().next(Scene.says("Hello."));
    world.provider().tap().forget();
    try (RawHttp http = RawHttp.connect(world.server().url())) {
      http.post(path, SameBytes.utf8(message(model, false, "hi")), header);
      Exchange answer = http.answer(SOON);

      assertThat(answer.status()).as(answer.responseText()).isEqualTo(200);
      assertThat(answer.responseHeaders() + answer.responseText())
          .doesNotContain(World.PROVIDER_KEY);
    }

    Exchange seen = world.provider().tap().exchanges().getFirst();
    assertThat(seen.target() + seen.requestHeaders() + seen.requestText())
        .doesNotContain(world.key())
        .contains(World.PROVIDER_KEY);
  }

  @Test
  void a_client_that_leaves_ends_the_upstream_within_100_ms() {
    long slowest = 0;
    for (int i = 0; i < 5; i++) {
      world.provider().next(Scene.streamsFor(Duration.ofSeconds(20)));
      world.provider().tap().forget();
      RawHttp http = RawHttp.connect(world.server().url());
      http.post("/v1/messages", SameBytes.utf8(message(World.ANTHROPIC_MODEL, true, "hi")), key());
      http.until("content_block_delta", SOON);
      long left = System.nanoTime();
      http.close();

      long ended =
          Await.value(
              "the provider sees the end",
              Duration.ofSeconds(2),
              () ->
                  world.provider().tap().connections().stream()
                      .mapToLong(Tap.Connection::clientEndedNanos)
                      .max()
                      .orElse(0),
              nanos -> nanos != 0);
      slowest = Math.max(slowest, ended - left);
    }
    System.out.println("upstream ended " + slowest / 1_000 + " µs after the client, slowest of 5");
    assertThat(Duration.ofNanos(slowest)).isLessThan(Duration.ofMillis(100));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void a_silent_provider_is_bridged_by_pings_of_our_own(boolean anthropic) {
    world.provider().next(Scene.fallsSilentFor(Duration.ofMillis(1_500)));
    String path = anthropic ? "/v1/messages" : "/v1/chat/completions";
    String model = anthropic ? World.ANTHROPIC_MODEL : World.OPENAI_MODEL;
    try (RawHttp http = RawHttp.connect(world.server().url())) {
      http.post(path, SameBytes.utf8(message(model, true, "hi")), key());

      Exchange answer = http.answer(SOON);

      String mark = anthropic ? "event: ping\n" : "\n:";
      assertThat(answer.complete()).isTrue();
      assertThat(answer.responseText().split(mark, -1).length - 1).isBetween(3, 6);
    }
  }

  @Test
  void a_slow_reader_slows_the_provider_and_fills_no_memory() {
    int size = 24 * 1024 * 1024;
    world.provider().next(Scene.streamsBytes(size));
    world.provider().tap().forget();
    try (RawHttp http = RawHttp.connect(world.server().url(), 32 * 1024)) {
      http.post("/v1/messages", SameBytes.utf8(message(World.ANTHROPIC_MODEL, true, "hi")), key());
      http.until("message_start", SOON);

      long taken = world.provider().tap().settledAnswerBytes();

      System.out.println(
          "a reader that stopped let " + taken / 1024 + " KiB pass from the provider");
      // What the kernel holds of four sockets, the tap's two among them, is most of it.
      assertThat(taken).isLessThan(16 * 1024 * 1024);

      Exchange answer = http.rest(Duration.ofSeconds(30));
      assertThat(answer.complete()).isTrue();
      assertThat(answer.responseBody().length).isGreaterThan(size);
    }
  }

  private static String key() {
    return "x-api-key: " + world.key();
  }

  private static String message(String model, boolean stream, String text) {
    return Json.write(
        Map.of(
            "model",
            model,
            "max_tokens",
            50_000_000,
            "stream",
            stream,
            "messages",
            List.of(Map.of("role", "user", "content", text))));
  }
}
