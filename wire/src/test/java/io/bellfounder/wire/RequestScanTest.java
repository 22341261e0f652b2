package io.bellfounder.wire;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.bellfounder.wire.RequestScan.Scanned;
import io.bellfounder.wire.RequestScan.Unreadable;
import java.util.Base64;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RequestScanTest {

  @Test
  void reads_the_members_that_matter() {
    var scanned =
        chat(
            """
            {"messages":[{"role":"user","content":"hi"}], "model" : "gpt-5", "stream":true,
             "max_tokens": 64, "stream_options": {"include_usage": true}}\
            """);

    assertThat(scanned.model()).isEqualTo("gpt-5");
    assertThat(scanned.streaming()).isTrue();
    assertThat(scanned.maxOutputTokens()).isEqualTo(64);
    assertThat(scanned.asksForUsage()).isTrue();
    assertThat(scanned.dropsUsageChunk()).isFalse();
  }

  @Test
  void a_model_in_a_string_or_a_nested_object_fools_nobody() {
    var scanned =
        messages(
            """
            {"system":"say \\"model\\":\\"evil\\", \\\\","metadata":{"model":"evil","stream":true},
             "tools":[{"model":"evil"}],"model":"claude-opus-5-5"}\
            """);

    assertThat(scanned.model()).isEqualTo("claude-opus-5-5");
    assertThat(scanned.streaming()).isFalse();
  }

  @Test
  void an_escaped_name_is_the_same_name() {
    assertThat(messages("{\"mod\\u0065l\":\"cl\\u0061ude\"}").model()).isEqualTo("claude");
  }

  @Test
  void of_two_members_of_one_name_the_last_counts_and_both_are_renamed() {
    var scanned = messages("{\"model\":\"a\",\"x\":1,\"model\":\"b\"}");

    assertThat(scanned.model()).isEqualTo("b");
    assertThat(edited(scanned, "c")).isEqualTo("{\"model\":\"c\",\"x\":1,\"model\":\"c\"}");
  }

  @Test
  void a_model_that_is_no_string_is_none() {
    assertThat(messages("{\"model\":7}").model()).isNull();
    assertThat(messages("{\"model\":null}").model()).isNull();
    assertThat(messages("{}").model()).isNull();
  }

  @Test
  void a_new_name_is_escaped_and_all_else_stays_as_it_was() {
    var body =
        "{ \"a\" : 1.0, \"model\":\"x\\u002fy\" ,\"b\":12345678901234567890,\"é\":\"\\/\" }\n";

    assertThat(edited(messages(body), "q\"\\\n/ü"))
        .isEqualTo(body.replace("\"x\\u002fy\"", "\"q\\\"\\\\\\n/ü\""));
  }

  @Test
  void without_a_new_name_the_body_is_the_clients_own_array() {
    var bytes = "{\"model\":\"x\"}".getBytes(UTF_8);
    var scanned = (Scanned) RequestScan.of(Endpoint.MESSAGES, bytes, 0, bytes.length);

    var segments = scanned.edited(null).segments();

    assertThat(segments).hasSize(1);
    assertThat(segments.getFirst().bytes()).isSameAs(bytes);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"stream":true}                                            | {"stream":true,"stream_options":{"include_usage":true}}
          {"stream":true,"stream_options":null}                      | {"stream":true,"stream_options":{"include_usage":true}}
          {"stream_options":{},"stream":true}                        | {"stream_options":{"include_usage":true},"stream":true}
          {"stream":true,"stream_options":{"x":{"include_usage":true} }} | {"stream":true,"stream_options":{"x":{"include_usage":true} ,"include_usage":true}}
          {"stream":true,"stream_options":{"include_usage": false}}  | {"stream":true,"stream_options":{"include_usage": true}}
          {"stream":true,"stream_options":{"include_usage":null}}    | {"stream":true,"stream_options":{"include_usage":true}}
          """)
  void asks_for_usage_in_the_clients_name(String body, String expected) {
    var scanned = chat(body);

    assertThat(scanned.dropsUsageChunk()).isTrue();
    assertThat(edited(scanned, null)).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"stream\":false}",
        "{}",
        "{\"stream\":\"true\"}",
        "{\"stream\":true,\"stream_options\":{\"include_usage\":true}}",
        "{\"stream\":true,\"stream_options\":\"odd\"}",
        "{\"stream\":true,\"stream_options\":[]}"
      })
  void does_not_touch_stream_options_otherwise(String body) {
    assertThat(chat(body).dropsUsageChunk()).isFalse();
    assertThat(edited(chat(body), null)).isEqualTo(body);
  }

  @Test
  void never_asks_an_anthropic_stream_for_usage() {
    assertThat(edited(messages("{\"stream\":true}"), null)).isEqualTo("{\"stream\":true}");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "  ",
        "[]",
        "\"x\"",
        "null",
        "{",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,",
        "{\"a\":1,}",
        "{\"a\" 1}",
        "{a:1}",
        "{\"a\":\"x}",
        "{\"a\":[}",
        "{\"a\":[1,2}}",
        "{\"a\":nul}",
        "{\"a\":bare}",
        "{\"a\":1} x",
        "{\"a\":1}{}",
        "{\"a\":\"\\"
      })
  void what_is_no_whole_object_is_unreadable(String body) {
    var bytes = body.getBytes(UTF_8);

    assertThat(RequestScan.of(Endpoint.MESSAGES, bytes, 0, bytes.length))
        .isInstanceOf(Unreadable.class);
  }

  @Test
  void nesting_is_bounded_and_never_recursed() {
    var deep = "{\"a\":" + "[".repeat(1_000_000) + "]".repeat(1_000_000) + "}";
    var fine = "{\"a\":" + "[".repeat(1_000) + "]".repeat(1_000) + ",\"model\":\"m\"}";

    assertThat(scan(Endpoint.MESSAGES, deep)).isInstanceOf(Unreadable.class);
    assertThat(messages(fine).model()).isEqualTo("m");
  }

  @Test
  void reads_only_its_range_of_the_array() {
    var bytes = "garbage{\"model\":\"m\"}\"garbage".getBytes(UTF_8);

    var scanned = (Scanned) RequestScan.of(Endpoint.MESSAGES, bytes, 7, 13);

    assertThat(scanned.model()).isEqualTo("m");
    assertThat(new String(scanned.edited("n").toBytes(), UTF_8)).isEqualTo("{\"model\":\"n\"}");
  }

  @Test
  void counts_a_token_per_four_bytes_of_text() {
    var text = "words and words ".repeat(1_000);

    assertThat(messages("{\"messages\":\"" + text + "\"}").estimatedInputTokens()).isEqualTo(4_000);
  }

  @Test
  void counts_an_image_by_what_it_costs_rather_than_by_its_length() {
    var image = new byte[600_000];
    new Random(7).nextBytes(image);
    var base64 = Base64.getEncoder().encodeToString(image);

    assertThat(messages("{\"data\":\"" + base64 + "\"}").estimatedInputTokens()).isEqualTo(1_600);
    assertThat(chat("{\"url\":[\"data:image/png;base64," + base64 + "\"]}").estimatedInputTokens())
        .isEqualTo(1_600);
  }

  @Test
  void counts_token_ids_of_an_embeddings_request() {
    var scanned =
        (Scanned) scan(Endpoint.EMBEDDINGS, "{\"input\":[[1,22, 333],[4]],\"dimensions\":256}");

    assertThat(scanned.estimatedInputTokens()).isEqualTo(4);
  }

  private static String edited(Scanned scanned, @Nullable String model) {
    return new String(scanned.edited(model).toBytes(), UTF_8);
  }

  private static Scanned chat(String body) {
    return (Scanned) scan(Endpoint.CHAT_COMPLETIONS, body);
  }

  private static Scanned messages(String body) {
    return (Scanned) scan(Endpoint.MESSAGES, body);
  }

  private static RequestScan scan(Endpoint endpoint, String body) {
    var bytes = body.getBytes(UTF_8);
    return RequestScan.of(endpoint, bytes, 0, bytes.length);
  }
}
