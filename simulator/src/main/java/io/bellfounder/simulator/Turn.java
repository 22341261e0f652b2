package io.bellfounder.simulator;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What the model says to one prompt, decided to the last character and token.
 *
 * @param content blocks with ids and signatures filled in
 * @param stopReason in the dialect's own words
 * @param createdSeconds since 1970
 */
record Turn(
    Prompt prompt,
    String id,
    String model,
    List<Script.Block> content,
    String stopReason,
    @Nullable String stopSequence,
    Tokens tokens,
    int charactersPerDelta,
    boolean pings,
    String fingerprint,
    long createdSeconds) {

  private static final String FILLER =
      "the bell is cast and hung and rung and heard across the valley by all who live there ";
  private static final Map<String, String> OPENAI_FINISH =
      Map.of(
          "end_turn", "stop",
          "stop_sequence", "stop",
          "max_tokens", "length",
          "tool_use", "tool_calls",
          "refusal", "content_filter");

  static Turn of(Prompt prompt, Script.Answer answer, Ids ids, long createdSeconds) {
    String id =
        prompt.dialect() == Dialect.ANTHROPIC ? ids.next("msg_01", 22) : ids.next("chatcmpl-", 29);
    List<Script.Block> content = blocks(prompt, answer, ids);
    boolean scriptedOutput = answer.usage() != null && answer.usage().output() != null;
    long output = content.stream().mapToLong(Turn::weight).sum();
    boolean tooLong = false;
    if (!scriptedOutput && answer.content() == null && output > prompt.maxTokens()) {
      content = List.of(new Script.Block.Text(cut(content, prompt.maxTokens())));
      output = prompt.maxTokens();
      tooLong = true;
    }
    return new Turn(
        prompt,
        id,
        answer.model() == null ? prompt.model() : answer.model(),
        content,
        stopReason(prompt.dialect(), answer, content, tooLong),
        answer.stopSequence(),
        tokens(prompt, answer.usage(), Math.max(1, output), content),
        answer.charactersPerDelta() == null ? 12 : Math.max(1, answer.charactersPerDelta()),
        answer.pings() == null || answer.pings(),
        ids.next("fp_", 10),
        createdSeconds);
  }

  /** The same turn, told by a recording. */
  Turn recorded(String otherId, String otherModel, Tokens otherTokens) {
    return new Turn(
        prompt,
        otherId,
        otherModel,
        content,
        stopReason,
        stopSequence,
        otherTokens,
        charactersPerDelta,
        pings,
        fingerprint,
        createdSeconds);
  }

  /** A turn without words, for embeddings. */
  static Turn silent(Prompt prompt, Tokens tokens) {
    return new Turn(prompt, "", prompt.model(), List.of(), "", null, tokens, 1, false, "", 0);
  }

  private static List<Script.Block> blocks(Prompt prompt, Script.Answer answer, Ids ids) {
    if (answer.text() != null) {
      return List.of(new Script.Block.Text(answer.text()));
    }
    if (answer.tokens() != null) {
      return List.of(new Script.Block.Text(filler(answer.tokens())));
    }
    if (answer.content() == null) {
      return List.of(new Script.Block.Text(echo(prompt)));
    }
    List<Script.Block> filled = new ArrayList<>();
    for (Script.Block block : answer.content()) {
      filled.add(fill(block, prompt.dialect(), ids));
    }
    return filled;
  }

  private static Script.Block fill(Script.Block block, Dialect dialect, Ids ids) {
    return switch (block) {
      case Script.Block.Thinking(String thinking, String signature) ->
          new Script.Block.Thinking(thinking, signature == null ? ids.signature() : signature);
      case Script.Block.RedactedThinking(String data) ->
          new Script.Block.RedactedThinking(data == null ? ids.signature() : data);
      case Script.Block.ToolUse(String id, String name, JsonNode input) ->
          new Script.Block.ToolUse(
              id != null
                  ? id
                  : dialect == Dialect.ANTHROPIC ? ids.next("toolu_01", 22) : ids.next("call_", 24),
              name,
              input == null ? Json.object() : input);
      case Script.Block.Text text -> text;
      case Script.Block.Raw raw -> raw;
    };
  }

  /** Tokens of a block by the simulator's own count. */
  static long weight(Script.Block block) {
    return switch (block) {
      case Script.Block.Text(String text) -> Tokens.count(text);
      case Script.Block.Thinking(String thinking, var _) -> Tokens.count(thinking);
      case Script.Block.RedactedThinking _ -> 16;
      case Script.Block.ToolUse(var _, String name, JsonNode input) ->
          Tokens.count(name) + Tokens.count(input == null ? "" : input.toString());
      case Script.Block.Raw(JsonNode whole, var _, var _) -> Tokens.count(whole.toString());
    };
  }

  private static String echo(Prompt prompt) {
    if (prompt.schema() != null) {
      return example(prompt.schema(), prompt.lastText()).toString();
    }
    String said = prompt.lastText().strip();
    return "You said: " + (said.length() > 200 ? said.substring(0, 200) : said);
  }

  /** The smallest value that follows a schema. */
  private static JsonNode example(JsonNode schema, String text) {
    if (schema.path("enum").size() > 0) {
      return schema.path("enum").path(0);
    }
    return switch (Json.string(schema, "type")) {
      case "object" -> {
        ObjectNode object = Json.object();
        for (Map.Entry<String, JsonNode> property : schema.path("properties").properties()) {
          object.set(property.getKey(), example(property.getValue(), text));
        }
        yield object;
      }
      case "array" -> Json.array();
      case "boolean" -> Json.object().booleanNode(false);
      case "integer", "number" -> Json.object().numberNode(0);
      default ->
          Json.object()
              .stringNode(text.isBlank() ? "text" : text.substring(0, Math.min(40, text.length())));
    };
  }

  private static String filler(int tokens) {
    int length = Math.max(1, tokens) * 4;
    return FILLER.repeat(length / FILLER.length() + 1).substring(0, length);
  }

  private static String cut(List<Script.Block> content, long tokens) {
    String text = content.getFirst() instanceof Script.Block.Text(String whole) ? whole : "";
    return text.substring(0, (int) Math.min(text.length(), tokens * 4));
  }

  private static String stopReason(
      Dialect dialect, Script.Answer answer, List<Script.Block> content, boolean tooLong) {
    boolean asksForTool = content.stream().anyMatch(Script.Block.ToolUse.class::isInstance);
    String reason = answer.stopReason();
    if (reason == null) {
      reason = tooLong ? "max_tokens" : asksForTool ? "tool_use" : "end_turn";
    }
    return dialect == Dialect.OPENAI ? OPENAI_FINISH.getOrDefault(reason, reason) : reason;
  }

  private static Tokens tokens(
      Prompt prompt, Script.@Nullable UsageSpec usage, long counted, List<Script.Block> content) {
    long reasoning =
        content.stream()
            .filter(Script.Block.Thinking.class::isInstance)
            .mapToLong(Turn::weight)
            .sum();
    if (usage == null) {
      return new Tokens(prompt.inputTokens(), 0, 0, 0, counted, reasoning);
    }
    return new Tokens(
        or(usage.input(), prompt.inputTokens()),
        or(usage.cacheWrite5m(), 0),
        or(usage.cacheWrite1h(), 0),
        or(usage.cacheRead(), 0),
        or(usage.output(), counted),
        or(usage.reasoning(), reasoning));
  }

  private static long or(@Nullable Long given, long otherwise) {
    return given == null ? otherwise : given;
  }
}
