package io.bellfounder.gateway;

import io.bellfounder.wire.Dialect;
import io.bellfounder.wire.Endpoint;
import org.jspecify.annotations.Nullable;

/** A model endpoint: its path here, and its path below a provider's base URL. */
enum Operation {
  MESSAGES(Endpoint.MESSAGES, "/messages", "/v1/messages", "messages", true),
  COUNT_TOKENS(
      Endpoint.COUNT_TOKENS,
      "/messages/count_tokens",
      "/v1/messages/count_tokens",
      "count_tokens",
      false),
  CHAT_COMPLETIONS(
      Endpoint.CHAT_COMPLETIONS,
      "/chat/completions",
      "/chat/completions",
      "chat.completions",
      true),
  EMBEDDINGS(Endpoint.EMBEDDINGS, "/embeddings", "/embeddings", "embeddings", true);

  final Endpoint endpoint;
  final Dialect dialect;
  private final String pathHere;
  final String pathThere;
  final String label;
  final boolean priced;

  Operation(Endpoint endpoint, String pathHere, String pathThere, String label, boolean priced) {
    this.endpoint = endpoint;
    this.dialect = endpoint.dialect();
    this.pathHere = pathHere;
    this.pathThere = pathThere;
    this.label = label;
    this.priced = priced;
  }

  /** The operation at a path below {@code /v1}. */
  static @Nullable Operation at(String path) {
    for (var operation : values()) {
      if (operation.pathHere.equals(path)) {
        return operation;
      }
    }
    return null;
  }
}
