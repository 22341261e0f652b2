package io.bellfounder.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class StreamGrammarTest {
  private static final String START =
      """
      event: message_start
      data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","content":[],"model":"m","stop_reason":null,"usage":{"input_tokens":9,"output_tokens":1}}}

      """;
  private static final String TEXT =
      """
      event: content_block_start
      data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

      event: content_block_delta
      data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}

      event: content_block_stop
      data: {"type":"content_block_stop","index":0}

      """;
  private static final String TOOL =
      """
      event: content_block_start
      data: {"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"toolu_1","name":"t","input":{}}}

      event: content_block_delta
      data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\\"a\\":1}"}}

      event: content_block_stop
      data: {"type":"content_block_stop","index":1}

      """;
  private static final String DELTA =
      """
      event: message_delta
      data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":5}}

      """;
  private static final String STOP = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
  private static final String PING = "event: ping\ndata: {\"type\":\"ping\"}\n\n";
  private static final String ERROR =
      "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n";
  private static final String WHOLE = START + TEXT + TOOL + DELTA + STOP;

  private static final String ROLE = chunk("{\"role\":\"assistant\",\"content\":\"\"}", "null");
  private static final String WORD = chunk("{\"content\":\"Hi\"}", "null");
  private static final String FINISH = chunk("{}", "\"stop\"");
  private static final String USAGE =
      "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[],"
          + "\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4,\"total_tokens\":7}}\n\n";
  private static final String DONE = "data: [DONE]\n\n";
  private static final String CALL =
      chunk(
          "{\"tool_calls\":[{\"index\":0,\"id\":\"call_1\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]}",
          "null");

  private static String chunk(String delta, String finish) {
    return "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":"
        + delta
        + ",\"finish_reason\":"
        + finish
        + "}]}\n\n";
  }

  @ParameterizedTest
  @MethodSource
  void acceptsWhatAProviderMaySend(Dialect dialect, String stream) {
    assertThat(check(dialect, stream)).isEmpty();
    assertThat(check(dialect, stream.replace("\n", "\r\n"))).isEmpty();
  }

  static List<Arguments> acceptsWhatAProviderMaySend() {
    return List.of(
        Arguments.of(Dialect.ANTHROPIC, WHOLE),
        Arguments.of(
            Dialect.ANTHROPIC,
            PING + START + PING + TEXT.replace("\n\n", "\n\n" + PING) + DELTA + PING + STOP),
        Arguments.of(Dialect.ANTHROPIC, START + ERROR),
        Arguments.of(Dialect.ANTHROPIC, ERROR),
        Arguments.of(
            Dialect.ANTHROPIC,
            START + TEXT.substring(0, TEXT.indexOf("event: content_block_stop")) + ERROR),
        Arguments.of(Dialect.ANTHROPIC, START + DELTA + STOP),
        Arguments.of(
            Dialect.ANTHROPIC,
            WHOLE.replace("\"text\":\"Hi\"", "\"text\":\"Hi\",\"later\":{\"x\":1}")),
        Arguments.of(
            Dialect.ANTHROPIC, START + "event: news\ndata: {\"type\":\"news\"}\n\n" + DELTA + STOP),
        Arguments.of(Dialect.OPENAI, ROLE + WORD + FINISH + DONE),
        Arguments.of(
            Dialect.OPENAI, ": ping\n\n" + ROLE + ": ping\n\n" + WORD + FINISH + USAGE + DONE),
        Arguments.of(Dialect.OPENAI, ROLE + CALL + FINISH.replace("stop", "tool_calls") + DONE),
        Arguments.of(Dialect.OPENAI, ROLE + WORD + "data: {\"error\":{\"message\":\"gone\"}}\n\n"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource
  void rejectsABrokenMessagesStream(String what, String stream) {
    assertThat(check(Dialect.ANTHROPIC, stream))
        .anySatisfy(violation -> assertThat(violation.what()).contains(what));
  }

  static List<Arguments> rejectsABrokenMessagesStream() {
    return List.of(
        Arguments.of("a second message_start", START + WHOLE),
        Arguments.of("comes before message_start", TEXT + DELTA + STOP),
        Arguments.of("there is no message", ""),
        Arguments.of("ends without message_stop", START + TEXT + DELTA),
        Arguments.of("ends without message_stop", START),
        Arguments.of("ends within a line", WHOLE.substring(0, WHOLE.length() - 20)),
        Arguments.of("the last event is not finished", WHOLE.substring(0, WHOLE.length() - 1)),
        Arguments.of(
            "should be 0", START + TEXT.replace("\"index\":0", "\"index\":1") + DELTA + STOP),
        Arguments.of("should be 1", START + TEXT + TEXT + DELTA + STOP),
        Arguments.of(
            "block 0 is still open",
            START
                + TEXT.substring(0, TEXT.indexOf("event: content_block_stop"))
                + TOOL
                + DELTA
                + STOP),
        Arguments.of(
            "which is not open",
            START + TEXT.replace("_delta\",\"index\":0", "_delta\",\"index\":3") + DELTA + STOP),
        Arguments.of(
            "is closed and is not open",
            START
                + TEXT
                + TEXT.substring(TEXT.indexOf("event: content_block_stop"))
                + DELTA
                + STOP),
        Arguments.of(
            "input_json_delta in a block of type text",
            WHOLE.replace(
                "{\"type\":\"text_delta\",\"text\":\"Hi\"}",
                "{\"type\":\"input_json_delta\",\"partial_json\":\"\"}")),
        Arguments.of(
            "text_delta in a block of type tool_use",
            WHOLE.replace(
                "{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"a\\\":1}\"}",
                "{\"type\":\"text_delta\",\"text\":\"x\"}")),
        Arguments.of("input is no JSON object", WHOLE.replace("{\\\"a\\\":1}", "{\\\"a\\\":")),
        Arguments.of("needs an id and a name", WHOLE.replace("\"name\":\"t\",", "")),
        Arguments.of(
            "has 0 signatures",
            START
                + TEXT.replace(
                        "{\"type\":\"text\",\"text\":\"\"}",
                        "{\"type\":\"thinking\",\"thinking\":\"\"}")
                    .replace(
                        "{\"type\":\"text_delta\",\"text\":\"Hi\"}",
                        "{\"type\":\"thinking_delta\",\"thinking\":\"h\"}")
                + DELTA
                + STOP),
        Arguments.of(
            "message_delta while block 0 is open",
            START + TEXT.substring(0, TEXT.indexOf("event: content_block_stop")) + DELTA + STOP),
        Arguments.of("a block starts after message_delta", START + DELTA + TEXT + STOP),
        Arguments.of("message_stop without message_delta", START + TEXT + STOP),
        Arguments.of("without a stop_reason", WHOLE.replace("\"end_turn\"", "null")),
        Arguments.of(
            "stops for a tool and uses none",
            START + TEXT + DELTA.replace("end_turn", "tool_use") + STOP),
        Arguments.of("comes after the end", WHOLE + PING),
        Arguments.of("comes after the end", START + ERROR + TEXT),
        Arguments.of("an error needs", START + ERROR.replace(",\"message\":\"Overloaded\"", "")),
        Arguments.of("the event is named 'null'", WHOLE.replace("event: message_stop\n", "")),
        Arguments.of(
            "the event is named 'message_end'",
            WHOLE.replace("event: message_stop", "event: message_end")),
        Arguments.of("no JSON object", START + "event: ping\ndata: {\"type\":\n\n" + DELTA + STOP),
        Arguments.of("no JSON object", WHOLE + "data: [DONE]\n\n"),
        Arguments.of("has no data", START + "event: ping\n\n" + DELTA + STOP),
        Arguments.of(
            "no field of an event is named '{\"type\"'", WHOLE + "{\"type\":\"error\"}\n\n"),
        Arguments.of(
            "falls from 1 to 0", WHOLE.replace("\"output_tokens\":5", "\"output_tokens\":0")),
        Arguments.of(
            "message_delta reports no usage",
            WHOLE.replace(",\"usage\":{\"output_tokens\":5}", "")),
        Arguments.of(
            "message_start needs", WHOLE.replace("\"role\":\"assistant\"", "\"role\":\"user\"")));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource
  void rejectsABrokenCompletionsStream(String what, String stream) {
    assertThat(check(Dialect.OPENAI, stream))
        .anySatisfy(violation -> assertThat(violation.what()).contains(what));
  }

  static List<Arguments> rejectsABrokenCompletionsStream() {
    return List.of(
        Arguments.of("ends without [DONE]", ROLE + WORD + FINISH),
        Arguments.of("has no finish_reason", ROLE + WORD + DONE),
        Arguments.of("[DONE] without a choice", DONE),
        Arguments.of("after the end", ROLE + WORD + FINISH + DONE + DONE),
        Arguments.of("without the role assistant", WORD + FINISH + DONE),
        Arguments.of("changes its role", ROLE + ROLE.replace("assistant", "user") + FINISH + DONE),
        Arguments.of("the id is 'c2'", ROLE + WORD.replace("c1", "c2") + FINISH + DONE),
        Arguments.of("the model changes", ROLE + WORD.replace("\"m\"", "\"n\"") + FINISH + DONE),
        Arguments.of("goes on after its finish_reason", ROLE + FINISH + WORD + DONE),
        Arguments.of("finishes with 'end_turn'", ROLE + FINISH.replace("stop", "end_turn") + DONE),
        Arguments.of(
            "finishes for tools and calls none",
            ROLE + FINISH.replace("stop", "tool_calls") + DONE),
        Arguments.of(
            "should be at most 0",
            ROLE + CALL.replace("calls\":[{\"index\":0", "calls\":[{\"index\":1") + FINISH + DONE),
        Arguments.of(
            "begins without an id", ROLE + CALL.replace("\"id\":\"call_1\",", "") + FINISH + DONE),
        Arguments.of(
            "changes its id", ROLE + CALL + CALL.replace("call_1", "call_2") + FINISH + DONE),
        Arguments.of(
            "repeats the id",
            ROLE
                + CALL
                + CALL.replace("calls\":[{\"index\":0", "calls\":[{\"index\":1")
                + FINISH
                + DONE),
        Arguments.of(
            "no JSON object",
            ROLE + CALL.replace("\"{}\"", "\"{\"") + FINISH.replace("stop", "tool_calls") + DONE),
        Arguments.of("the usage does not add up", ROLE + FINISH + USAGE.replace(":7", ":8") + DONE),
        Arguments.of("the usage comes before", ROLE + USAGE + FINISH + DONE),
        Arguments.of("comes after the usage", ROLE + FINISH + USAGE + USAGE + DONE),
        Arguments.of("a chunk has no event name", ROLE + "event: message\n" + FINISH + DONE),
        Arguments.of("neither a JSON object nor [DONE]", ROLE + "data: {\"id\n\n" + FINISH + DONE),
        Arguments.of(
            "the object is", ROLE + FINISH.replace("completion.chunk", "completion") + DONE),
        Arguments.of(
            "without choices and usage",
            ROLE + USAGE.replaceAll(",\"usage\".*", "}") + "\n" + FINISH + DONE),
        Arguments.of("an error needs a message", ROLE + "data: {\"error\":{}}\n\n"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"anthropic", "openai"})
  void saysAtWhichByteItBreaks(String name) {
    String good = name.equals("anthropic") ? START : ROLE;
    Dialect dialect = name.equals("anthropic") ? Dialect.ANTHROPIC : Dialect.OPENAI;

    List<StreamGrammar.Violation> violations = check(dialect, good + "data: {\n\n");

    assertThat(violations.getFirst().at()).isEqualTo(good.getBytes(StandardCharsets.UTF_8).length);
  }

  @Test
  void aCharacterTornByAProxyIsNoticed() {
    byte[] stream = WHOLE.replace("Hi", "Grüß").getBytes(StandardCharsets.UTF_8);
    for (int i = 0; i < stream.length; i++) {
      if (stream[i] == (byte) 0xC3) {
        byte[] torn = new byte[stream.length - 1];
        System.arraycopy(stream, 0, torn, 0, i);
        System.arraycopy(stream, i + 1, torn, i, stream.length - i - 1);

        assertThat(StreamGrammar.check(Dialect.ANTHROPIC, torn))
            .anySatisfy(v -> assertThat(v.what()).contains("not UTF-8"));
      }
    }
  }

  @Test
  void noStreamCutAnywherePassesForWhole() {
    byte[] stream = WHOLE.getBytes(StandardCharsets.UTF_8);
    for (int length = 0; length < stream.length; length++) {
      assertThat(StreamGrammar.check(Dialect.ANTHROPIC, Arrays.copyOf(stream, length)))
          .as("the first %d bytes", length)
          .isNotEmpty();
    }
  }

  private static List<StreamGrammar.Violation> check(Dialect dialect, String stream) {
    return StreamGrammar.check(dialect, stream.getBytes(StandardCharsets.UTF_8));
  }
}
