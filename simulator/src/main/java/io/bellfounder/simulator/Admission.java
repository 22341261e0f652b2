package io.bellfounder.simulator;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** What the providers refuse before a model sees it: a missing key, a malformed body. */
final class Admission {
  private Admission() {}

  static Optional<ProviderError> key(
      Dialect dialect, @Nullable String apiKey, @Nullable String bearer, @Nullable String only) {
    if (dialect == Dialect.ANTHROPIC) {
      if (apiKey == null && bearer == null) {
        return error(
            ProviderError.anthropic(401, "authentication_error", "x-api-key header is required"));
      }
      if (only != null && apiKey != null && !only.equals(apiKey)) {
        return error(ProviderError.of(dialect, 401));
      }
      if (only != null && apiKey == null && !only.equals(bearer)) {
        return error(ProviderError.anthropic(401, "authentication_error", "Invalid bearer token"));
      }
      return Optional.empty();
    }
    if (bearer == null) {
      return error(
          ProviderError.openAi(
              401,
              "You didn't provide an API key. You need to provide your API key in an Authorization"
                  + " header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY), or as the"
                  + " password field (with blank username) if you're accessing the API from your"
                  + " browser and are prompted for a username and password. You can obtain an API"
                  + " key from https://platform.openai.com/account/api-keys.",
              null,
              null));
    }
    return only == null || only.equals(bearer)
        ? Optional.empty()
        : error(ProviderError.of(dialect, 401));
  }

  static ProviderError notJson(Dialect dialect) {
    return dialect == Dialect.ANTHROPIC
        ? ProviderError.anthropic(
            400, "invalid_request_error", "The request body is not valid JSON")
        : ProviderError.openAi(
            400,
            "We could not parse the JSON body of your request. (HINT: This likely means you aren't"
                + " using your HTTP library correctly. The OpenAI API expects a JSON payload, but"
                + " what was sent was not valid JSON.)",
            null,
            null);
  }

  static Optional<ProviderError> messages(
      @Nullable String version, JsonNode body, boolean counting) {
    if (version == null) {
      return invalid("anthropic-version: header is required");
    }
    for (String field :
        counting ? List.of("model", "messages") : List.of("model", "max_tokens", "messages")) {
      if (!body.has(field)) {
        return invalid(field + ": Field required");
      }
    }
    if (!body.path("model").isString()) {
      return invalid("model: Input should be a valid string");
    }
    if (!counting && !body.path("max_tokens").isIntegralNumber()) {
      return invalid("max_tokens: Input should be a valid integer");
    }
    if (!counting && body.path("max_tokens").asLong() < 1) {
      return invalid("max_tokens: must be greater than or equal to 1");
    }
    if (!body.path("messages").isArray()) {
      return invalid("messages: Input should be a valid list");
    }
    if (body.path("messages").isEmpty()) {
      return invalid("messages: at least one message is required");
    }
    if (body.has("stream") && !body.path("stream").isBoolean()) {
      return invalid("stream: Input should be a valid boolean");
    }
    int index = 0;
    for (JsonNode message : body.path("messages")) {
      String role = Json.string(message, "role");
      if (!List.of("user", "assistant", "system").contains(role)) {
        return invalid(
            "messages." + index + ".role: Input should be 'user', 'assistant' or 'system'");
      }
      if (!message.has("content")) {
        return invalid("messages." + index + ".content: Field required");
      }
      index++;
    }
    return Optional.empty();
  }

  static Optional<ProviderError> completions(JsonNode body) {
    if (!body.path("model").isString()) {
      return error(ProviderError.openAi(400, "you must provide a model parameter", null, null));
    }
    if (!body.has("messages")) {
      return missing("messages");
    }
    if (!body.path("messages").isArray() || body.path("messages").isEmpty()) {
      return error(
          ProviderError.openAi(
              400,
              "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an"
                  + " empty array instead.",
              "empty_array",
              "messages"));
    }
    if (body.has("stream_options") && !body.path("stream").asBoolean(false)) {
      return error(
          ProviderError.openAi(
              400,
              "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
              null,
              "stream_options"));
    }
    return Optional.empty();
  }

  static Optional<ProviderError> embeddings(JsonNode body) {
    if (!body.path("model").isString()) {
      return error(ProviderError.openAi(400, "you must provide a model parameter", null, null));
    }
    return body.has("input") ? Optional.empty() : missing("input");
  }

  static ProviderError unknownModel(Dialect dialect, String model) {
    return dialect == Dialect.ANTHROPIC
        ? ProviderError.anthropic(404, "not_found_error", "model: " + model)
        : ProviderError.openAi(
            404,
            "The model `" + model + "` does not exist or you do not have access to it.",
            "model_not_found",
            null);
  }

  private static Optional<ProviderError> missing(String parameter) {
    return error(
        ProviderError.openAi(
            400,
            "Missing required parameter: '" + parameter + "'.",
            "missing_required_parameter",
            parameter));
  }

  private static Optional<ProviderError> invalid(String message) {
    return error(ProviderError.anthropic(400, "invalid_request_error", message));
  }

  private static Optional<ProviderError> error(ProviderError error) {
    return Optional.of(error);
  }
}
