package io.bellfounder.wire;

/**
 * How many tokens a request's text has at least: a quarter of its bytes. Images and documents
 * travel as base64 and cost far less than their length, so a long string that looks encoded counts
 * one token per {@value #ENCODED_BYTES_PER_TOKEN} bytes, at most {@value #ENCODED_TOKENS_MAX}: a
 * photograph of 150 KB is about the 1,600 tokens that Anthropic states for its largest image
 * (platform.claude.com, vision, read 2026-11). Numbers inside an embeddings request are token ids
 * and count one each.
 */
final class PromptEstimate implements JsonCursor.TextCount {
  static final int BYTES_PER_TOKEN = 4;
  static final int ENCODED_BYTES_PER_TOKEN = 100;
  static final int ENCODED_TOKENS_MAX = 1_600;

  /** Shorter strings are text whatever they look like. */
  private static final int ENCODED_LENGTH_MIN = 1_024;

  /** A data URL names its type before the data. */
  private static final int DATA_URL_PREFIX = 64;

  private static final int SAMPLES = 8;
  private static final int SAMPLE_BYTES = 16;

  private final boolean numbersAreTokens;
  private long textBytes;
  private long tokens;

  PromptEstimate(boolean numbersAreTokens) {
    this.numbersAreTokens = numbersAreTokens;
  }

  @Override
  public void string(byte[] bytes, int from, int to) {
    int length = to - from;
    if (length >= ENCODED_LENGTH_MIN && looksEncoded(bytes, from + DATA_URL_PREFIX, to)) {
      tokens += Math.min(length / ENCODED_BYTES_PER_TOKEN, ENCODED_TOKENS_MAX);
    } else {
      textBytes += length;
    }
  }

  @Override
  public void number() {
    if (numbersAreTokens) {
      tokens++;
    }
  }

  long tokens() {
    return tokens + textBytes / BYTES_PER_TOKEN;
  }

  private static boolean looksEncoded(byte[] bytes, int from, int to) {
    int stride = (to - from - SAMPLE_BYTES) / (SAMPLES - 1);
    for (int sample = 0; sample < SAMPLES; sample++) {
      int start = from + sample * stride;
      for (int i = start; i < start + SAMPLE_BYTES; i++) {
        if (!isEncoding(bytes[i])) {
          return false;
        }
      }
    }
    return true;
  }

  private static boolean isEncoding(byte b) {
    return b >= 'a' && b <= 'z'
        || b >= 'A' && b <= 'Z'
        || b >= '0' && b <= '9'
        || b == '+'
        || b == '/'
        || b == '='
        || b == '-'
        || b == '_'
        || b == '\\';
  }
}
