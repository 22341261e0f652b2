package io.bellfounder.simulator;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Anthropic's Messages format. Field order and quirks (the space in the ping's data) as seen on
 * api.anthropic.com and in its published stream examples.
 */
final class AnthropicWire {
  static final byte[] PING = Frame.utf8("event: ping\ndata: {\"type\": \"ping\"}\n\n");

  private AnthropicWire() {}

  static JsonNode whole(Turn turn) {
    ObjectNode message = message(turn);
    ArrayNode content = message.putArray("content");
    for (Script.Block block : turn.content()) {
      content.add(finished(block));
    }
    message.put("stop_reason", turn.stopReason());
    message.put("stop_sequence", turn.stopSequence());
    message.set("usage", usage(turn.tokens()));
    return message;
  }

  static List<Frame> stream(Turn turn) {
    List<Frame> frames = new ArrayList<>();
    long weight = Math.max(1, turn.content().stream().mapToLong(Turn::weight).sum());
    Tokens opening = turn.tokens().withOutput(Math.min(1, turn.tokens().output()));
    frames.add(
        event(
            "message_start",
            Json.object().set("message", opened(turn, opening)),
            Frame.Kind.OPENING,
            opening.output(),
            opening));
    long said = 0;
    for (int index = 0; index < turn.content().size(); index++) {
      Script.Block block = turn.content().get(index);
      frames.add(
          content("content_block_start", index, "content_block", started(block), said, turn));
      if (index == 0 && turn.pings()) {
        frames.add(new Frame(PING, Frame.Kind.PING, produced(turn, said, weight), null));
      }
      long before = said;
      List<JsonNode> deltas = deltas(block, turn.charactersPerDelta());
      for (int i = 0; i < deltas.size(); i++) {
        said = before + Turn.weight(block) * (i + 1) / deltas.size();
        frames.add(
            event(
                "content_block_delta",
                Json.object().put("index", index).set("delta", deltas.get(i)),
                Frame.Kind.CONTENT,
                produced(turn, said, weight),
                null));
      }
      said = before + Turn.weight(block);
      frames.add(
          event(
              "content_block_stop",
              Json.object().put("index", index),
              Frame.Kind.CONTENT,
              produced(turn, said, weight),
              null));
    }
    ObjectNode delta = Json.object();
    delta.put("stop_reason", turn.stopReason()).put("stop_sequence", turn.stopSequence());
    ObjectNode end = Json.object();
    end.set("delta", delta);
    end.set("usage", finalUsage(turn.tokens()));
    frames.add(
        event("message_delta", end, Frame.Kind.CLOSING, turn.tokens().output(), turn.tokens()));
    frames.add(
        event("message_stop", Json.object(), Frame.Kind.CLOSING, turn.tokens().output(), null));
    return frames;
  }

  private static Frame content(
      String type, int index, String field, JsonNode value, long said, Turn turn) {
    long weight = Math.max(1, turn.content().stream().mapToLong(Turn::weight).sum());
    return event(
        type,
        Json.object().put("index", index).set(field, value),
        Frame.Kind.CONTENT,
        produced(turn, said, weight),
        null);
  }

  /** The share of the billed output that stands behind what was said so far. */
  static long produced(Turn turn, long said, long weight) {
    long output = turn.tokens().output();
    return Math.max(Math.min(1, output), output * said / weight);
  }

  static Frame error(String type, String message, @Nullable String requestId, long produced) {
    ObjectNode error = Json.object();
    error.put("type", type).put("message", message);
    ObjectNode rest = Json.object();
    rest.set("error", error);
    rest.put("request_id", requestId);
    return event("error", rest, Frame.Kind.ERROR, produced, null);
  }

  private static Frame event(
      String type, JsonNode rest, Frame.Kind kind, long produced, @Nullable Tokens reported) {
    ObjectNode data = Json.object();
    data.put("type", type);
    data.setAll((ObjectNode) rest);
    return new Frame(
        Frame.utf8("event: " + type + "\ndata: " + data + "\n\n"), kind, produced, reported);
  }

  private static ObjectNode message(Turn turn) {
    ObjectNode message = Json.object();
    message.put("model", turn.model()).put("id", turn.id());
    message.put("type", "message").put("role", "assistant");
    return message;
  }

  private static ObjectNode opened(Turn turn, Tokens opening) {
    ObjectNode message = message(turn);
    message.putArray("content");
    message.putNull("stop_reason").putNull("stop_sequence");
    message.set("usage", usage(opening));
    return message;
  }

  private static JsonNode finished(Script.Block block) {
    return switch (block) {
      case Script.Block.Text(String text) -> Json.object().put("type", "text").put("text", text);
      case Script.Block.Thinking(String thinking, String signature) ->
          Json.object()
              .put("type", "thinking")
              .put("thinking", thinking)
              .put("signature", signature);
      case Script.Block.RedactedThinking(String data) ->
          Json.object().put("type", "redacted_thinking").put("data", data);
      case Script.Block.ToolUse(String id, String name, JsonNode input) ->
          Json.object().put("type", "tool_use").put("id", id).put("name", name).set("input", input);
      case Script.Block.Raw(JsonNode whole, var _, var _) -> whole;
    };
  }

  private static JsonNode started(Script.Block block) {
    return switch (block) {
      case Script.Block.Text _ -> Json.object().put("type", "text").put("text", "");
      case Script.Block.Thinking _ ->
          Json.object().put("type", "thinking").put("thinking", "").put("signature", "");
      case Script.Block.RedactedThinking _ -> finished(block);
      case Script.Block.ToolUse(String id, String name, var _) ->
          Json.object()
              .put("type", "tool_use")
              .put("id", id)
              .put("name", name)
              .set("input", Json.object());
      case Script.Block.Raw(JsonNode whole, JsonNode start, var _) -> start == null ? whole : start;
    };
  }

  private static List<JsonNode> deltas(Script.Block block, int size) {
    List<JsonNode> deltas = new ArrayList<>();
    switch (block) {
      case Script.Block.Text(String text) ->
          pieces(text, size)
              .forEach(p -> deltas.add(Json.object().put("type", "text_delta").put("text", p)));
      case Script.Block.Thinking(String thinking, String signature) -> {
        pieces(thinking, size)
            .forEach(
                p -> deltas.add(Json.object().put("type", "thinking_delta").put("thinking", p)));
        deltas.add(Json.object().put("type", "signature_delta").put("signature", signature));
      }
      case Script.Block.RedactedThinking _ -> {}
      case Script.Block.ToolUse(var _, var _, JsonNode input) -> {
        deltas.add(inputDelta("")); // as the provider opens a tool's input
        String json = input == null ? "{}" : input.toString();
        pieces(json, size).forEach(p -> deltas.add(inputDelta(p)));
      }
      case Script.Block.Raw(var _, var _, List<JsonNode> given) -> {
        if (given != null) {
          deltas.addAll(given);
        }
      }
    }
    return deltas;
  }

  private static JsonNode inputDelta(String piece) {
    return Json.object().put("type", "input_json_delta").put("partial_json", piece);
  }

  /** Never cuts a pair of surrogates. */
  static List<String> pieces(String text, int size) {
    List<String> pieces = new ArrayList<>();
    int from = 0;
    while (from < text.length()) {
      int to = Math.min(text.length(), from + size);
      if (to < text.length() && Character.isHighSurrogate(text.charAt(to - 1))) {
        to++;
      }
      pieces.add(text.substring(from, to));
      from = to;
    }
    return pieces;
  }

  private static ObjectNode usage(Tokens tokens) {
    ObjectNode usage = Json.object();
    usage.put("input_tokens", tokens.input());
    usage.put("cache_creation_input_tokens", tokens.cacheWrite5m() + tokens.cacheWrite1h());
    usage.put("cache_read_input_tokens", tokens.cacheRead());
    usage
        .putObject("cache_creation")
        .put("ephemeral_5m_input_tokens", tokens.cacheWrite5m())
        .put("ephemeral_1h_input_tokens", tokens.cacheWrite1h());
    usage.put("output_tokens", tokens.output());
    usage.put("service_tier", "standard");
    return usage;
  }

  private static ObjectNode finalUsage(Tokens tokens) {
    ObjectNode usage = Json.object();
    usage.put("input_tokens", tokens.input());
    usage.put("cache_creation_input_tokens", tokens.cacheWrite5m() + tokens.cacheWrite1h());
    usage.put("cache_read_input_tokens", tokens.cacheRead());
    usage.put("output_tokens", tokens.output());
    return usage;
  }
}
