package io.bellfounder.wire;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonMeterTest {
  static final String MESSAGE =
      """
      {"id":"msg_1","type":"message","role":"assistant","model":"claude-opus-5-5",
       "content":[{"type":"text","text":"{\\"usage\\":{\\"output_tokens\\":1}} ok"}],
       "stop_reason":"end_turn","stop_sequence":null,
       "usage" : {"input_tokens":3,"output_tokens":5,"cache_read_input_tokens":0,
       "server_tool_use":{"web_search_requests":1}} }
      """;

  @Test
  void reads_an_anthropic_answer() {
    var meter = read(Endpoint.MESSAGES, MESSAGE);

    assertThat(meter.usage()).isEqualTo(new Usage(3L, null, null, 0L, 5L));
    assertThat(meter.usageFinal()).isTrue();
    assertThat(meter.terminalSeen()).isTrue();
    assertThat(meter.model()).isEqualTo("claude-opus-5-5");
    assertThat(meter.rawUsage()).startsWith("{\"input_tokens\":3").endsWith("}}");
  }

  @Test
  void an_answer_that_broke_off_has_no_last_word() {
    var meter = read(Endpoint.MESSAGES, MESSAGE.substring(0, MESSAGE.indexOf("\"server_tool_use")));

    assertThat(meter.usageFinal()).isFalse();
    assertThat(meter.terminalSeen()).isFalse();
    assertThat(meter.estimate(8).input()).isEqualTo(8);
    assertThat(meter.outputFloorTokens()).isPositive();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"prompt_tokens":10,"completion_tokens":4,"total_tokens":14}                                          | 10 |    |    | 4
          {"prompt_tokens":10,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":10}}               | 0  |    | 10 | 4
          {"prompt_tokens":10,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":0}}                | 10 |    | 0  | 4
          {"prompt_tokens":10,"completion_tokens":4,"prompt_tokens_details":null}                               | 10 |    |    | 4
          {"prompt_tokens":10,"completion_tokens":4,"prompt_cache_hit_tokens":6,"prompt_cache_miss_tokens":4}   | 4  |    | 6  | 4
          {"prompt_tokens":10,"completion_tokens":4,"total_tokens":50}                                          | 10 |    |    | 40
          {"prompt_tokens":10,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":2,"cache_write_tokens":3}} | 5 | 3 | 2 | 4
          {"prompt_tokens":8,"total_tokens":8}                                                                  | 8  |    |    |
          {"prompt_tokens":null,"completion_tokens":"4"}                                                        |    |    |    |
          {"prompt_tokens":-1,"completion_tokens":99999999999999999999}                                         |    |    |    |
          """)
  void reads_openai_usage_into_disjoint_classes(
      String usage,
      @Nullable Long input,
      @Nullable Long cacheWrite,
      @Nullable Long cacheRead,
      @Nullable Long output) {
    var meter = read(Endpoint.CHAT_COMPLETIONS, "{\"choices\":[],\"usage\":" + usage + "}");

    assertThat(meter.usage()).isEqualTo(new Usage(input, cacheWrite, null, cacheRead, output));
    assertThat(meter.usageFinal()).isEqualTo(input != null && output != null);
    assertThat(meter.rawUsage()).isEqualTo(usage);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          MESSAGES         | {}                                                     | 50 |    | 1000
          MESSAGES         | {"input_tokens":null,"output_tokens":null}             | 50 |    | 1000
          MESSAGES         | {"input_tokens":10}                                    | 10 |    | 1000
          MESSAGES         | {"input_tokens":10,"output_tokens":-5}                 | 10 |    | 1000
          MESSAGES         | {"output_tokens":5}                                    | 50 |    | 5
          MESSAGES         | {"input_tokens":null,"cache_read_input_tokens":0,"output_tokens":5}  | 50 | 0  | 5
          MESSAGES         | {"input_tokens":null,"cache_read_input_tokens":20,"output_tokens":5} | 30 | 20 | 5
          MESSAGES         | {"input_tokens":null,"cache_read_input_tokens":90,"output_tokens":5} | 0  | 90 | 5
          CHAT_COMPLETIONS | {}                                                     | 50 |    | 1000
          CHAT_COMPLETIONS | {"prompt_tokens":null,"completion_tokens":null}        | 50 |    | 1000
          CHAT_COMPLETIONS | {"prompt_tokens":10.5,"completion_tokens":4.5}         | 50 |    | 1000
          CHAT_COMPLETIONS | {"prompt_tokens":10.5,"completion_tokens":4}           | 50 |    | 4
          CHAT_COMPLETIONS | {"prompt_tokens":10,"completion_tokens":"4"}           | 10 |    | 1000
          EMBEDDINGS       | {}                                                     | 50 |    | 0
          EMBEDDINGS       | {"prompt_tokens":"8","total_tokens":8}                 | 50 |    | 0
          """)
  void a_figure_that_cannot_be_read_is_estimated(
      Endpoint endpoint, String usage, Long input, @Nullable Long cacheRead, Long output) {
    var meter =
        read(endpoint, "{\"data\":[\"" + "x".repeat(4_000) + "\"],\"usage\":" + usage + "}");

    assertThat(meter.usageFinal()).isFalse();
    assertThat(meter.estimate(50)).isEqualTo(new Usage(input, null, null, cacheRead, output));
    assertThat(meter.rawUsage()).isEqualTo(usage);
  }

  @Test
  void an_input_written_as_text_is_estimated() {
    var meter = read(Endpoint.MESSAGES, "{\"usage\":{\"input_tokens\":\"10\"}}");

    assertThat(meter.usageFinal()).isFalse();
    assertThat(meter.estimate(50).input()).isEqualTo(50);
  }

  @Test
  void a_usage_of_zeros_is_a_last_word() {
    var usage = "{\"usage\":{\"input_tokens\":0,\"output_tokens\":0}}";

    assertThat(read(Endpoint.MESSAGES, usage).usageFinal()).isTrue();
  }

  @Test
  void a_cache_write_without_a_split_lives_five_minutes() {
    assertThat(read(Endpoint.MESSAGES, "{\"usage\":{\"cache_creation_input_tokens\":9}}").usage())
        .isEqualTo(new Usage(null, 9L, null, null, null));
  }

  @Test
  void server_side_compaction_is_added() {
    var usage =
        """
        {"usage":{"input_tokens":10,"output_tokens":5,"iterations":[
          {"type":"compaction","input_tokens":1000,"output_tokens":200,
           "cache_creation_input_tokens":50,"cache_creation":{"ephemeral_1h_input_tokens":20}},
          {"type":"message","input_tokens":10,"output_tokens":5}]}}\
        """;

    assertThat(read(Endpoint.MESSAGES, usage).usage())
        .isEqualTo(new Usage(1_010L, 30L, 20L, null, 205L));
  }

  @Test
  void a_count_of_tokens_is_no_usage() {
    var meter = read(Endpoint.COUNT_TOKENS, "{\"input_tokens\": 2095}");

    assertThat(meter.usage()).isEqualTo(Usage.NONE);
    assertThat(meter.rawUsage()).isEqualTo("{\"input_tokens\":2095}");
    assertThat(meter.usageFinal()).isTrue();
  }

  @Test
  void reads_the_usage_behind_megabytes_of_embeddings() {
    var body = new StringBuilder("{\"object\":\"list\",\"data\":[");
    for (int i = 0; i < 200; i++) {
      body.append(i == 0 ? "" : ",").append("{\"index\":").append(i).append(",\"embedding\":[-0.1");
      body.append(",0.0123456789".repeat(1_535)).append("]}");
    }
    body.append(
        "],\"model\":\"text-embedding-3-small\",\"usage\":{\"prompt_tokens\":8,\"total_tokens\":8}}");

    var meter = read(Endpoint.EMBEDDINGS, body.toString());

    assertThat(meter.usage()).isEqualTo(new Usage(8L, null, null, null, null));
    assertThat(meter.model()).isEqualTo("text-embedding-3-small");
    assertThat(meter.usageFinal()).isTrue();
    assertThat(meter.estimate(5).output()).isZero();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"r"} | overloaded_error | Overloaded
          {"error":{"message":"Rate limit","type":"requests","param":null,"code":"rate_limit_exceeded"}} | requests | Rate limit
          {"error":{"message":"no","type":null,"code":"x"}} | x | no
          {"error":"model 'x' not found"}                   | error | model 'x' not found
          {"error":{"code":503,"message":"busy","status":"UNAVAILABLE"}} | UNAVAILABLE | busy
          {"message":"The security token is expired"}       | error | The security token is expired
          {"detail":"Not Found"}                            | error | Not Found
          """)
  void reads_an_error_body_of_any_provider(String body, String type, String message) {
    var bytes = body.getBytes(UTF_8);

    assertThat(refused(body).error()).isEqualTo(new WireError(type, message));
    assertThat(WireError.read(bytes, 0, bytes.length)).isEqualTo(new WireError(type, message));
  }

  @ParameterizedTest
  @ValueSource(strings = {"message", "detail"})
  void an_answer_may_have_a_member_that_elsewhere_names_an_error(String member) {
    var body = "{\"" + member + "\":\"ok\",\"usage\":{\"input_tokens\":3,\"output_tokens\":5}}";

    var meter = read(Endpoint.MESSAGES, body);

    assertThat(meter.error()).isNull();
    assertThat(meter.finishSeen()).isTrue();
    assertThat(meter.usageFinal()).isTrue();
  }

  @Test
  void an_error_inside_a_success_is_one() {
    var body = "{\"message\":\"ok\",\"error\":{\"type\":\"x\",\"message\":\"y\"}}";

    assertThat(read(Endpoint.MESSAGES, body).error()).isEqualTo(new WireError("x", "y"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "<html>403</html>", "[]", "nope", "{", "{\"error\":null}", "{}", "\"x\""})
  void what_is_no_error_reads_as_none(String body) {
    var bytes = body.getBytes(UTF_8);

    assertThat(refused(body).error()).isNull();
    assertThat(WireError.read(bytes, 0, bytes.length)).isNull();
  }

  private static AnswerMeter read(Endpoint endpoint, String body) {
    return read(AnswerMeter.json(endpoint, true), body);
  }

  private static AnswerMeter refused(String body) {
    return read(AnswerMeter.json(Endpoint.MESSAGES, false), body);
  }

  private static AnswerMeter read(AnswerMeter meter, String body) {
    var bytes = body.getBytes(UTF_8);
    meter.read(bytes, 0, bytes.length);
    meter.end();
    return meter;
  }
}
