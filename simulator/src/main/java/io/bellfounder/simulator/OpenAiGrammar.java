package io.bellfounder.simulator;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;

/**
 * One Chat Completions stream: chunks of one id, each choice finished once, {@code [DONE]} last.
 */
final class OpenAiGrammar {
  private static final Set<String> FINISHES =
      Set.of("stop", "length", "tool_calls", "content_filter", "function_call");

  private final List<StreamGrammar.Violation> violations;
  private final Map<Integer, Choice> choices = new TreeMap<>();
  private String id = "";
  private String model = "";
  private boolean done;
  private boolean failed;
  private boolean usageSeen;
  private int at;

  /** What one choice has said so far. */
  private static final class Choice {
    final List<StringBuilder> arguments = new ArrayList<>();
    final List<String> callIds = new ArrayList<>();
    boolean finished;
  }

  OpenAiGrammar(List<StreamGrammar.Violation> violations) {
    this.violations = violations;
  }

  void check(List<SseEvent> events, int length) {
    for (SseEvent event : events) {
      at = event.at();
      one(event);
    }
    at = length;
    if (!done && !failed) {
      wrong("the stream ends without [DONE] or an error");
    }
  }

  private void one(SseEvent event) {
    if (event.name() != null) {
      wrong("a chunk has no event name, this one has '" + event.name() + "'");
    }
    if (done || failed) {
      wrong("an event comes after the end");
    }
    if (event.data() == null) {
      wrong("the event has no data");
      return;
    }
    if (event.data().equals("[DONE]")) {
      end();
      return;
    }
    Optional<JsonNode> data = Json.read(event.data().getBytes(StandardCharsets.UTF_8));
    if (data.isEmpty() || !data.get().isObject()) {
      wrong("the data is neither a JSON object nor [DONE]");
    } else if (data.get().has("error")) {
      failed = true;
      if (!data.get().path("error").path("message").isString()) {
        wrong("an error needs a message");
      }
    } else {
      chunk(data.get());
    }
  }

  private void end() {
    done = true;
    if (choices.isEmpty()) {
      wrong("[DONE] without a choice");
    }
    choices.forEach((index, choice) -> {
      if (!choice.finished) {
        wrong("choice " + index + " has no finish_reason");
      }
    });
  }

  private void chunk(JsonNode chunk) {
    if (!Json.string(chunk, "object").equals("chat.completion.chunk")) {
      wrong("the object is '" + Json.string(chunk, "object") + "'");
    }
    String thisId = Json.string(chunk, "id");
    if (thisId.isEmpty() || (!id.isEmpty() && !id.equals(thisId))) {
      wrong("the id is '" + thisId + "' and was '" + id + "'");
    }
    id = thisId;
    String thisModel = Json.string(chunk, "model");
    if (!model.isEmpty() && !model.equals(thisModel)) {
      wrong("the model changes from " + model + " to " + thisModel);
    }
    model = thisModel;
    if (!chunk.path("choices").isArray()) {
      wrong("the chunk has no list of choices");
    }
    if (usageSeen) {
      wrong("a chunk comes after the usage");
    }
    for (JsonNode choice : chunk.path("choices")) {
      choice(choice);
    }
    if (chunk.path("usage").isObject()) {
      usage(chunk);
    } else if (chunk.path("choices").isEmpty()) {
      wrong("a chunk without choices and usage");
    }
  }

  private void choice(JsonNode node) {
    int index = node.path("index").asInt(-1);
    JsonNode delta = node.path("delta");
    boolean first = !choices.containsKey(index);
    Choice choice = choices.computeIfAbsent(index, _ -> new Choice());
    if (index < 0 || !delta.isObject()) {
      wrong("a choice needs an index and a delta");
    }
    String role = Json.string(delta, "role");
    if (first && !role.equals("assistant")) {
      wrong("choice " + index + " begins without the role assistant");
    } else if (!first && delta.has("role") && !role.equals("assistant")) {
      wrong("choice " + index + " changes its role to '" + role + "'");
    }
    if (choice.finished) {
      wrong("choice " + index + " goes on after its finish_reason");
    }
    if (delta.has("content")
        && !delta.path("content").isString()
        && !delta.path("content").isNull()) {
      wrong("the content is no text");
    }
    for (JsonNode call : delta.path("tool_calls")) {
      toolCall(choice, call);
    }
    if (node.path("finish_reason").isString()) {
      finish(choice, index, Json.string(node, "finish_reason"));
    }
  }

  private void toolCall(Choice choice, JsonNode call) {
    int index = call.path("index").asInt(-1);
    String callId = Json.string(call, "id");
    if (index < 0 || index > choice.arguments.size()) {
      wrong(
          "the tool call's index is "
              + index
              + " and should be at most "
              + choice.arguments.size());
      return;
    }
    if (index == choice.arguments.size()) {
      if (callId.isEmpty() || Json.string(call.path("function"), "name").isEmpty()) {
        wrong("tool call " + index + " begins without an id and a name");
      }
      if (choice.callIds.contains(callId)) {
        wrong("tool call " + index + " repeats the id of another");
      }
      choice.arguments.add(new StringBuilder());
      choice.callIds.add(callId);
    } else if (!callId.isEmpty() && !callId.equals(choice.callIds.get(index))) {
      wrong("tool call " + index + " changes its id");
    }
    choice.arguments.get(index).append(Json.string(call.path("function"), "arguments"));
  }

  private void finish(Choice choice, int index, String reason) {
    choice.finished = true;
    if (!FINISHES.contains(reason)) {
      wrong("choice " + index + " finishes with '" + reason + "'");
    }
    if (reason.equals("tool_calls") && choice.arguments.isEmpty()) {
      wrong("choice " + index + " finishes for tools and calls none");
    }
    for (StringBuilder arguments : choice.arguments) {
      boolean whole =
          Json.read(arguments.toString().getBytes(StandardCharsets.UTF_8))
              .filter(JsonNode::isObject)
              .isPresent();
      if (!whole && !reason.equals("length")) {
        wrong("a tool call's arguments are no JSON object");
      }
    }
  }

  private void usage(JsonNode chunk) {
    usageSeen = true;
    JsonNode usage = chunk.path("usage");
    long prompt = usage.path("prompt_tokens").asLong(-1);
    long completion = usage.path("completion_tokens").asLong(-1);
    if (prompt < 0 || completion < 0) {
      wrong("the usage lacks a count");
    } else if (usage.path("total_tokens").asLong(-1) != prompt + completion) {
      wrong("the usage does not add up");
    }
    if (!chunk.path("choices").isEmpty()) {
      wrong("the usage comes in a chunk with choices");
    }
    if (choices.values().stream().anyMatch(choice -> !choice.finished)) {
      wrong("the usage comes before a finish_reason");
    }
  }

  private void wrong(String what) {
    violations.add(new StreamGrammar.Violation(at, what));
  }
}
