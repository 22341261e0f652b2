package io.bellfounder.gateway;

import io.bellfounder.wire.Dialect;
import io.bellfounder.wire.Usage;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientResponse;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Reads an answer while it passes: where its events end, which is the first real one, what it says
 * it used. What goes on to the client are the provider's bytes, by whole events.
 */
final class Meter {
  private static final byte[] ANTHROPIC_PING =
      "event: ping\ndata: {\"type\": \"ping\"}\n\n".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] OPENAI_PING = ": ping\n\n".getBytes(StandardCharsets.US_ASCII);

  /** A JSON answer beyond this is relayed, but its usage is not looked for. */
  private static final int MOST_READ_BYTES = 16 << 20;

  /** What an answer began with. */
  enum First {
    NONE,
    REAL,
    ERROR
  }

  private final boolean eventStream;
  private final boolean dropsUsageChunk;
  private final AnswerReader reader;
  private final EventFrames frames;
  private final @Nullable Inflated inflated;
  private final Buffer whole = Buffer.buffer();
  private First first = First.NONE;
  private boolean errorInside;

  private Meter(
      boolean eventStream,
      boolean dropsUsageChunk,
      AnswerReader reader,
      @Nullable Inflated inflated) {
    this.eventStream = eventStream;
    this.dropsUsageChunk = dropsUsageChunk;
    this.reader = reader;
    this.inflated = inflated;
    this.frames = new EventFrames(this::event);
  }

  static Meter of(
      Operation operation, HttpClientResponse answer, boolean success, boolean dropsUsageChunk) {
    var type = answer.getHeader("content-type");
    return new Meter(
        success && type != null && type.startsWith("text/event-stream"),
        dropsUsageChunk,
        new AnswerReader(operation.dialect),
        Inflated.of(answer.getHeader("content-encoding")));
  }

  static byte[] ping(Dialect dialect) {
    return dialect == Dialect.ANTHROPIC ? ANTHROPIC_PING : OPENAI_PING;
  }

  /** Takes a chunk of the answer and gives what of it, and of what was kept, goes on. */
  Buffer pass(Buffer chunk) {
    var readable = inflated == null ? chunk : inflated.add(chunk);
    if (!eventStream) {
      first = First.REAL;
      if (whole.length() + readable.length() <= MOST_READ_BYTES) {
        whole.appendBuffer(readable);
      }
      return chunk;
    }
    var events = frames.pass(readable);
    return inflated == null ? events : chunk;
  }

  private boolean event(byte[] bytes, int from, int to) {
    var kind = reader.event(bytes, from, to);
    if (first == First.NONE && kind != AnswerReader.Kind.PING) {
      first = kind == AnswerReader.Kind.ERROR ? First.ERROR : First.REAL;
    }
    errorInside |= kind == AnswerReader.Kind.ERROR;
    return kind != AnswerReader.Kind.USAGE_ONLY || !dropsUsageChunk;
  }

  /** What is left when the answer ends. */
  Buffer rest() {
    if (!eventStream) {
      reader.json(whole.getBytes());
      return EventFrames.NOTHING;
    }
    var left = frames.rest();
    if (left.length() > 0) {
      var bytes = left.getBytes();
      event(bytes, 0, bytes.length);
    }
    return inflated == null ? left : EventFrames.NOTHING;
  }

  First first() {
    return first;
  }

  boolean isEventStream() {
    return eventStream;
  }

  /** Our own events may stand between the provider's, which is not so in a compressed stream. */
  boolean takesOurEvents() {
    return eventStream && inflated == null;
  }

  /** The event that ends every answer of this protocol has passed. */
  boolean complete() {
    return eventStream && reader.complete();
  }

  /** Whether an answer that ends here is a whole one. */
  boolean wholeAtEnd() {
    return !eventStream || reader.complete() || reader.stopped() || errorInside;
  }

  /** The provider broke the stream off with an error event of its own. */
  boolean errorInside() {
    return errorInside;
  }

  @Nullable String errorType() {
    return reader.errorType();
  }

  @Nullable String errorDetail() {
    var detail = reader.errorDetail();
    return detail == null || detail.length() <= 200 ? detail : detail.substring(0, 200);
  }

  /** What a call used, as far as its answer tells. */
  record Count(Usage usage, boolean estimated, @Nullable String raw) {
    static final Count NONE = new Count(Usage.NONE, false, null);

    static Count of(@Nullable Meter meter, OpenedCall opened, boolean whole) {
      var usage = meter == null ? Usage.NONE : meter.reader.usage();
      boolean told = usage.input() != null || usage.output() != null;
      var raw = meter == null ? null : meter.reader.raw();
      if (whole && told) {
        return new Count(usage, false, raw);
      }
      var floor =
          new Usage(
              usage.input() == null ? Long.valueOf(opened.estimatedInputTokens()) : usage.input(),
              usage.cacheWrite5m(),
              usage.cacheWrite1h(),
              usage.cacheRead(),
              usage.output() == null ? Long.valueOf(0) : usage.output());
      return new Count(floor, true, raw);
    }
  }
}
