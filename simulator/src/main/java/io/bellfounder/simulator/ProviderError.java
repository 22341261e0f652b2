package io.bellfounder.simulator;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * An error in the provider's own shape and words, as their API references list them (November
 * 2026).
 *
 * @param code OpenAI's only
 * @param param OpenAI's only
 */
record ProviderError(
    int status, String type, String message, @Nullable String code, @Nullable String param) {

  static ProviderError anthropic(int status, String type, String message) {
    return new ProviderError(status, type, message, null, null);
  }

  static ProviderError openAi(
      int status, String message, @Nullable String code, @Nullable String param) {
    return new ProviderError(status, "invalid_request_error", message, code, param);
  }

  /** What the provider says with a status when a script says no more. */
  static ProviderError of(Dialect dialect, int status) {
    return dialect == Dialect.ANTHROPIC ? ofAnthropic(status) : ofOpenAi(status);
  }

  private static ProviderError ofAnthropic(int status) {
    return switch (status) {
      case 400 -> anthropic(400, "invalid_request_error", "Bad request");
      case 401 -> anthropic(401, "authentication_error", "invalid x-api-key");
      case 402 ->
          anthropic(
              402,
              "billing_error",
              "Your credit balance is too low to access the Anthropic API. Please go to Plans &"
                  + " Billing to upgrade or purchase credits.");
      case 403 ->
          anthropic(
              403,
              "permission_error",
              "Your API key does not have permission to use the specified resource.");
      case 404 -> anthropic(404, "not_found_error", "Not found");
      case 413 ->
          anthropic(
              413, "request_too_large", "Request exceeds the maximum allowed number of bytes.");
      case 429 ->
          anthropic(
              429,
              "rate_limit_error",
              "This request would exceed your organization's rate limit of 4,000 requests per"
                  + " minute.");
      case 504 -> anthropic(504, "timeout_error", "Request timed out");
      case 529 -> anthropic(529, "overloaded_error", "Overloaded");
      default -> anthropic(status, "api_error", "Internal server error");
    };
  }

  private static ProviderError ofOpenAi(int status) {
    return switch (status) {
      case 401 ->
          openAi(
              401,
              "Incorrect API key provided: sk-***. You can find your API key at"
                  + " https://platform.openai.com/account/api-keys.",
              "invalid_api_key",
              null);
      case 403 ->
          new ProviderError(
              403,
              "invalid_request_error",
              "You are not allowed to access this resource.",
              "unsupported_country_region_territory",
              null);
      case 404 -> openAi(404, "Not found", null, null);
      case 429 ->
          new ProviderError(
              429,
              "requests",
              "Rate limit reached for requests. Please try again in 6ms.",
              "rate_limit_exceeded",
              null);
      case 503 ->
          new ProviderError(
              503,
              "server_error",
              "The engine is currently overloaded, please try again later",
              null,
              null);
      case 400, 413, 422 -> openAi(status, "Bad request", null, null);
      default ->
          new ProviderError(
              status,
              "server_error",
              "The server had an error while processing your request. Sorry about that!",
              null,
              null);
    };
  }

  ProviderError with(@Nullable String otherType, @Nullable String otherMessage) {
    return new ProviderError(
        status,
        otherType == null ? type : otherType,
        otherMessage == null ? message : otherMessage,
        code,
        param);
  }

  byte[] body(Dialect dialect, String requestId) {
    return dialect == Dialect.ANTHROPIC
        ? Json.bytes(anthropicBody(requestId))
        : openAiBody().toPrettyString().getBytes(StandardCharsets.UTF_8);
  }

  private JsonNode anthropicBody(String requestId) {
    ObjectNode error = Json.object().put("type", type).put("message", message);
    ObjectNode body = Json.object().put("type", "error");
    body.set("error", error);
    return body.put("request_id", requestId);
  }

  private JsonNode openAiBody() {
    ObjectNode body = Json.object();
    body.putObject("error")
        .put("message", message)
        .put("type", type)
        .put("param", param)
        .put("code", code);
    return body;
  }

  /** A page as a proxy in front of the provider sends it. */
  static byte[] html(int status) {
    String title = status + (status == 502 ? " Bad Gateway" : " Error");
    return Frame.utf8(
        "<html>\r\n<head><title>"
            + title
            + "</title></head>\r\n<body>\r\n<center><h1>"
            + title
            + "</h1></center>\r\n<hr><center>cloudflare</center>\r\n</body>\r\n</html>\r\n");
  }
}
