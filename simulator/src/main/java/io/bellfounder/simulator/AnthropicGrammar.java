package io.bellfounder.simulator;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * One Messages stream: {@code message_start}, blocks one after the other, {@code message_delta},
 * {@code message_stop}; a ping anywhere; or an error as the last event. Unknown events, blocks and
 * fields pass, because the provider's lists are open.
 */
final class AnthropicGrammar {
  private static final Map<String, Set<String>> DELTAS =
      Map.of(
          "text", Set.of("text_delta", "citations_delta"),
          "thinking", Set.of("thinking_delta", "signature_delta"),
          "redacted_thinking", Set.of(),
          "tool_use", Set.of("input_json_delta"),
          "server_tool_use", Set.of("input_json_delta"),
          "mcp_tool_use", Set.of("input_json_delta"));

  private final List<StreamGrammar.Violation> violations;
  private final Map<String, Long> usage = new TreeMap<>();
  private boolean started;
  private boolean ended;
  private boolean failed;
  private boolean sawToolUse;
  private boolean sawDelta;
  private String stopReason = "";
  private int blocks;
  private int open = -1;
  private String openType = "";
  private StringBuilder input = new StringBuilder();
  private int signatures;
  private int at;

  AnthropicGrammar(List<StreamGrammar.Violation> violations) {
    this.violations = violations;
  }

  void check(List<SseEvent> events, int length) {
    for (SseEvent event : events) {
      at = event.at();
      one(event);
    }
    at = length;
    if (!ended && !failed) {
      wrong(started ? "the stream ends without message_stop or an error" : "there is no message");
    }
  }

  private void one(SseEvent event) {
    if (event.data() == null) {
      wrong("the event has no data");
      return;
    }
    Optional<JsonNode> data = Json.read(event.data().getBytes(StandardCharsets.UTF_8));
    if (data.isEmpty() || !data.get().isObject()) {
      wrong("the data is no JSON object");
      return;
    }
    String type = Json.string(data.get(), "type");
    if (event.name() == null || !event.name().equals(type)) {
      wrong("the event is named '" + event.name() + "', its data '" + type + "'");
    }
    if (ended || failed) {
      wrong(type + " comes after the end");
    }
    if (!started && !Set.of("message_start", "ping", "error").contains(type)) {
      wrong(type + " comes before message_start");
    }
    switch (type) {
      case "message_start" -> messageStart(data.get().path("message"));
      case "content_block_start" -> blockStart(data.get());
      case "content_block_delta" -> blockDelta(data.get());
      case "content_block_stop" -> blockStop(data.get());
      case "message_delta" -> messageDelta(data.get());
      case "message_stop" -> messageStop();
      case "error" -> error(data.get().path("error"));
      default -> {} // a ping, or what the provider has added since
    }
  }

  private void messageStart(JsonNode message) {
    if (started) {
      wrong("a second message_start");
    }
    started = true;
    if (Json.string(message, "id").isEmpty()
        || !Json.string(message, "type").equals("message")
        || !Json.string(message, "role").equals("assistant")
        || !message.path("content").isArray()
        || !message.path("content").isEmpty()) {
      wrong("message_start needs an id, the type message, the role assistant and no content");
    }
    usage(message.path("usage"), "message_start");
  }

  private void blockStart(JsonNode data) {
    if (open >= 0) {
      wrong("block " + open + " is still open");
    }
    if (sawDelta) {
      wrong("a block starts after message_delta");
    }
    int index = data.path("index").asInt(-1);
    if (index != blocks) {
      wrong("the block's index is " + index + " and should be " + blocks);
    }
    open = index;
    blocks++;
    openType = Json.string(data.path("content_block"), "type");
    if (openType.isEmpty()) {
      wrong("the block has no type");
    }
    sawToolUse |= openType.equals("tool_use");
    if (openType.equals("tool_use")
        && (Json.string(data.path("content_block"), "id").isEmpty()
            || Json.string(data.path("content_block"), "name").isEmpty())) {
      wrong("a tool_use block needs an id and a name");
    }
    input = new StringBuilder();
    signatures = 0;
  }

  private void blockDelta(JsonNode data) {
    int index = data.path("index").asInt(-1);
    if (index != open) {
      wrong("a delta for block " + index + ", which is not open");
      return;
    }
    String type = Json.string(data.path("delta"), "type");
    Set<String> fitting = DELTAS.get(openType);
    if (fitting != null && !fitting.contains(type)) {
      wrong("a delta of type " + type + " in a block of type " + openType);
    }
    if (type.equals("input_json_delta")) {
      if (!data.path("delta").path("partial_json").isString()) {
        wrong("an input_json_delta without partial_json");
      }
      input.append(Json.string(data.path("delta"), "partial_json"));
    } else if (type.equals("text_delta") && !data.path("delta").path("text").isString()) {
      wrong("a text_delta without text");
    } else if (type.equals("signature_delta")) {
      signatures++;
    }
  }

  private void blockStop(JsonNode data) {
    int index = data.path("index").asInt(-1);
    if (index != open || open < 0) {
      wrong("block " + index + " is closed and is not open");
    } else if (openType.equals("tool_use") && !input.isEmpty() && !isObject(input.toString())) {
      wrong("the tool's input is no JSON object");
    } else if (openType.equals("thinking") && signatures != 1) {
      wrong("a thinking block has " + signatures + " signatures");
    }
    open = -1;
    openType = "";
  }

  private void messageDelta(JsonNode data) {
    if (open >= 0) {
      wrong("message_delta while block " + open + " is open");
    }
    sawDelta = true;
    String reason = Json.string(data.path("delta"), "stop_reason");
    stopReason = reason.isEmpty() ? stopReason : reason;
    usage(data.path("usage"), "message_delta");
  }

  private void messageStop() {
    if (!sawDelta) {
      wrong("message_stop without message_delta");
    } else if (stopReason.isEmpty()) {
      wrong("the message stops without a stop_reason");
    } else if (stopReason.equals("tool_use") && !sawToolUse) {
      wrong("it stops for a tool and uses none");
    }
    if (open >= 0) {
      wrong("message_stop while block " + open + " is open");
    }
    ended = true;
  }

  private void error(JsonNode error) {
    failed = true;
    if (Json.string(error, "type").isEmpty() || !error.path("message").isString()) {
      wrong("an error needs a type and a message");
    }
  }

  private void usage(@Nullable JsonNode reported, String where) {
    if (reported == null || !reported.path("output_tokens").isIntegralNumber()) {
      wrong(where + " reports no usage");
      return;
    }
    for (Map.Entry<String, JsonNode> field : reported.properties()) {
      if (field.getValue().isIntegralNumber()) {
        long now = field.getValue().asLong();
        Long before = usage.put(field.getKey(), now);
        if (now < 0 || (before != null && now < before)) {
          wrong(field.getKey() + " falls from " + before + " to " + now);
        }
      }
    }
  }

  private static boolean isObject(String json) {
    return Json.read(json.getBytes(StandardCharsets.UTF_8)).filter(JsonNode::isObject).isPresent();
  }

  private void wrong(String what) {
    violations.add(new StreamGrammar.Violation(at, what));
  }
}
