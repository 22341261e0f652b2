package io.bellfounder.simulator;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * What the simulator understands of a request to a model.
 *
 * @param text the last user message's text
 * @param lastText its last text block alone
 * @param inputTokens counted from all text of the request
 * @param schema the JSON schema the answer shall follow
 */
record Prompt(
    Dialect dialect,
    JsonNode body,
    String model,
    boolean stream,
    boolean includeUsage,
    long maxTokens,
    String text,
    String lastText,
    boolean toolResult,
    List<String> tools,
    long inputTokens,
    @Nullable JsonNode schema) {

  static Prompt of(Dialect dialect, JsonNode body) {
    List<String> texts = new ArrayList<>();
    JsonNode last = lastFromOutside(body.path("messages"));
    boolean toolResult = Json.string(last, "role").equals("tool");
    JsonNode content = last.path("content");
    if (content.isString()) {
      texts.add(content.stringValue());
    }
    for (JsonNode block : content) {
      if (Json.string(block, "type").equals("tool_result")) {
        toolResult = true;
      } else if (block.path("text").isString()) {
        texts.add(Json.string(block, "text"));
      }
    }
    JsonNode format = body.path("output_config").path("format");
    JsonNode schema =
        dialect == Dialect.ANTHROPIC
            ? format.path("schema")
            : body.path("response_format").path("json_schema").path("schema");
    return new Prompt(
        dialect,
        body,
        Json.string(body, "model"),
        body.path("stream").asBoolean(false),
        body.path("stream_options").path("include_usage").asBoolean(false),
        body.has("max_tokens")
            ? body.path("max_tokens").asLong(Long.MAX_VALUE)
            : body.path("max_completion_tokens").asLong(Long.MAX_VALUE),
        String.join("\n", texts),
        texts.isEmpty() ? "" : texts.getLast(),
        toolResult,
        toolNames(body.path("tools")),
        inputTokens(body),
        schema.isObject() ? schema : null);
  }

  /** The last message that is not the model's own nor the operator's. */
  private static JsonNode lastFromOutside(JsonNode messages) {
    for (int i = messages.size() - 1; i >= 0; i--) {
      String role = Json.string(messages.path(i), "role");
      if (role.equals("user") || role.equals("tool")) {
        return messages.path(i);
      }
    }
    return Json.object();
  }

  private static List<String> toolNames(JsonNode tools) {
    List<String> names = new ArrayList<>();
    for (JsonNode tool : tools) {
      names.add(Json.string(tool.has("function") ? tool.path("function") : tool, "name"));
    }
    return names;
  }

  /**
   * Only what a provider reads as a prompt, so that options of transport do not change the bill.
   */
  private static long inputTokens(JsonNode body) {
    long characters = 0;
    for (String field : List.of("system", "messages", "tools", "input")) {
      characters += textLength(body.path(field));
    }
    return Math.max(1, (characters + 3) / 4);
  }

  private static long textLength(JsonNode node) {
    if (node.isString()) {
      return node.stringValue().length();
    }
    long sum = 0;
    for (JsonNode child : node) {
      sum += textLength(child);
    }
    return sum;
  }
}
