package io.bellfounder.e2e;

import com.anthropic.client.AnthropicClient;
import com.anthropic.client.okhttp.AnthropicOkHttpClient;
import com.anthropic.core.JsonValue;
import com.anthropic.core.http.StreamResponse;
import com.anthropic.errors.AnthropicException;
import com.anthropic.errors.AnthropicServiceException;
import com.anthropic.helpers.MessageAccumulator;
import com.anthropic.models.messages.ContentBlockParam;
import com.anthropic.models.messages.Message;
import com.anthropic.models.messages.MessageCountTokensParams;
import com.anthropic.models.messages.MessageCreateParams;
import com.anthropic.models.messages.RawMessageStreamEvent;
import com.anthropic.models.messages.Tool;
import com.anthropic.models.messages.ToolResultBlockParam;
import com.anthropic.models.models.ModelInfo;
import com.anthropic.models.models.ModelListParams;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Anthropic's own library for Java, over its OkHttp client. */
final class AnthropicJavaSdk implements Sdk {

  @Override
  public String name() {
    return "anthropic-java";
  }

  @Override
  public boolean anthropic() {
    return true;
  }

  @Override
  public Seen ask(Ask ask) {
    AnthropicClient client =
        AnthropicOkHttpClient.builder()
            .baseUrl(ask.baseUrl())
            .apiKey(ask.key())
            .maxRetries(ask.retries())
            .build();
    try {
      return run(client, ask);
    } catch (AnthropicServiceException e) {
      return Seen.failed(
          new Seen.Failure(
              e.getClass().getSimpleName(),
              e.statusCode(),
              e.errorType().map(Object::toString).orElse(null),
              Objects.requireNonNullElse(e.getMessage(), ""),
              e.headers().values("retry-after").stream().findFirst().orElse(null),
              e.requestId().orElse(null)));
    } catch (AnthropicException e) {
      return Seen.failed(
          new Seen.Failure(
              e.getClass().getSimpleName(),
              null,
              null,
              String.valueOf(e.getMessage()),
              null,
              null));
    } finally {
      client.close();
    }
  }

  private static Seen run(AnthropicClient client, Ask ask) {
    MessageCreateParams.Builder params =
        MessageCreateParams.builder()
            .model(ask.model())
            .maxTokens(1024)
            .addUserMessage(ask.prompt());
    return switch (ask.scenario()) {
      case "plain" -> seen(client.messages().create(params.build()));
      case "stream" -> seen(whole(client, params.build()));
      case "tools" -> seen(whole(client, params.addTool(weather()).build()));
      case "turn" -> seen(turn(client, params.addTool(Appending.anthropic())));
      case "abort" -> leave(client, params.build(), ask.after());
      case "count" ->
          Seen.counted(
              client
                  .messages()
                  .countTokens(
                      MessageCountTokensParams.builder()
                          .model(ask.model())
                          .addUserMessage(ask.prompt())
                          .build())
                  .inputTokens());
      case "models" ->
          Seen.listed(
              client
                  .models()
                  .list(ModelListParams.builder().limit(1000).build())
                  .autoPager()
                  .stream()
                  .map(ModelInfo::id)
                  .toList());
      default -> throw new IllegalArgumentException(ask.scenario());
    };
  }

  /** The model calls the tool, the program runs it, the model has the last word. */
  private static Message turn(AnthropicClient client, MessageCreateParams.Builder params) {
    Message called = whole(client, params.build());
    List<ContentBlockParam> results =
        called.content().stream()
            .flatMap(block -> block.toolUse().stream())
            .map(tool ->
                ContentBlockParam.ofToolResult(
                    ToolResultBlockParam.builder()
                        .toolUseId(tool.id())
                        .content(Appending.run(json(tool._input())))
                        .build()))
            .toList();
    return whole(
        client, params.addMessage(called).addUserMessageOfContentBlockParams(results).build());
  }

  private static Message whole(AnthropicClient client, MessageCreateParams params) {
    MessageAccumulator accumulator = MessageAccumulator.create();
    try (StreamResponse<RawMessageStreamEvent> events = client.messages().createStreaming(params)) {
      events.stream().forEach(accumulator::accumulate);
    }
    return accumulator.message();
  }

  private static Seen leave(AnthropicClient client, MessageCreateParams params, int after) {
    int seen = 0;
    try (StreamResponse<RawMessageStreamEvent> events = client.messages().createStreaming(params)) {
      for (Iterator<RawMessageStreamEvent> i = events.iterator();
          seen < after && i.hasNext();
          seen++) {
        i.next();
      }
    }
    return Seen.left(seen);
  }

  private static Seen seen(Message message) {
    StringBuilder text = new StringBuilder();
    message.content().forEach(block -> block.text().ifPresent(t -> text.append(t.text())));
    List<Seen.Tool> tools =
        message.content().stream()
            .flatMap(block -> block.toolUse().stream())
            .map(tool -> new Seen.Tool(tool.name(), json(tool._input())))
            .toList();
    return Seen.answer(
        text.toString(),
        tools,
        message.stopReason().map(Object::toString).orElse(null),
        message.usage().inputTokens(),
        message.usage().outputTokens());
  }

  private static JsonNode json(JsonValue value) {
    return Json.tree(Objects.requireNonNull(value.convert(Object.class)));
  }

  private static Tool weather() {
    return Tool.builder()
        .name("weather")
        .description("The weather of a city.")
        .inputSchema(
            Tool.InputSchema.builder()
                .properties(
                    Tool.InputSchema.Properties.builder()
                        .putAdditionalProperty("city", JsonValue.from(Map.of("type", "string")))
                        .build())
                .required(List.of("city"))
                .build())
        .build();
  }

  @Override
  public String toString() {
    return name();
  }
}
