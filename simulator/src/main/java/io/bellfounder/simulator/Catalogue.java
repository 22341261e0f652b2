package io.bellfounder.simulator;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The endpoints that are no conversation: lists of models, and embeddings. */
final class Catalogue {
  static final List<String> MODELS =
      List.of(
          "claude-opus-5-5",
          "claude-sonnet-5-5",
          "claude-haiku-5-5",
          "claude-fable-5-2",
          "claude-haiku-4-5",
          "gpt-5.2",
          "gpt-5.2-mini",
          "text-embedding-3-small",
          "text-embedding-3-large");
  private static final long CREATED = 1_767_225_600; // 2026-01-01

  private Catalogue() {}

  static boolean speaks(Dialect dialect, String model) {
    return model.startsWith("claude") == (dialect == Dialect.ANTHROPIC);
  }

  static ObjectNode anthropicModels(List<String> models, int limit, @Nullable String after) {
    List<String> rest = models.stream().filter(model -> speaks(Dialect.ANTHROPIC, model)).toList();
    if (after != null && rest.contains(after)) {
      rest = rest.subList(rest.indexOf(after) + 1, rest.size());
    }
    List<String> page = rest.subList(0, Math.min(limit, rest.size()));
    ObjectNode list = Json.object();
    ArrayNode data = list.putArray("data");
    page.forEach(model -> data.add(anthropicModel(model)));
    list.put("has_more", page.size() < rest.size());
    list.put("first_id", page.isEmpty() ? null : page.getFirst());
    return list.put("last_id", page.isEmpty() ? null : page.getLast());
  }

  static ObjectNode anthropicModel(String model) {
    StringBuilder name = new StringBuilder();
    for (String word : model.split("-", -1)) {
      if (word.isEmpty()) {
        continue;
      }
      if (!name.isEmpty()) {
        boolean twoNumbers =
            Character.isDigit(word.charAt(0)) && Character.isDigit(name.charAt(name.length() - 1));
        name.append(twoNumbers ? '.' : ' ');
      }
      name.append(Character.toUpperCase(word.charAt(0))).append(word.substring(1));
    }
    return Json.object()
        .put("type", "model")
        .put("id", model)
        .put("display_name", name.toString())
        .put("created_at", "2026-01-01T00:00:00Z");
  }

  static ObjectNode openAiModels(List<String> models) {
    ObjectNode list = Json.object().put("object", "list");
    ArrayNode data = list.putArray("data");
    models.stream()
        .filter(model -> speaks(Dialect.OPENAI, model))
        .forEach(model -> data.add(openAiModel(model)));
    return list;
  }

  static ObjectNode openAiModel(String model) {
    return Json.object()
        .put("id", model)
        .put("object", "model")
        .put("created", CREATED)
        .put("owned_by", "system");
  }

  /** Vectors of length one that depend on nothing but the text. */
  static ObjectNode embeddings(Prompt prompt) {
    JsonNode body = prompt.body();
    JsonNode input = body.path("input");
    boolean several = input.isArray() && !input.path(0).isNumber();
    int dimensions = Math.clamp(body.path("dimensions").asInt(1536), 1, 8192);
    boolean base64 = Json.string(body, "encoding_format").equals("base64");
    ObjectNode list = Json.object().put("object", "list");
    ArrayNode data = list.putArray("data");
    for (int i = 0; i < (several ? input.size() : 1); i++) {
      float[] vector = vector(several ? input.path(i) : input, dimensions);
      ObjectNode entry = data.addObject().put("object", "embedding").put("index", i);
      if (base64) {
        entry.put("embedding", base64(vector));
      } else {
        ArrayNode numbers = entry.putArray("embedding");
        for (float number : vector) {
          numbers.add(number);
        }
      }
    }
    list.put("model", prompt.model());
    list.putObject("usage")
        .put("prompt_tokens", prompt.inputTokens())
        .put("total_tokens", prompt.inputTokens());
    return list;
  }

  private static float[] vector(JsonNode text, int dimensions) {
    SplittableRandom random = new SplittableRandom(text.toString().hashCode());
    float[] vector = new float[dimensions];
    double square = 0;
    for (int i = 0; i < dimensions; i++) {
      vector[i] = (float) random.nextDouble(-1, 1);
      square += vector[i] * vector[i];
    }
    for (int i = 0; i < dimensions; i++) {
      vector[i] /= (float) Math.sqrt(square);
    }
    return vector;
  }

  private static String base64(float[] vector) {
    ByteBuffer bytes = ByteBuffer.allocate(vector.length * 4).order(ByteOrder.LITTLE_ENDIAN);
    for (float number : vector) {
      bytes.putFloat(number);
    }
    return Base64.getEncoder().encodeToString(bytes.array());
  }
}
