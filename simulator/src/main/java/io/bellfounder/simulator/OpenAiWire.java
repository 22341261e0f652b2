package io.bellfounder.simulator;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** OpenAI's Chat Completions format, as its API reference and api.openai.com show it. */
final class OpenAiWire {
  static final byte[] COMMENT = Frame.utf8(": ping\n\n");

  private OpenAiWire() {}

  static JsonNode whole(Turn turn) {
    ObjectNode completion = head(turn, "chat.completion");
    ObjectNode message = Json.object();
    message.put("role", "assistant");
    String text = text(turn);
    message.put("content", text.isEmpty() ? null : text);
    ArrayNode calls = Json.array();
    for (Script.Block block : turn.content()) {
      if (block instanceof Script.Block.ToolUse(String id, String name, JsonNode input)) {
        calls.add(call(id, name, input == null ? "{}" : input.toString()));
      }
    }
    if (!calls.isEmpty()) {
      message.set("tool_calls", calls);
    }
    message.putNull("refusal");
    message.putArray("annotations");
    ObjectNode choice = Json.object();
    choice.put("index", 0).set("message", message);
    choice.putNull("logprobs").put("finish_reason", turn.stopReason());
    completion.putArray("choices").add(choice);
    completion.set("usage", usage(turn.tokens()));
    completion.put("service_tier", "default").put("system_fingerprint", turn.fingerprint());
    return completion;
  }

  static List<Frame> stream(Turn turn) {
    List<Frame> frames = new ArrayList<>();
    long weight = Math.max(1, turn.content().stream().mapToLong(Turn::weight).sum());
    long said = 0;
    ObjectNode opening = Json.object();
    opening.put("role", "assistant").put("content", "").putNull("refusal");
    frames.add(chunk(turn, opening, null, Frame.Kind.OPENING, Math.min(1, turn.tokens().output())));
    int callIndex = 0;
    for (Script.Block block : turn.content()) {
      List<ObjectNode> deltas = new ArrayList<>();
      if (block instanceof Script.Block.Text(String text)) {
        for (String piece : AnthropicWire.pieces(text, turn.charactersPerDelta())) {
          deltas.add(Json.object().put("content", piece));
        }
      } else if (block instanceof Script.Block.ToolUse(String id, String name, JsonNode input)) {
        ObjectNode first = Json.object();
        first.put("index", callIndex);
        first.setAll(call(id, name, ""));
        deltas.add(toolDelta(first));
        String arguments = input == null ? "{}" : input.toString();
        for (String piece : AnthropicWire.pieces(arguments, turn.charactersPerDelta())) {
          ObjectNode next = Json.object();
          next.put("index", callIndex).putObject("function").put("arguments", piece);
          deltas.add(toolDelta(next));
        }
        callIndex++;
      }
      long before = said;
      for (int i = 0; i < deltas.size(); i++) {
        said = before + Turn.weight(block) * (i + 1) / deltas.size();
        frames.add(
            chunk(
                turn,
                deltas.get(i),
                null,
                Frame.Kind.CONTENT,
                AnthropicWire.produced(turn, said, weight)));
      }
      said = before + Turn.weight(block);
    }
    long output = turn.tokens().output();
    frames.add(chunk(turn, Json.object(), turn.stopReason(), Frame.Kind.CLOSING, output));
    if (turn.prompt().includeUsage()) {
      ObjectNode last = head(turn, "chat.completion.chunk");
      last.put("service_tier", "default").put("system_fingerprint", turn.fingerprint());
      last.putArray("choices");
      last.set("usage", usage(turn.tokens()));
      frames.add(frame(last, Frame.Kind.CLOSING, output, turn.tokens()));
    }
    frames.add(new Frame(Frame.utf8("data: [DONE]\n\n"), Frame.Kind.CLOSING, output, null));
    return frames;
  }

  static Frame error(String type, String message, long produced) {
    ObjectNode error = Json.object();
    error.put("message", message).put("type", type).putNull("param").putNull("code");
    ObjectNode data = Json.object();
    data.set("error", error);
    return frame(data, Frame.Kind.ERROR, produced, null);
  }

  private static Frame chunk(
      Turn turn, ObjectNode delta, @Nullable String finish, Frame.Kind kind, long produced) {
    ObjectNode chunk = head(turn, "chat.completion.chunk");
    chunk.put("service_tier", "default").put("system_fingerprint", turn.fingerprint());
    ObjectNode choice = Json.object();
    choice.put("index", 0).set("delta", delta);
    choice.putNull("logprobs").put("finish_reason", finish);
    chunk.putArray("choices").add(choice);
    if (turn.prompt().includeUsage()) {
      chunk.putNull("usage");
    }
    return frame(chunk, kind, produced, null);
  }

  private static Frame frame(
      JsonNode data, Frame.Kind kind, long produced, @Nullable Tokens reported) {
    return new Frame(Frame.utf8("data: " + data + "\n\n"), kind, produced, reported);
  }

  private static ObjectNode head(Turn turn, String object) {
    ObjectNode head = Json.object();
    head.put("id", turn.id()).put("object", object);
    head.put("created", turn.createdSeconds()).put("model", turn.model());
    return head;
  }

  private static ObjectNode toolDelta(ObjectNode call) {
    ObjectNode delta = Json.object();
    delta.putArray("tool_calls").add(call);
    return delta;
  }

  private static ObjectNode call(@Nullable String id, String name, String arguments) {
    ObjectNode call = Json.object();
    call.put("id", id).put("type", "function");
    call.putObject("function").put("name", name).put("arguments", arguments);
    return call;
  }

  private static String text(Turn turn) {
    StringBuilder text = new StringBuilder();
    for (Script.Block block : turn.content()) {
      if (block instanceof Script.Block.Text(String part)) {
        text.append(part);
      }
    }
    return text.toString();
  }

  private static ObjectNode usage(Tokens tokens) {
    long prompt =
        tokens.input() + tokens.cacheRead() + tokens.cacheWrite5m() + tokens.cacheWrite1h();
    ObjectNode usage = Json.object();
    usage.put("prompt_tokens", prompt).put("completion_tokens", tokens.output());
    usage.put("total_tokens", prompt + tokens.output());
    usage
        .putObject("prompt_tokens_details")
        .put("cached_tokens", tokens.cacheRead())
        .put("audio_tokens", 0);
    usage
        .putObject("completion_tokens_details")
        .put("reasoning_tokens", tokens.reasoning())
        .put("audio_tokens", 0)
        .put("accepted_prediction_tokens", 0)
        .put("rejected_prediction_tokens", 0);
    return usage;
  }
}
