package io.bellfounder.gateway;

import static io.bellfounder.gateway.HttpBytes.bytes;
import static io.bellfounder.gateway.RunningGateway.KEY;
import static io.bellfounder.gateway.RunningGateway.SECRET;
import static io.bellfounder.gateway.RunningGateway.anthropic;
import static io.bellfounder.gateway.RunningGateway.openAi;
import static io.bellfounder.gateway.RunningGateway.post;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.bellfounder.gateway.KeyDirectory.KeyCheck;
import io.bellfounder.testing.Await;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who comes in, who does not, and where the rest goes. */
class FrontDoorTest {
  private static final Duration IDLE = Duration.ofSeconds(60);
  private static final long ROOM = 100 << 20;

  private final ScriptedProvider provider = new ScriptedProvider();
  private final ScriptedProvider controlPlane = new ScriptedProvider();
  private final RunningGateway.Setup setup =
      RunningGateway.with(anthropic("a", provider.uri()), openAi("o", provider.uri()));

  @AfterEach
  void close() {
    provider.close();
    controlPlane.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "x-api-key: bell_goodgoodgoodgood",
        "authorization: Bearer bell_goodgoodgoodgood",
        "Authorization: bearer bell_goodgoodgoodgood",
        "authorization: Bearer other\r\nx-api-key: bell_goodgoodgoodgood",
        "authorization: Bearer bell_goodgoodgoodgood\r\nx-api-key: other"
      })
  void a_key_is_found_in_either_header(String header) throws IOException {
    provider.always(exchange -> exchange.answer(200, Said.ANSWER));
    try (var gateway = setup.start()) {
      assertThat(gateway.ask(post("/v1/messages", Said.ASK, header)).status()).isEqualTo(200);
      assertThat(provider.seen().getFirst().all("authorization")).isEmpty();
      assertThat(provider.seen().getFirst().all("x-api-key")).containsExactly("provider-secret-a");
    }
  }

  @Test
  void a_key_is_found_in_the_path_and_does_not_go_on() throws IOException {
    provider.always(exchange -> exchange.answer(200, Said.ANSWER));
    try (var gateway = setup.start()) {
      var answer = gateway.ask(post("/ak/bell_goodgoodgoodgood/v1/messages?beta=true", Said.ASK));

      assertThat(answer.status()).isEqualTo(200);
      assertThat(provider.seen().getFirst().startLine())
          .isEqualTo("POST /v1/messages?beta=true HTTP/1.1");
    }
  }

  @Test
  void an_unknown_key_is_refused_in_anthropic_s_words_and_not_worth_a_retry() throws IOException {
    try (var gateway = setup.start()) {
      var answer = gateway.ask(post("/v1/messages", Said.ASK, "x-api-key: wrong"));

      assertThat(answer.status()).isEqualTo(401);
      assertThat(answer.header("x-should-retry")).isEqualTo("false");
      assertThat(answer.text())
          .startsWith("{\"type\":\"error\",\"error\":{\"type\":\"authentication_error\"")
          .endsWith("\"request_id\":\"" + answer.header("request-id") + "\"}");
      assertThat(answer.header("x-request-id")).isEqualTo(answer.header("request-id"));
      assertThat(provider.seen()).isEmpty();
      assertThat(gateway.ledger.opened).isEmpty();
    }
  }

  @Test
  void a_missing_key_is_refused_in_openai_s_words() throws IOException {
    try (var gateway = setup.start()) {
      var answer = gateway.ask(post("/v1/chat/completions", Said.ASK_CHAT));

      assertThat(answer.status()).isEqualTo(401);
      assertThat(answer.text())
          .startsWith("{\"error\":{\"message\":\"")
          .contains("invalid_api_key");
    }
  }

  @Test
  void a_revoked_or_expired_key_is_told_so() throws IOException {
    try (var gateway = setup.start()) {
      gateway.keys.put("gone", new KeyCheck.Revoked(KEY));
      gateway.keys.put("old", new KeyCheck.Expired(KEY, Instant.parse("2026-01-01T00:00:00Z")));

      assertThat(gateway.ask(post("/v1/messages", Said.ASK, "x-api-key: gone")).text())
          .contains("laptop")
          .contains("revoked");
      assertThat(gateway.ask(post("/v1/messages", Said.ASK, "x-api-key: old")).text())
          .contains("expired at 2026-01-01T00:00:00Z");
    }
  }

  @Test
  void an_unknown_model_is_refused_and_written_down() throws IOException {
    try (var gateway = setup.start()) {
      var answer = gateway.messages("{\"model\":\"nobody-serves\"}");

      assertThat(answer.status()).isEqualTo(404);
      assertThat(answer.text()).contains("not_found_error", "nobody-serves", "no provider");
      var settled = gateway.ledger.only();
      assertThat(settled.outcome()).isEqualTo(SettledCall.Outcome.REFUSED);
      assertThat(settled.opened().requestedModel()).isEqualTo("nobody-serves");
      assertThat(settled.costPico()).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "[]", "{\"model\":", "{\"max_tokens\":1}", "{\"model\":7}"})
  void a_body_without_a_model_is_a_bad_request(String body) throws IOException {
    try (var gateway = setup.start()) {
      var answer = gateway.messages(body);

      assertThat(answer.status()).isEqualTo(400);
      assertThat(answer.text()).contains("invalid_request_error");
    }
  }

  @Test
  void a_body_that_is_too_large_by_its_length_is_refused_before_it_is_read() throws IOException {
    try (var gateway = small().start();
        var wire = gateway.connect()) {
      wire.send(
          "POST /v1/messages HTTP/1.1\r\nhost: g\r\nx-api-key: "
              + SECRET
              + "\r\ncontent-length: 999999999\r\n\r\n{");
      var answer = wire.answer();

      assertThat(answer.status()).isEqualTo(413);
      assertThat(answer.text()).contains("request_too_large");
      assertThat(gateway.ledger.only().outcome()).isEqualTo(SettledCall.Outcome.REFUSED);
      assertThat(gateway.gateway().openCalls()).isZero();
    }
  }

  @Test
  void a_chunked_body_is_refused_as_soon_as_it_is_too_large() throws IOException {
    try (var gateway = small().start();
        var wire = gateway.connect()) {
      wire.send(
          "POST /v1/chat/completions HTTP/1.1\r\nhost: g\r\nauthorization: Bearer "
              + SECRET
              + "\r\ntransfer-encoding: chunked\r\n\r\n");
      for (int i = 0; i < 5; i++) {
        wire.send("400\r\n" + "x".repeat(1024) + "\r\n");
      }
      var answer = wire.answer();

      assertThat(answer.status()).isEqualTo(413);
      assertThat(answer.text()).startsWith("{\"error\":");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/v1/messages|{\"type\":\"error\",\"error\":{\"type\":\"timeout_error\"",
        "/v1/chat/completions|{\"error\":{\"message\":\"The request's body stopped"
      })
  void a_client_whose_upload_stands_still_is_told_so_and_written_down(String path, String said)
      throws IOException {
    var impatient = new GatewayConfig.Limits(4_096, ROOM, 100, 10, 10, Duration.ofMillis(100));
    try (var gateway = setup.limits(impatient).start();
        var wire = gateway.connect()) {
      wire.send(
          "POST "
              + path
              + " HTTP/1.1\r\nhost: g\r\nx-api-key: "
              + SECRET
              + "\r\ncontent-length: 99\r\n\r\n{");
      var answer = wire.answer();

      assertThat(answer.status()).isEqualTo(408);
      assertThat(answer.header("connection")).isEqualTo("close");
      assertThat(answer.text()).startsWith(said);
      assertThat(wire.in().read()).isEqualTo(-1);
      assertThat(gateway.ledger.only().outcome()).isEqualTo(SettledCall.Outcome.REFUSED);
      assertThat(gateway.ledger.only().status()).isEqualTo(408);
      assertThat(gateway.gateway().openCalls()).isZero();
    }
  }

  @Test
  void a_client_that_waits_for_leave_to_send_gets_it() throws IOException {
    provider.always(exchange -> exchange.answer(200, Said.ANSWER));
    try (var gateway = setup.start();
        var wire = gateway.connect()) {
      wire.send(
          "POST /v1/messages HTTP/1.1\r\nhost: g\r\nexpect: 100-continue\r\nx-api-key: "
              + SECRET
              + "\r\ncontent-length: "
              + bytes(Said.ASK).length
              + "\r\n\r\n");
      assertThat(HttpBytes.readHead(wire.in()).status()).isEqualTo(100);

      wire.send(Said.ASK);

      assertThat(wire.answer().status()).isEqualTo(200);
      assertThat(provider.seen().getFirst().header("expect")).isNull();
    }
  }

  @Test
  void the_control_plane_s_clients_are_told_to_go_on_too() throws IOException {
    controlPlane.always(exchange -> exchange.answer(200, "{}"));
    try (var gateway = setup.start();
        var wire = gateway.connect()) {
      gateway.gateway().controlPlane(controlPlane.uri());
      wire.send(
          "POST /api/x HTTP/1.1\r\nhost: g\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n");
      assertThat(HttpBytes.readHead(wire.in()).status()).isEqualTo(100);

      wire.send("{}");

      assertThat(wire.answer().status()).isEqualTo(200);
      assertThat(controlPlane.seen().getFirst().header("expect")).isNull();
    }
  }

  @Test
  void nobody_is_told_to_go_on_after_a_refusal_or_in_http_1_0() throws IOException {
    var tooLarge = setup.limits(new GatewayConfig.Limits(4_096, ROOM, 100, 10, 10, IDLE));
    provider.always(exchange -> exchange.answer(200, Said.ANSWER));
    try (var gateway = tooLarge.start();
        var refused = gateway.connect();
        var old = gateway.connect()) {
      refused.send(
          "POST /v1/messages HTTP/1.1\r\nhost: g\r\nexpect: 100-continue\r\nx-api-key: "
              + SECRET
              + "\r\ncontent-length: 5000\r\n\r\n");
      assertThat(HttpBytes.readHead(refused.in()).status()).isEqualTo(413);

      old.send(
          "POST /v1/messages HTTP/1.0\r\nexpect: 100-continue\r\nx-api-key: "
              + SECRET
              + "\r\ncontent-length: "
              + bytes(Said.ASK).length
              + "\r\n\r\n"
              + Said.ASK);
      assertThat(HttpBytes.readHead(old.in()).status()).isEqualTo(200);
    }
  }

  @Test
  void a_full_disk_refuses_calls_instead_of_serving_them_unmetered() throws IOException {
    provider.always(exchange -> exchange.answer(200, Said.ANSWER));
    try (var gateway = setup.start()) {
      gateway.ledger.full = true;
      var answer = gateway.messages(Said.ASK);

      assertThat(answer.status()).isEqualTo(503);
      assertThat(answer.text()).contains("api_error").contains("the disk is full");
      assertThat(provider.seen()).isEmpty();
    }
  }

  @Test
  void a_bug_behind_a_port_is_an_error_and_not_a_hanging_call() throws IOException {
    provider.always(exchange -> exchange.answer(200, Said.ANSWER));
    try (var gateway = setup.start()) {
      var good = gateway.routes.get();
      gateway.routes.set(RunningGateway.BROKEN);
      var answer = gateway.messages(Said.ASK);
      gateway.routes.set(good);

      assertThat(answer.status()).isEqualTo(500);
      assertThat(answer.text()).contains("api_error");
      assertThat(gateway.gateway().openCalls()).isZero();
      assertThat(gateway.messages(Said.ASK).status()).isEqualTo(200);
    }
  }

  @Test
  void more_calls_than_the_limit_are_told_to_come_back() throws IOException {
    var asked = new CountDownLatch(1);
    provider.always(exchange -> {
      asked.countDown();
      exchange.awaitHangUp();
    });
    try (var gateway =
            setup.limits(new GatewayConfig.Limits(32 << 20, ROOM, 1, 10, 10, IDLE)).start();
        var busy = gateway.connect().send(post("/v1/messages", Said.ASK, "x-api-key: " + SECRET))) {
      await(asked);
      var answer = gateway.messages(Said.ASK);

      assertThat(answer.status()).isEqualTo(503);
      assertThat(answer.header("retry-after")).isEqualTo("1");
      assertThat(busy.socket().isConnected()).isTrue();
    }
  }

  @Test
  void bodies_take_room_with_their_first_byte_and_one_too_many_is_told_so() throws IOException {
    provider.always(exchange -> exchange.answer(200, Said.ANSWER));
    var head =
        "POST /v1/messages HTTP/1.1\r\nhost: g\r\nexpect: 100-continue\r\nx-api-key: "
            + SECRET
            + "\r\ncontent-length: 4000\r\n\r\n";
    var narrow = new GatewayConfig.Limits(4_096, 4_010, 100, 10, 10, IDLE);
    try (var gateway = setup.limits(narrow).start();
        var one = gateway.connect().send(head);
        var two = gateway.connect().send(head)) {
      assertThat(HttpBytes.readHead(one.in()).status()).isEqualTo(100);
      assertThat(HttpBytes.readHead(two.in()).status()).isEqualTo(100);
      assertThat(gateway.messages(Said.ASK).status()).isEqualTo(200);

      one.send("{");
      two.send("{");
      Await.until("one of them is refused", () -> one.in().available() + two.in().available() > 0);
      var refused = (one.in().available() > 0 ? one : two).answer();

      assertThat(refused.status()).isEqualTo(503);
      assertThat(refused.header("retry-after")).isEqualTo("1");
      assertThat(refused.text()).contains("overloaded_error", "request bodies", "4010 bytes");
    }
  }

  @Test
  void endpoints_that_do_not_exist_are_refused_in_the_client_s_shape() throws IOException {
    controlPlane.always(exchange -> exchange.answer(200, "{}"));
    try (var gateway = setup.start()) {
      gateway.gateway().controlPlane(controlPlane.uri());
      assertThat(gateway.ask(post("/v1/responses", "{}", "authorization: Bearer x")).text())
          .startsWith("{\"error\":{");
      assertThat(gateway.ask(post("/v1/complete", "{}", "anthropic-version: 1")).text())
          .startsWith("{\"type\":\"error\"");
      assertThat(gateway.ask(post("/ak/bell_goodgoodgoodgood/api/v1/keys", "{}")).status())
          .isEqualTo(404);
      assertThat(gateway.ask("GET /v1/messages HTTP/1.1\r\nhost: g\r\n\r\n").status())
          .isEqualTo(404);
      assertThat(controlPlane.seen()).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "//ak//bell_goodgoodgoodgood/v1/messages",
        "/ak//bell_goodgoodgoodgood",
        "/v1/ak/bell_goodgoodgoodgood/messages",
        "/ak/bell_goodgoodgoodgood/ak/bell_goodgoodgoodgood/x",
        "/ak/bell_goodgoodgoodgood/bell_goodgoodgoodgood"
      })
  void a_key_in_a_path_that_does_not_exist_is_not_said_back(String path) throws IOException {
    try (var gateway = setup.start()) {
      var answer = gateway.ask(post(path, "{}"));

      assertThat(answer.status()).isEqualTo(404);
      assertThat(answer.text())
          .contains("no model endpoint POST")
          .doesNotContain("bell_goodgoodgoodgood");
    }
  }

  @Test
  void a_key_in_a_client_s_other_headers_is_not_written_down() throws IOException {
    provider.always(exchange -> exchange.answer(200, Said.ANSWER));
    try (var gateway = setup.start()) {
      gateway.messages(
          Said.ASK,
          "user-agent: cli/" + SECRET + " (linux)",
          "x-request-id: " + SECRET.replace("good", "else"),
          "x-claude-code-session-id: " + "s".repeat(240) + SECRET,
          "x-claude-code-agent-id: bell_tower");

      var opened = gateway.ledger.only().opened();
      assertThat(opened.userAgent()).isEqualTo("cli/*** (linux)");
      assertThat(opened.clientRequestId()).isEqualTo("***");
      assertThat(opened.sessionId()).isEqualTo("s".repeat(240) + "***");
      assertThat(opened.agentId()).isEqualTo("bell_tower");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"/v1/models/" + SECRET, "/v1/models/bell%5Fgoodgoodgoodgood?x=1"})
  void a_key_in_the_place_of_a_model_is_not_looked_up_anywhere(String path) throws IOException {
    try (var gateway = setup.start()) {
      var answer =
          gateway.ask("GET " + path + " HTTP/1.1\r\nhost: g\r\nx-api-key: " + SECRET + "\r\n\r\n");

      assertThat(answer.status()).isEqualTo(404);
      assertThat(answer.text()).doesNotContain("goodgood");
      assertThat(provider.seen()).isEmpty();
    }
  }

  @Test
  void a_key_in_the_query_for_models_does_not_reach_the_provider() throws IOException {
    provider.always(exchange -> exchange.answer(200, "{}"));
    try (var gateway = setup.start()) {
      gateway.ask(
          "GET /v1/models?key="
              + SECRET.replace("good", "else")
              + "&limit=2 HTTP/1.1\r\nhost: g\r\nx-api-key: "
              + SECRET
              + "\r\n\r\n");

      assertThat(provider.seen().getFirst().startLine())
          .isEqualTo("GET /v1/models?limit=2 HTTP/1.1");
    }
  }

  @Test
  void knocking_is_answered_cheaply() throws IOException {
    try (var gateway = setup.start();
        var wire = gateway.connect()) {
      for (var path : new String[] {"/", "/api/hello", "/ak/x/"}) {
        wire.send("HEAD " + path + " HTTP/1.1\r\nhost: g\r\n\r\n");
        var head = HttpBytes.readHead(wire.in());
        assertThat(head.status()).isEqualTo(200);
        assertThat(head.header("x-request-id")).isNotNull();
      }
    }
  }

  @Test
  void counting_tokens_is_recorded_and_costs_nothing() throws IOException {
    provider.always(exchange -> exchange.answer(200, "{\"input_tokens\":12}"));
    try (var gateway = setup.start()) {
      var answer =
          gateway.ask(
              post("/v1/messages/count_tokens?beta=true", Said.ASK, "x-api-key: " + SECRET));

      assertThat(answer.text()).isEqualTo("{\"input_tokens\":12}");
      assertThat(provider.seen().getFirst().startLine())
          .isEqualTo("POST /v1/messages/count_tokens?beta=true HTTP/1.1");
      var settled = gateway.ledger.only();
      assertThat(settled.opened().operation()).isEqualTo("count_tokens");
      assertThat(settled.costPico()).isZero();
      assertThat(settled.price()).isNull();
      assertThat(settled.estimated()).isFalse();
    }
  }

  // ---- models

  @Test
  void models_are_listed_in_anthropic_s_shape_with_a_limit() throws IOException {
    try (var gateway =
        setup.model("claude-one").model("claude-two").model("claude-three").start()) {
      var answer =
          gateway.ask(
              "GET /v1/models?limit=2 HTTP/1.1\r\nhost: g\r\nx-api-key: " + SECRET + "\r\n\r\n");

      assertThat(answer.text())
          .isEqualTo(
              "{\"data\":[{\"type\":\"model\",\"id\":\"claude-one\",\"display_name\":\"claude-one"
                  + " (shown)\",\"created_at\":\"1970-01-01T00:00:00Z\"},{\"type\":\"model\","
                  + "\"id\":\"claude-two\",\"display_name\":\"claude-two (shown)\","
                  + "\"created_at\":\"1970-01-01T00:00:00Z\"}],\"has_more\":true,"
                  + "\"first_id\":\"claude-one\",\"last_id\":\"claude-two\"}");
    }
  }

  @Test
  void models_are_listed_in_openai_s_shape() throws IOException {
    try (var gateway = setup.model("gpt-one").start()) {
      var head = " HTTP/1.1\r\nhost: g\r\nauthorization: Bearer " + SECRET + "\r\n\r\n";

      assertThat(gateway.ask("GET /v1/models" + head).text())
          .isEqualTo(
              "{\"object\":\"list\",\"data\":[{\"id\":\"gpt-one\",\"object\":\"model\","
                  + "\"created\":0,\"owned_by\":\"bellfounder\"}]}");
      assertThat(gateway.ask("GET /v1/models/gpt-one" + head).text()).startsWith("{\"id\":\"gpt");
      assertThat(gateway.ask("GET /v1/models/gpt-two" + head).status()).isEqualTo(404);
    }
  }

  @Test
  void models_need_a_key() throws IOException {
    try (var gateway = setup.model("claude-one").start()) {
      assertThat(gateway.ask("GET /v1/models HTTP/1.1\r\nhost: g\r\n\r\n").status()).isEqualTo(401);
    }
  }

  @Test
  void without_configured_models_the_provider_is_asked() throws IOException {
    provider.always(exchange -> exchange.answer(200, "{\"data\":[1.0]}", "x-of: provider"));
    try (var gateway = setup.start()) {
      var answer =
          gateway.ask(
              "GET /v1/models?limit=1000 HTTP/1.1\r\nhost: g\r\nanthropic-version: 1\r\nx-api-key: "
                  + SECRET
                  + "\r\n\r\n");

      assertThat(answer.text()).isEqualTo("{\"data\":[1.0]}");
      assertThat(answer.header("x-of")).isEqualTo("provider");
      var seen = provider.seen().getFirst();
      assertThat(seen.startLine()).isEqualTo("GET /v1/models?limit=1000 HTTP/1.1");
      assertThat(seen.header("x-api-key")).isEqualTo("provider-secret-a");
      assertThat(gateway.ledger.opened).isEmpty();
    }
  }

  @Test
  void a_provider_that_is_slow_to_list_its_models_is_not_waited_for() throws IOException {
    provider.always(ScriptedProvider.Exchange::awaitHangUp);
    try (var gateway = setup.start()) {
      long start = System.nanoTime();
      var answer =
          gateway.ask("GET /v1/models HTTP/1.1\r\nhost: g\r\nx-api-key: " + SECRET + "\r\n\r\n");

      assertThat(answer.status()).isEqualTo(503);
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(3));
    }
  }

  @Test
  void a_provider_whose_list_of_models_is_too_large_is_a_failed_one() throws IOException {
    provider.always(exchange -> exchange.answer(200, "[" + " ".repeat(5 << 20) + "]"));
    try (var gateway = setup.start()) {
      var answer =
          gateway.ask("GET /v1/models HTTP/1.1\r\nhost: g\r\nx-api-key: " + SECRET + "\r\n\r\n");

      assertThat(answer.status()).isEqualTo(503);
      assertThat(answer.text()).contains("did not list its models", "too large");
    }
  }

  // ---- everything else

  @Test
  void everything_else_goes_to_the_control_plane_and_back() throws IOException {
    controlPlane.always(exchange ->
        exchange.answer(201, "made", "set-cookie: a=1", "set-cookie: b=2", "x-request-id: inner"));
    try (var gateway = setup.start()) {
      gateway.gateway().controlPlane(controlPlane.uri());
      var answer =
          gateway.ask(
              "PUT /api/v1/x?y=%20 HTTP/1.1\r\nhost: bell.example:8080\r\ncookie: s=1\r\n"
                  + "x-forwarded-for: 6.6.6.6\r\n"
                  + "transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");

      assertThat(answer.status()).isEqualTo(201);
      assertThat(answer.text()).isEqualTo("made");
      assertThat(answer.all("set-cookie")).containsExactly("a=1", "b=2");
      assertThat(answer.header("x-request-id")).isNotEqualTo("inner");
      var seen = controlPlane.seen().getFirst();
      assertThat(seen.startLine()).isEqualTo("PUT /api/v1/x?y=%20 HTTP/1.1");
      assertThat(seen.text()).isEqualTo("abc");
      assertThat(seen.header("host")).isEqualTo("bell.example:8080");
      assertThat(seen.header("cookie")).isEqualTo("s=1");
      assertThat(seen.all("x-forwarded-for")).containsExactly("127.0.0.1");
      assertThat(seen.header("x-forwarded-proto")).isEqualTo("http");
      assertThat(seen.header("x-forwarded-host")).isEqualTo("bell.example:8080");
      assertThat(seen.header("x-request-id")).isEqualTo(answer.header("x-request-id"));
    }
  }

  @Test
  void headers_of_one_connection_do_not_cross_the_front_door_either_way() throws IOException {
    controlPlane.always(exchange ->
        exchange.answer(
            200,
            "{}",
            "connection: x-theirs",
            "Connection: keep-alive, X-Second",
            "x-theirs: 1",
            "x-second: 2",
            "keep-alive: timeout=5",
            "x-kept: 3"));
    try (var gateway = setup.start()) {
      gateway.gateway().controlPlane(controlPlane.uri());
      var answer =
          gateway.ask(
              "GET /api/v1/x HTTP/1.1\r\nhost: g\r\nconnection: x-mine\r\n"
                  + "Connection: keep-alive, X-Other\r\nx-mine: 1\r\nx-other: 2\r\n"
                  + "keep-alive: timeout=5\r\nte: trailers\r\nx-kept: 3\r\n\r\n");

      assertThat(controlPlane.seen().getFirst().headers().stream().map(HttpBytes.Header::name))
          .contains("x-kept")
          .doesNotContain("x-mine", "x-other", "keep-alive", "te");
      assertThat(answer.headers().stream().map(HttpBytes.Header::name))
          .contains("x-kept")
          .doesNotContain("x-theirs", "x-second", "keep-alive");
    }
  }

  @Test
  void a_stream_of_the_control_plane_comes_through_as_it_is_written() throws IOException {
    var goOn = new CountDownLatch(1);
    controlPlane.always(exchange -> {
      exchange.streamHead();
      exchange.chunk("id: 1\n\n");
      await(goOn);
      exchange.chunk("id: 2\n\n");
      exchange.end();
    });
    try (var gateway = setup.start();
        var wire = gateway.connect()) {
      gateway.gateway().controlPlane(controlPlane.uri());
      wire.send("GET /api/v1/events HTTP/1.1\r\nhost: g\r\n\r\n");
      HttpBytes.readHead(wire.in());
      assertThat(HttpBytes.readChunk(wire.in())).isEqualTo(bytes("id: 1\n\n"));
      goOn.countDown();
      assertThat(HttpBytes.readChunk(wire.in())).isEqualTo(bytes("id: 2\n\n"));
    }
  }

  @Test
  void a_websocket_passes_through() throws IOException {
    controlPlane.always(exchange -> {
      exchange.raw(
          "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
              + "sec-websocket-accept: yes\r\n\r\n");
      var four = exchange.in().readNBytes(4);
      exchange.raw(four);
      exchange.hangUp();
    });
    try (var gateway = setup.start();
        var wire = gateway.connect()) {
      gateway.gateway().controlPlane(controlPlane.uri());
      wire.send(
          "GET /live HTTP/1.1\r\nhost: g\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
              + "sec-websocket-key: k\r\nsec-websocket-version: 13\r\n\r\n");
      var head = HttpBytes.readHead(wire.in());
      assertThat(head.status()).isEqualTo(101);
      assertThat(head.header("sec-websocket-accept")).isEqualTo("yes");

      wire.send("ping");

      assertThat(wire.in().readNBytes(4)).isEqualTo(bytes("ping"));
      assertThat(wire.in().read()).isEqualTo(-1);
    }
  }

  @Test
  void without_a_control_plane_there_is_a_problem_document() throws IOException {
    try (var gateway = setup.start()) {
      var starting = gateway.ask("GET /console HTTP/1.1\r\nhost: g\r\n\r\n");
      gateway.gateway().controlPlane(controlPlane.uri());
      controlPlane.close();
      var gone = gateway.ask("GET /console HTTP/1.1\r\nhost: g\r\n\r\n");

      assertThat(starting.status()).isEqualTo(503);
      assertThat(starting.header("content-type")).isEqualTo("application/problem+json");
      assertThat(gone.status()).isEqualTo(503);
    }
  }

  // ---- draining

  @Test
  void draining_turns_readiness_off_and_lets_open_calls_end() throws Exception {
    var asked = new CountDownLatch(1);
    var goOn = new CountDownLatch(1);
    provider.always(exchange -> {
      asked.countDown();
      await(goOn);
      exchange.answer(200, Said.ANSWER);
    });
    controlPlane.always(exchange -> exchange.answer(200, "{}"));
    try (var gateway = setup.start();
        var wire = gateway.connect().send(post("/v1/messages", Said.ASK, "x-api-key: " + SECRET))) {
      gateway.gateway().controlPlane(controlPlane.uri());
      await(asked);
      var drained =
          CompletableFuture.supplyAsync(() -> gateway.gateway().drain(Duration.ofSeconds(20)));
      Await.until("draining", () -> gateway.gateway().draining());

      assertThat(gateway.ask("GET /health/ready HTTP/1.1\r\nhost: g\r\n\r\n").status())
          .isEqualTo(503);
      assertThat(gateway.ask("GET /health/live HTTP/1.1\r\nhost: g\r\n\r\n").status())
          .isEqualTo(200);
      var refused = gateway.messages(Said.ASK);
      assertThat(refused.status()).isEqualTo(503);
      assertThat(refused.header("connection")).isEqualTo("close");
      assertThat(drained).isNotDone();

      goOn.countDown();

      var last = wire.answer();
      assertThat(last.status()).isEqualTo(200);
      assertThat(last.header("connection")).isEqualTo("close");
      assertThat(drained.get()).isTrue();
    }
  }

  @Test
  void what_is_left_when_draining_ends_is_broken_off_and_settled() throws IOException {
    provider.always(exchange -> {
      exchange.streamHead();
      exchange.chunk(Said.START);
      exchange.awaitHangUp();
    });
    try (var gateway = setup.start();
        var wire =
            gateway.connect().send(post("/v1/messages", Said.ASK_STREAM, "x-api-key: " + SECRET))) {
      HttpBytes.readHead(wire.in());
      HttpBytes.readChunk(wire.in());

      assertThat(gateway.gateway().drain(Duration.ofMillis(50))).isFalse();

      assertThat(gateway.ledger.only().outcome()).isEqualTo(SettledCall.Outcome.CUT);
      assertThat(new String(requireNonNull(HttpBytes.readChunk(wire.in())), StandardCharsets.UTF_8))
          .startsWith("event: error");
      assertThat(HttpBytes.readChunk(wire.in())).isNull();
    }
  }

  private RunningGateway.Setup small() {
    return setup.limits(new GatewayConfig.Limits(4_096, ROOM, 100, 10, 10, IDLE));
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
