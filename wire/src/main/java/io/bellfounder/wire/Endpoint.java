package io.bellfounder.wire;

/** A model endpoint: what is asked of it and what it answers. */
public enum Endpoint {
  /** Anthropic's {@code /v1/messages}. */
  MESSAGES(Dialect.ANTHROPIC),
  /** Anthropic's {@code /v1/messages/count_tokens}; its answer is no usage. */
  COUNT_TOKENS(Dialect.ANTHROPIC),
  /** OpenAI's {@code /chat/completions}. */
  CHAT_COMPLETIONS(Dialect.OPENAI),
  /** OpenAI's {@code /embeddings}. */
  EMBEDDINGS(Dialect.OPENAI);

  private final Dialect dialect;

  Endpoint(Dialect dialect) {
    this.dialect = dialect;
  }

  public Dialect dialect() {
    return dialect;
  }
}
