package io.bellfounder.gateway;

import io.bellfounder.wire.Dialect;
import org.jspecify.annotations.Nullable;

/** A model endpoint: its path here, and its path below a provider's base URL. */
enum Operation {
  MESSAGES(Dialect.ANTHROPIC, "/messages", "/v1/messages", "messages", true),
  COUNT_TOKENS(
      Dialect.ANTHROPIC,
      "/messages/count_tokens",
      "/v1/messages/count_tokens",
      "count_tokens",
      false),
  CHAT_COMPLETIONS(
      Dialect.OPENAI, "/chat/completions", "/chat/completions", "chat.completions", true),
  EMBEDDINGS(Dialect.OPENAI, "/embeddings", "/embeddings", "embeddings", true);

  final Dialect dialect;
  private final String pathHere;
  final String pathThere;
  final String label;
  final boolean priced;

  Operation(Dialect dialect, String pathHere, String pathThere, String label, boolean priced) {
    this.dialect = dialect;
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
