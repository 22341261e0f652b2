package io.bellfounder.e2e;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.core.http.StreamResponse;
import com.openai.errors.OpenAIException;
import com.openai.errors.OpenAIServiceException;
import com.openai.helpers.ChatCompletionAccumulator;
import com.openai.models.FunctionDefinition;
import com.openai.models.FunctionParameters;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionMessage;
import com.openai.models.chat.completions.ChatCompletionMessageToolCall;
import com.openai.models.chat.completions.ChatCompletionToolMessageParam;
import com.openai.models.completions.CompletionUsage;
import com.openai.models.embeddings.CreateEmbeddingResponse;
import com.openai.models.embeddings.EmbeddingCreateParams;
import com.openai.models.models.Model;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** OpenAI's own library for Java, over its OkHttp client. */
final class OpenAiJavaSdk implements Sdk {

  @Override
  public String name() {
    return "openai-java";
  }

  @Override
  public boolean anthropic() {
    return false;
  }

  @Override
  public Seen ask(Ask ask) {
    OpenAIClient client =
        OpenAIOkHttpClient.builder()
            .baseUrl(ask.baseUrl() + "/v1")
            .apiKey(ask.key())
            .maxRetries(ask.retries())
            .build();
    try {
      return run(client, ask);
    } catch (OpenAIServiceException e) {
      return Seen.failed(
          new Seen.Failure(
              e.getClass().getSimpleName(),
              e.statusCode(),
              e.type().orElse(null),
              String.valueOf(e.getMessage()),
              e.headers().values("retry-after").stream().findFirst().orElse(null),
              e.headers().values("x-request-id").stream().findFirst().orElse(null)));
    } catch (OpenAIException e) {
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

  private static Seen run(OpenAIClient client, Ask ask) {
    ChatCompletionCreateParams.Builder params =
        ChatCompletionCreateParams.builder().model(ask.model()).addUserMessage(ask.prompt());
    return switch (ask.scenario()) {
      case "plain" -> seen(client.chat().completions().create(params.build()));
      case "stream" -> seen(whole(client, params.build()));
      case "tools" -> seen(whole(client, params.addFunctionTool(weather()).build()));
      case "turn" -> seen(turn(client, params.addFunctionTool(Appending.openAi())));
      case "abort" -> leave(client, params.build(), ask.after());
      case "models" ->
          Seen.listed(client.models().list().autoPager().stream().map(Model::id).toList());
      case "embeddings" ->
          embedded(
              client
                  .embeddings()
                  .create(
                      EmbeddingCreateParams.builder()
                          .model(ask.model())
                          .input(ask.prompt())
                          .build()));
      default -> throw new IllegalArgumentException(ask.scenario());
    };
  }

  /** The model calls the tool, the program runs it, the model has the last word. */
  private static ChatCompletion turn(
      OpenAIClient client, ChatCompletionCreateParams.Builder params) {
    ChatCompletionMessage called = whole(client, params.build()).choices().getFirst().message();
    params.addMessage(called);
    for (ChatCompletionMessageToolCall call : called.toolCalls().orElse(List.of())) {
      params.addMessage(
          ChatCompletionToolMessageParam.builder()
              .toolCallId(call.asFunction().id())
              .content(Appending.run(Json.read(call.asFunction().function().arguments())))
              .build());
    }
    return whole(client, params.build());
  }

  private static ChatCompletion whole(OpenAIClient client, ChatCompletionCreateParams params) {
    ChatCompletionAccumulator accumulator = ChatCompletionAccumulator.create();
    try (StreamResponse<ChatCompletionChunk> chunks =
        client.chat().completions().createStreaming(params)) {
      chunks.stream().forEach(accumulator::accumulate);
    }
    return accumulator.chatCompletion();
  }

  private static Seen leave(OpenAIClient client, ChatCompletionCreateParams params, int after) {
    int seen = 0;
    try (StreamResponse<ChatCompletionChunk> chunks =
        client.chat().completions().createStreaming(params)) {
      for (Iterator<ChatCompletionChunk> i = chunks.stream().iterator();
          seen < after && i.hasNext();
          seen++) {
        i.next();
      }
    }
    return Seen.left(seen);
  }

  private static Seen seen(ChatCompletion completion) {
    ChatCompletion.Choice choice = completion.choices().getFirst();
    ChatCompletionMessage message = choice.message();
    List<Seen.Tool> tools =
        message.toolCalls().orElse(List.of()).stream()
            .map(call -> call.asFunction().function())
            .map(function -> new Seen.Tool(function.name(), Json.read(function.arguments())))
            .toList();
    return Seen.answer(
        message.content().orElse(""),
        tools,
        choice.finishReason().toString(),
        completion.usage().map(CompletionUsage::promptTokens).orElse(null),
        completion.usage().map(CompletionUsage::completionTokens).orElse(null));
  }

  private static Seen embedded(CreateEmbeddingResponse response) {
    List<Float> vector = response.data().getFirst().embedding();
    return Seen.embedded(vector.size(), vector.getFirst(), response.usage().promptTokens());
  }

  private static FunctionDefinition weather() {
    return FunctionDefinition.builder()
        .name("weather")
        .description("The weather of a city.")
        .parameters(
            FunctionParameters.builder()
                .putAdditionalProperty("type", JsonValue.from("object"))
                .putAdditionalProperty(
                    "properties", JsonValue.from(Map.of("city", Map.of("type", "string"))))
                .putAdditionalProperty("required", JsonValue.from(List.of("city")))
                .build())
        .build();
  }

  @Override
  public String toString() {
    return name();
  }
}
