package io.bellfounder.e2e;

import com.anthropic.models.messages.Tool;
import com.fasterxml.jackson.databind.JsonNode;
import com.openai.core.JsonValue;
import com.openai.models.FunctionDefinition;
import com.openai.models.FunctionParameters;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;

/** The tool of the Java programs under test: it appends to a file. */
final class Appending {

  private static final Map<String, Object> PROPERTIES =
      Map.of("path", Map.of("type", "string"), "text", Map.of("type", "string"));

  private Appending() {}

  static Tool anthropic() {
    Tool.InputSchema.Properties.Builder properties = Tool.InputSchema.Properties.builder();
    PROPERTIES.forEach((name, type) ->
        properties.putAdditionalProperty(name, com.anthropic.core.JsonValue.from(type)));
    return Tool.builder()
        .name("append")
        .description("Appends to a file.")
        .inputSchema(
            Tool.InputSchema.builder()
                .properties(properties.build())
                .required(List.of("path", "text"))
                .build())
        .build();
  }

  static FunctionDefinition openAi() {
    return FunctionDefinition.builder()
        .name("append")
        .description("Appends to a file.")
        .parameters(
            FunctionParameters.builder()
                .putAdditionalProperty("type", JsonValue.from("object"))
                .putAdditionalProperty("properties", JsonValue.from(PROPERTIES))
                .putAdditionalProperty("required", JsonValue.from(List.of("path", "text")))
                .build())
        .build();
  }

  /** What the program does when the model calls the tool. */
  static String run(JsonNode input) {
    try {
      Files.writeString(
          Path.of(input.path("path").asText()),
          input.path("text").asText(),
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
      return "appended";
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
