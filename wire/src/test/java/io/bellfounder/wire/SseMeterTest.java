package io.bellfounder.wire;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.bellfounder.wire.SseMeter.Beginning;
import java.io.ByteArrayOutputStream;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SseMeterTest {
  static final String MESSAGE_START =
      """
      event: message_start
      data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-opus-5-5","content":[],"usage":{"input_tokens":12,"cache_creation_input_tokens":30,"cache_read_input_tokens":400,"cache_creation":{"ephemeral_5m_input_tokens":10,"ephemeral_1h_input_tokens":20},"output_tokens":1}}}

      """;
  static final String ANTHROPIC =
      MESSAGE_START
          + """
          event: content_block_start
          data: {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}

          event: ping
          data: {"type": "ping"}

          event: content_block_delta
          data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Let me \\"see\\"…"}}

          event: content_block_delta
          data: {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"EqQBCgIYAhIM1gbcDa9GJwZA2b3h"}}

          event: content_block_stop
          data: {"type":"content_block_stop","index":0}

          event: content_block_delta
          data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\\"path\\": \\"a\\"}"}}

          event: message_delta
          data: {"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":89}}

          event: message_stop
          data: {"type":"message_stop"}

          """;
  static final String OPENAI =
      """
      data: {"id":"c","model":"gpt-5-2026","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}],"usage":null}

      data: {"id":"c","model":"gpt-5-2026","choices":[{"index":0,"delta":{"content":"Grüß Gott"},"finish_reason":null}],"usage":null}

      : keep alive

      data: {"id":"c","model":"gpt-5-2026","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}

      data: {"id":"c","model":"gpt-5-2026","choices":[],"usage":{"prompt_tokens":100,"completion_tokens":7,"total_tokens":107,"prompt_tokens_details":{"cached_tokens":64}}}

      data: [DONE]

      """;

  @Test
  void reads_an_anthropic_stream() {
    var meter = read(Endpoint.MESSAGES, ANTHROPIC);

    assertThat(meter.usage()).isEqualTo(new Usage(12L, 10L, 20L, 400L, 89L));
    assertThat(meter.usageFinal()).isTrue();
    assertThat(meter.finishSeen()).isTrue();
    assertThat(meter.terminalSeen()).isTrue();
    assertThat(meter.model()).isEqualTo("claude-opus-5-5");
    assertThat(meter.beginning()).isEqualTo(Beginning.EVENT);
    assertThat(meter.error()).isNull();
    assertThat(meter.rawUsage())
        .startsWith("{\"message_start\":{\"input_tokens\":12,")
        .endsWith(",\"message_delta\":{\"output_tokens\":89}}");
  }

  @Test
  void counts_text_thinking_and_tool_input_but_no_signature() {
    int bytes = "Let me \"see\"…".getBytes(UTF_8).length + "{\"path\": \"a\"}".length();

    assertThat(read(Endpoint.MESSAGES, ANTHROPIC).outputFloorTokens()).isEqualTo((bytes + 3) / 4);
  }

  @Test
  void reads_an_openai_stream_and_takes_cached_tokens_out_of_the_prompt() {
    var meter = read(Endpoint.CHAT_COMPLETIONS, OPENAI);

    assertThat(meter.usage()).isEqualTo(new Usage(36L, null, null, 64L, 7L));
    assertThat(meter.usageFinal()).isTrue();
    assertThat(meter.terminalSeen()).isTrue();
    assertThat(meter.outputFloorTokens()).isEqualTo(3);
    assertThat(meter.model()).isEqualTo("gpt-5-2026");
  }

  @Test
  void drops_the_usage_chunk_and_nothing_else() {
    var out = passed(OPENAI, true, OPENAI.length());

    assertThat(out)
        .isEqualTo(OPENAI.replaceAll("data: \\{[^\\n]*\"choices\":\\[],\"usage\":\\{.*\\n\\n", ""))
        .doesNotContain("prompt_tokens")
        .contains("[DONE]");
  }

  @ParameterizedTest
  @ValueSource(strings = {"\n", "\r\n", "\r"})
  void drops_the_usage_chunk_however_it_is_cut_and_its_lines_end(String lineEnd) {
    var stream = OPENAI.replace("\n", lineEnd);
    var wanted = passed(stream, true, stream.length());

    for (int step = 1; step < 200; step++) {
      assertThat(withoutBlankLines(passed(stream, true, step)))
          .isEqualTo(withoutBlankLines(wanted));
      assertThat(passed(stream, false, step)).isEqualTo(stream);
    }
  }

  @Test
  void keeps_a_chunk_with_empty_choices_that_carries_no_usage() {
    var azure = "data: {\"choices\":[],\"prompt_filter_results\":[{}],\"usage\":null}\n\n";

    assertThat(passed(azure, true, 7)).isEqualTo(azure);
  }

  @Test
  void never_holds_back_a_long_event_for_long() {
    var out = new ByteArrayOutputStream();
    var meter = new SseMeter(Endpoint.CHAT_COMPLETIONS, true);
    var piece =
        ("data: {\"choices\":[{\"delta\":{\"content\":\"" + "x".repeat(10_000)).getBytes(UTF_8);
    meter.pass(piece, 0, piece.length, out::write);
    assertThat(out.size()).isZero();
    var more = "y".repeat(100_000).getBytes(UTF_8);
    meter.pass(more, 0, more.length, out::write);
    assertThat(out.size()).isEqualTo(piece.length + more.length);
    var rest = "\"}}]}\n\ndata: [DONE]\n\n".getBytes(UTF_8);
    meter.pass(rest, 0, rest.length, out::write);

    assertThat(out.size()).isEqualTo(piece.length + more.length + rest.length);
    assertThat(meter.outputFloorTokens()).isEqualTo(110_000 / 4);
    assertThat(meter.terminalSeen()).isTrue();
  }

  @Test
  void pings_and_comments_are_no_beginning() {
    var meter = new SseMeter(Endpoint.MESSAGES, false);
    feed(meter, "event: ping\ndata: {\"type\":\"ping\"}\n\n: hello\n\nretry: 5\n\n");
    assertThat(meter.beginning()).isEqualTo(Beginning.NOTHING);
    feed(meter, MESSAGE_START);
    assertThat(meter.beginning()).isEqualTo(Beginning.EVENT);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n",
        "data: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n",
        "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}",
        "{\n  \"type\": \"error\",\n  \"error\": {\"type\": \"overloaded_error\",\n \"message\": \"Overloaded\"}\n}\n",
        "event: error\r\ndata: {\"type\":\"error\",\r\ndata: \"error\":{\"type\":\"overloaded_error\",\r\ndata: \"message\":\"Overloaded\"}}\r\n\r\n",
      })
  void finds_an_error_in_whatever_shape_it_comes(String event) {
    for (var before : List.of("", "event: ping\ndata: {\"type\":\"ping\"}\n\n", MESSAGE_START)) {
      var meter = read(Endpoint.MESSAGES, before + event);

      assertThat(meter.error()).isEqualTo(new WireError("overloaded_error", "Overloaded"));
      assertThat(meter.beginning())
          .isEqualTo(before.equals(MESSAGE_START) ? Beginning.EVENT : Beginning.ERROR);
      assertThat(meter.usageFinal()).isFalse();
    }
  }

  @Test
  void finds_an_error_inside_an_openai_chunk() {
    var meter =
        read(
            Endpoint.CHAT_COMPLETIONS,
            "data: {\"id\":\"x\",\"choices\":[],\"error\":{\"code\":429,\"message\":\"slow down\"}}\n\n");

    assertThat(meter.error()).isEqualTo(new WireError("error", "slow down"));
    assertThat(meter.beginning()).isEqualTo(Beginning.ERROR);
    assertThat(read(Endpoint.CHAT_COMPLETIONS, "data: {\"choices\":[],\"error\":null}\n\n").error())
        .isNull();
  }

  @Test
  void knows_when_it_stands_between_events() {
    var meter = new SseMeter(Endpoint.MESSAGES, false);
    assertThat(meter.atBoundary()).isTrue();
    feed(meter, "event: ping\n");
    assertThat(meter.atBoundary()).isFalse();
    feed(meter, "data: {}\n");
    assertThat(meter.atBoundary()).isFalse();
    feed(meter, "\n");
    assertThat(meter.atBoundary()).isTrue();
    feed(meter, "d");
    assertThat(meter.atBoundary()).isFalse();
  }

  @Test
  void a_stream_that_broke_off_is_estimated_from_what_it_said() {
    var meter =
        read(Endpoint.MESSAGES, ANTHROPIC.substring(0, ANTHROPIC.indexOf("event: message_delta")));

    assertThat(meter.usageFinal()).isFalse();
    assertThat(meter.finishSeen()).isFalse();
    assertThat(meter.estimate(999)).isEqualTo(new Usage(12L, 10L, 20L, 400L, 7L));
  }

  @Test
  void a_stream_without_any_usage_is_estimated_from_the_request() {
    var meter =
        read(
            Endpoint.CHAT_COMPLETIONS,
            OPENAI.replaceAll("data: \\{[^\\n]*\"choices\":\\[],\"usage\":\\{.*\\n\\n", ""));

    assertThat(meter.rawUsage()).isNull();
    assertThat(meter.usageFinal()).isFalse();
    assertThat(meter.estimate(999)).isEqualTo(new Usage(999L, null, null, null, 3L));
  }

  @Test
  void a_later_zero_or_a_missing_field_takes_nothing_away() {
    var meter =
        read(
            Endpoint.MESSAGES,
            MESSAGE_START
                + "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"input_tokens\":0,\"output_tokens\":0}}\n\n");

    assertThat(meter.usage()).isEqualTo(new Usage(12L, 10L, 20L, 400L, 1L));
    assertThat(meter.usageFinal()).isTrue();
  }

  @Test
  void a_message_delta_without_usage_is_no_last_word() {
    var meter =
        read(
            Endpoint.MESSAGES,
            MESSAGE_START
                + "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\n");

    assertThat(meter.finishSeen()).isTrue();
    assertThat(meter.usageFinal()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"output_tokens\":null}",
        "{\"output_tokens\":\"89\"}",
        "{\"output_tokens\":8.5}",
        "{\"input_tokens\":12}"
      })
  void a_message_delta_that_names_no_output_is_no_last_word(String usage) {
    var text =
        "data: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\""
            + "x".repeat(4_000)
            + "\"}}\n\n";
    var last =
        "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":"
            + usage
            + "}\n\ndata: {\"type\":\"message_stop\"}\n\n";

    var meter = read(Endpoint.MESSAGES, MESSAGE_START + text + last);

    assertThat(meter.usageFinal()).isFalse();
    assertThat(meter.estimate(999)).isEqualTo(new Usage(12L, 10L, 20L, 400L, 1_000L));
  }

  @Test
  void a_stream_that_never_names_its_input_is_estimated() {
    var start = MESSAGE_START.replaceFirst("\"usage\":\\{.*\\}", "\"usage\":{}}}");

    var meter = read(Endpoint.MESSAGES, ANTHROPIC.replace(MESSAGE_START, start));

    assertThat(meter.usageFinal()).isFalse();
    assertThat(meter.estimate(999)).isEqualTo(new Usage(999L, null, null, null, 89L));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"prompt_tokens\":null,\"completion_tokens\":null}",
        "{\"prompt_tokens\":10.5,\"completion_tokens\":\"7\"}"
      })
  void a_usage_chunk_that_names_nothing_is_no_last_word(String usage) {
    var meter =
        read(
            Endpoint.CHAT_COMPLETIONS,
            OPENAI.replaceFirst("\"usage\":\\{.*\\}", "\"usage\":" + usage + "}"));

    assertThat(meter.terminalSeen()).isTrue();
    assertThat(meter.usageFinal()).isFalse();
    assertThat(meter.estimate(999)).isEqualTo(new Usage(999L, null, null, null, 3L));
  }

  @Test
  void text_that_looks_like_usage_or_an_end_fools_nobody() {
    var meter =
        read(
            Endpoint.MESSAGES,
            "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\"\\\"usage\\\":{\\\"output_tokens\\\":9} \\n\\ndata: [DONE]\\n\\n \\\"type\\\":\\\"message_stop\\\" \\\"stop_reason\\\":\\\"x\\\"\"}}\n\n");

    assertThat(meter.rawUsage()).isNull();
    assertThat(meter.terminalSeen()).isFalse();
    assertThat(meter.finishSeen()).isFalse();
  }

  @Test
  void an_event_beyond_its_bound_is_counted_and_not_kept() {
    var huge =
        "data: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\""
            + "z".repeat(1 << 20)
            + "\"}}\n\n";
    var meter = read(Endpoint.MESSAGES, huge + ANTHROPIC);

    assertThat(meter.usage()).isEqualTo(new Usage(12L, 10L, 20L, 400L, 89L));
    assertThat(meter.outputFloorTokens()).isGreaterThan(250_000);
    assertThat(meter.terminalSeen()).isTrue();
  }

  private static String withoutBlankLines(String stream) {
    return stream.replaceAll("(\r\n|\n|\r)+", "\n");
  }

  private static String passed(String stream, boolean drops, int step) {
    var out = new ByteArrayOutputStream();
    var meter = new SseMeter(Endpoint.CHAT_COMPLETIONS, drops);
    var bytes = stream.getBytes(UTF_8);
    for (int at = 0; at < bytes.length; at += step) {
      meter.pass(bytes, at, Math.min(step, bytes.length - at), out::write);
    }
    meter.rest(out::write);
    return out.toString(UTF_8);
  }

  private static void feed(SseMeter meter, String text) {
    var bytes = text.getBytes(UTF_8);
    meter.read(bytes, 0, bytes.length);
  }

  private static SseMeter read(Endpoint endpoint, String stream) {
    var meter = new SseMeter(endpoint, false);
    feed(meter, stream);
    meter.end();
    return meter;
  }
}
