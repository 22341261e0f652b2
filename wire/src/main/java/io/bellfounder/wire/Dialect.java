package io.bellfounder.wire;

/** The protocol a client speaks and a provider understands. */
public enum Dialect {
  /** Anthropic Messages and its neighbours ({@code /v1/messages}, {@code count_tokens}). */
  ANTHROPIC,
  /** OpenAI Chat Completions and Embeddings, and everything compatible with them. */
  OPENAI
}
