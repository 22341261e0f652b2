package io.bellfounder.gateway;

import static io.bellfounder.gateway.HttpBytes.bytes;
import static io.bellfounder.gateway.RunningGateway.SECRET;
import static io.bellfounder.gateway.RunningGateway.anthropic;
import static io.bellfounder.gateway.RunningGateway.openAi;
import static io.bellfounder.gateway.RunningGateway.post;
import static org.assertj.core.api.Assertions.assertThat;

import io.bellfounder.testing.Seeds;
import io.bellfounder.wire.Usage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What goes in comes out, but for the few permitted edits. */
class ByteFidelityTest {
  private final ScriptedProvider provider = new ScriptedProvider();
  private final RunningGateway gateway =
      RunningGateway.with(anthropic("a", provider.uri()), openAi("o", provider.uri())).start();

  @AfterEach
  void close() {
    gateway.close();
    provider.close();
  }

  @Test
  void a_request_reaches_the_provider_byte_for_byte() throws IOException {
    provider.always(exchange -> exchange.answer(200, Said.ANSWER));
    var body =
        "{ \"messages\":[{\"role\":\"user\",\"content\":\"\\u00e4 \\/ 1.0\"}],\r\n\t\"n\":1.00,"
            + "\"model\" : \"claude-x\",  \"unknown\":{\"a\":[1,{}]}, \"max_tokens\":16 }\n";

    gateway.ask(
        post(
            "/v1/messages?beta=true&x=%2F",
            body,
            "X-API-Key: " + SECRET,
            "anthropic-version: 2026-10-21",
            "anthropic-beta: one,two",
            "X-Odd: first",
            "x-odd: second",
            "Accept-Encoding: gzip, deflate, br, zstd",
            "cookie: secret=1",
            "connection: keep-alive, x-hop",
            "x-hop: mine",
            "X-Odd: third"));

    var seen = provider.seen().getFirst();
    assertThat(seen.text()).isEqualTo(body);
    assertThat(seen.startLine()).isEqualTo("POST /v1/messages?beta=true&x=%2F HTTP/1.1");
    assertThat(seen.headers().stream().map(HttpBytes.Header::toString).sorted())
        .containsExactlyInAnyOrder(
            "x-api-key: provider-secret-a",
            "anthropic-version: 2026-10-21",
            "anthropic-beta: one,two",
            "X-Odd: first",
            "x-odd: second",
            "X-Odd: third",
            "Accept-Encoding: gzip",
            "content-length: " + bytes(body).length,
            "host: 127.0.0.1:" + provider.uri().getPort());
    assertThat(seen.all("x-odd")).containsExactly("first", "second", "third");
  }

  @Test
  void an_answer_reaches_the_client_with_every_header_but_those_of_the_connection()
      throws IOException {
    provider.always(exchange ->
        exchange.answer(
            200,
            Said.ANSWER,
            "request-id: req_1",
            "anthropic-ratelimit-tokens-remaining: 5",
            "x-new: one",
            "X-New: two",
            "set-cookie: a=b",
            "keep-alive: timeout=5",
            "connection: keep-alive"));

    var answer = gateway.messages(Said.ASK);

    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.startLine()).isEqualTo("HTTP/1.1 200 Because");
    assertThat(answer.text()).isEqualTo(Said.ANSWER);
    assertThat(answer.all("x-new")).containsExactly("one", "two");
    assertThat(answer.header("request-id")).isEqualTo("req_1");
    assertThat(answer.header("anthropic-ratelimit-tokens-remaining")).isEqualTo("5");
    assertThat(answer.header("set-cookie")).isNull();
    assertThat(answer.header("keep-alive")).isNull();
    assertThat(answer.header("x-bellfounder-call-id"))
        .isEqualTo(gateway.ledger.only().opened().id().toString());
    assertThat(answer.header("x-request-id")).isNotNull();
    var settled = gateway.ledger.only();
    assertThat(settled.outcome()).isEqualTo(SettledCall.Outcome.COMPLETED);
    assertThat(settled.usage()).isEqualTo(new Usage(11L, 0L, null, 3L, 7L));
    assertThat(settled.estimated()).isFalse();
    assertThat(settled.costPico()).isEqualTo(11 * 3 + 3 + 7 * 15);
    assertThat(settled.responseBytes()).isEqualTo(bytes(Said.ANSWER).length);
  }

  @Test
  void a_credential_in_an_answer_does_not_reach_the_client() throws IOException {
    provider.always(exchange ->
        exchange.answer(
            200,
            Said.ANSWER,
            "x-api-key: provider-secret-a",
            "Authorization: Bearer provider-secret-a",
            "api-key: provider-secret-a",
            "X-Goog-Api-Key: provider-secret-a"));

    var answer = gateway.messages(Said.ASK);

    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.headers()).noneMatch(header -> header.value().contains("provider-secret"));
  }

  @Test
  void a_key_that_stands_elsewhere_too_does_not_reach_the_provider() throws IOException {
    provider.always(exchange -> exchange.answer(200, Said.ANSWER));

    gateway.ask(
        post(
            "/v1/messages?key=bell_goodgoodgoodgood&beta=true&api_key=bell%5Fgoodgoodgoodgood&x=%2F",
            Said.ASK,
            "x-api-key: bell_goodgoodgoodgood",
            "api-key: other",
            "X-Goog-Api-Key: other",
            "referer: http://gateway/ak/bell_goodgoodgoodgood/v1/messages",
            "accept-encoding: gzip;bell_goodgoodgoodgood",
            "x-odd: good"));

    var seen = provider.seen().getFirst();
    assertThat(seen.startLine()).isEqualTo("POST /v1/messages?beta=true&x=%2F HTTP/1.1");
    assertThat(seen.headers().stream().map(HttpBytes.Header::name))
        .containsExactlyInAnyOrder("x-api-key", "x-odd", "content-length", "host");
  }

  @Test
  void a_key_from_the_path_does_not_reach_the_provider_in_a_header() throws IOException {
    provider.always(exchange -> exchange.answer(200, Said.ANSWER));

    gateway.ask(
        post(
            "/ak/bell_goodgoodgoodgood/v1/messages?key=bell_goodgoodgoodgood",
            Said.ASK,
            "referer: /ak/bell_goodgoodgoodgood/",
            "x-api-key: odd",
            "x-odd: odd"));

    var seen = provider.seen().getFirst();
    assertThat(seen.startLine()).isEqualTo("POST /v1/messages HTTP/1.1");
    assertThat(seen.header("referer")).isNull();
    assertThat(seen.header("x-odd")).isEqualTo("odd");
  }

  @Test
  void every_connection_header_counts_in_both_directions() throws IOException {
    provider.always(exchange ->
        exchange.answer(
            200,
            Said.ANSWER,
            "connection: keep-alive",
            "connection: x-one, x-two",
            "x-two: theirs",
            "x-three: theirs"));

    var answer =
        gateway.messages(
            Said.ASK, "connection: keep-alive", "connection: x-hop", "x-hop: mine", "x-odd: mine");

    var seen = provider.seen().getFirst();
    assertThat(seen.header("x-hop")).isNull();
    assertThat(seen.header("x-odd")).isEqualTo("mine");
    assertThat(answer.header("x-two")).isNull();
    assertThat(answer.header("x-three")).isEqualTo("theirs");
  }

  @Test
  void bytes_of_a_query_that_are_no_ascii_arrive_escaped() throws IOException {
    provider.always(exchange -> exchange.answer(200, Said.ANSWER));

    gateway.ask(post("/v1/messages?x=ü%20&y=€", Said.ASK, "x-api-key: " + SECRET));

    assertThat(provider.seen().getFirst().startLine())
        .isEqualTo("POST /v1/messages?x=%C3%BC%20&y=%E2%82%AC HTTP/1.1");
  }

  @Test
  void a_stream_comes_through_whole_however_it_is_split() throws IOException {
    var whole = bytes(String.join("", Said.STREAM));
    var random = Seeds.random("a_stream_comes_through_whole_however_it_is_split");
    for (int round = 0; round < 30; round++) {
      int most = round == 0 ? 1 : 1 + random.nextInt(200);
      provider.always(exchange -> {
        exchange.streamHead();
        for (int at = 0; at < whole.length; ) {
          int to = Math.min(whole.length, at + 1 + random.nextInt(most));
          exchange.chunk(Arrays.copyOfRange(whole, at, to));
          at = to;
        }
        exchange.end();
      });

      var answer = gateway.messages(Said.ASK_STREAM);

      assertThat(answer.body()).isEqualTo(whole);
      assertThat(answer.whole()).isTrue();
      assertThat(answer.header("content-type")).isEqualTo("text/event-stream; charset=utf-8");
    }
    assertThat(gateway.ledger.settled)
        .allSatisfy(call -> {
          assertThat(call.usage().input()).isEqualTo(11);
          assertThat(call.usage().output()).isEqualTo(9);
          assertThat(call.outcome()).isEqualTo(SettledCall.Outcome.COMPLETED);
          assertThat(call.estimated()).isFalse();
        })
        .hasSize(30);
  }

  @Test
  void a_gzip_answer_comes_through_compressed_and_is_metered_all_the_same() throws IOException {
    var compressed = gzip(Said.ANSWER);
    provider.always(exchange -> exchange.answer(200, compressed, "content-encoding: gzip"));

    var answer = gateway.messages(Said.ASK, "accept-encoding: gzip, br");

    assertThat(provider.seen().getFirst().header("accept-encoding")).isEqualTo("gzip");
    assertThat(answer.body()).isEqualTo(compressed);
    assertThat(answer.header("content-encoding")).isEqualTo("gzip");
    assertThat(gateway.ledger.only().usage().output()).isEqualTo(7);
  }

  @Test
  void a_gzip_stream_comes_through_compressed_and_is_metered_all_the_same() throws IOException {
    var compressed = gzip(String.join("", Said.STREAM));
    provider.always(exchange -> {
      exchange.streamHead("content-encoding: gzip");
      for (byte one : compressed) {
        exchange.chunk(new byte[] {one});
      }
      exchange.end();
    });

    var answer = gateway.messages(Said.ASK_STREAM);

    assertThat(answer.body()).isEqualTo(compressed);
    assertThat(gateway.ledger.only().usage().output()).isEqualTo(9);
    assertThat(gateway.ledger.only().outcome()).isEqualTo(SettledCall.Outcome.COMPLETED);
  }

  @Test
  void a_chunked_request_arrives_with_a_length() throws IOException {
    provider.always(exchange -> exchange.answer(200, Said.ANSWER));
    try (var wire = gateway.connect()) {
      wire.send(
          "POST /v1/messages HTTP/1.1\r\nhost: g\r\nx-api-key: "
              + SECRET
              + "\r\ntransfer-encoding: chunked\r\n\r\n");
      for (byte one : bytes(Said.ASK)) {
        wire.send("1\r\n").send(new byte[] {one}).send("\r\n");
      }
      wire.send("0\r\n\r\n");

      assertThat(wire.answer().status()).isEqualTo(200);
    }

    var seen = provider.seen().getFirst();
    assertThat(seen.text()).isEqualTo(Said.ASK);
    assertThat(seen.header("transfer-encoding")).isNull();
  }

  @Test
  void a_renamed_model_is_the_only_change_in_the_body() throws IOException {
    provider.always(exchange -> exchange.answer(200, Said.ANSWER));
    var renaming = anthropic("a", provider.uri());
    try (var other = RunningGateway.with(renaming).target(renaming, "claude-there").start()) {
      other.messages("{\"a\": \"claude-x\" , \"model\" :\t\"claude-x\" ,\"z\":1.0}");
    }

    assertThat(provider.seen().getFirst().text())
        .isEqualTo("{\"a\": \"claude-x\" , \"model\" :\t\"claude-there\" ,\"z\":1.0}");
  }

  @Test
  void an_openai_stream_is_asked_for_its_usage_and_the_client_does_not_see_it() throws IOException {
    provider.always(
        exchange -> exchange.stream(Said.CHUNK, Said.FINISH, Said.USAGE_ONLY, Said.DONE));

    var answer = gateway.chat(Said.ASK_CHAT_STREAM);

    assertThat(provider.seen().getFirst().text()).contains("\"include_usage\":true");
    assertThat(provider.seen().getFirst().startLine())
        .isEqualTo("POST /v1/chat/completions HTTP/1.1");
    assertThat(provider.seen().getFirst().header("authorization"))
        .isEqualTo("Bearer provider-secret-o");
    assertThat(answer.text()).isEqualTo(Said.CHUNK + Said.FINISH + Said.DONE);
    assertThat(gateway.ledger.only().usage()).isEqualTo(new Usage(4L, null, null, 6L, 4L));
  }

  @Test
  void an_openai_client_that_asks_for_usage_gets_it() throws IOException {
    provider.always(
        exchange -> exchange.stream(Said.CHUNK, Said.FINISH, Said.USAGE_ONLY, Said.DONE));
    var body = "{\"model\":\"gpt-x\",\"stream\":true,\"stream_options\":{\"include_usage\":true}}";

    var answer = gateway.chat(body);

    assertThat(provider.seen().getFirst().text()).isEqualTo(body);
    assertThat(answer.text()).isEqualTo(Said.CHUNK + Said.FINISH + Said.USAGE_ONLY + Said.DONE);
  }

  @Test
  void a_body_of_many_megabytes_is_carried() throws IOException {
    provider.always(exchange -> exchange.answer(200, Said.ANSWER));
    var body = "{\"model\":\"claude-x\",\"pad\":\"" + "0123456789".repeat(1 << 20) + "\"}";

    assertThat(gateway.messages(body).status()).isEqualTo(200);

    assertThat(provider.seen().getFirst().text()).isEqualTo(body);
  }

  @Test
  void a_base_url_with_a_path_keeps_it() throws IOException {
    provider.always(exchange -> exchange.answer(200, Said.ANSWER));
    var below = anthropic("a", provider.uri().resolve("/team/proxy/"));
    try (var other = RunningGateway.with(below).start()) {
      other.ask(post("/v1/v1/messages", Said.ASK, "authorization: Bearer " + SECRET));
    }

    assertThat(provider.seen().getFirst().startLine())
        .isEqualTo("POST /team/proxy/v1/messages HTTP/1.1");
  }

  private static byte[] gzip(String text) throws IOException {
    var bytes = new ByteArrayOutputStream();
    try (var out = new GZIPOutputStream(bytes)) {
      out.write(bytes(text));
    }
    return bytes.toByteArray();
  }
}
