package io.bellfounder.wire;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Reads a provider's answer as it passes by and keeps what a ledger wants to know. Takes the bytes
 * in chunks cut anywhere, holds a bounded part of them, never throws for any bytes. For one thread.
 */
public abstract sealed class AnswerMeter permits JsonMeter, SseMeter {
  static final int RAW_USAGE_BYTES_MAX = 4_096;
  static final int MODEL_BYTES_MAX = 512;

  final Endpoint endpoint;
  final UsageTally tally;
  long textBytes;
  boolean finished;
  boolean terminated;

  /**
   * A usage named an output and may be the last: any but the one that opens an Anthropic stream.
   */
  private boolean closingOutput;

  @Nullable WireError error;
  @Nullable String model;
  @Nullable String rawUsage;
  @Nullable String rawStartUsage;

  AnswerMeter(Endpoint endpoint) {
    this.endpoint = endpoint;
    this.tally = new UsageTally(endpoint.dialect());
  }

  /**
   * For an answer that is one JSON object, or none: an error page reads as nothing.
   *
   * @param success true for a status of 2xx: only an {@code error} is then read as one, while a
   *     {@code message} or {@code detail} is part of the answer
   */
  public static AnswerMeter json(Endpoint endpoint, boolean success) {
    return new JsonMeter(endpoint, success);
  }

  /** Reads the next bytes. */
  public abstract void read(byte[] bytes, int offset, int length);

  /** No more bytes come. */
  public abstract void end();

  /** What the provider has reported so far; {@link Usage#NONE} for a count of tokens. */
  public Usage usage() {
    return endpoint == Endpoint.COUNT_TOKENS ? Usage.NONE : tally.usage();
  }

  /** True if {@link #usage} is the provider's last word and no estimate is needed. */
  public boolean usageFinal() {
    return endpoint == Endpoint.COUNT_TOKENS ? whole() : tally.anyInput() && outputFinal();
  }

  private boolean outputFinal() {
    return whole() && (closingOutput || endpoint == Endpoint.EMBEDDINGS);
  }

  /** True if the answer came to an end of its own, so that its figures are the last. */
  abstract boolean whole();

  /**
   * The usage for a call that has no final one: each class the provider reported; for a missing
   * input the estimate, less what came from or went into a cache; and as output, unless that was
   * the last word, at least the text that was relayed.
   */
  public Usage estimate(long estimatedInputTokens) {
    var seen = usage();
    long floor = outputFinal() ? 0 : outputFloorTokens();
    long output = Math.max(seen.output() == null ? 0 : seen.output(), floor);
    return new Usage(
        seen.input() != null ? seen.input() : Long.valueOf(fresh(estimatedInputTokens, seen)),
        seen.cacheWrite5m(),
        seen.cacheWrite1h(),
        seen.cacheRead(),
        output);
  }

  private static long fresh(long inputTokens, Usage seen) {
    long left = inputTokens;
    for (var cached : Arrays.asList(seen.cacheRead(), seen.cacheWrite5m(), seen.cacheWrite1h())) {
      left -= cached == null ? 0 : Math.min(left, cached);
    }
    return left;
  }

  /**
   * The provider's own usage object as JSON text, at most 4 KiB; for an Anthropic stream that has
   * sent both, {@code {"message_start":…,"message_delta":…}}. {@code null} if none came.
   */
  public @Nullable String rawUsage() {
    var start = rawStartUsage;
    var last = rawUsage;
    if (start == null || last == null) {
      return last == null ? start : last;
    }
    var both = "{\"message_start\":" + start + ",\"message_delta\":" + last + "}";
    return JsonText.utf8(both).length <= RAW_USAGE_BYTES_MAX ? both : last;
  }

  /** A floor of the tokens generated: a quarter of the bytes of text, thinking and tool input. */
  public long outputFloorTokens() {
    return endpoint == Endpoint.MESSAGES || endpoint == Endpoint.CHAT_COMPLETIONS
        ? (textBytes + PromptEstimate.BYTES_PER_TOKEN - 1) / PromptEstimate.BYTES_PER_TOKEN
        : 0;
  }

  /** True once the answer said why it stopped. */
  public boolean finishSeen() {
    return finished;
  }

  /** True once nothing more is to come: {@code message_stop}, {@code [DONE]}, the last brace. */
  public boolean terminalSeen() {
    return terminated;
  }

  /** The error inside the answer, if there is one, also in a stream that began with a 200. */
  public @Nullable WireError error() {
    return error;
  }

  /** The model that the answer names. */
  public @Nullable String model() {
    return model;
  }

  final void usage(byte[] bytes, int from, int to) {
    closingOutput |= tally.add(bytes, from, to);
    rawUsage = raw(bytes, from, to, rawUsage);
  }

  static @Nullable String raw(byte[] bytes, int from, int to, @Nullable String otherwise) {
    return bytes[from] == '{' && to - from <= RAW_USAGE_BYTES_MAX
        ? JsonCursor.text(bytes, from, to)
        : otherwise;
  }
}
