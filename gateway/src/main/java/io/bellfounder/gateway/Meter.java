package io.bellfounder.gateway;

import io.bellfounder.wire.AnswerMeter;
import io.bellfounder.wire.RequestScan;
import io.bellfounder.wire.SseMeter;
import io.bellfounder.wire.Usage;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.internal.buffer.BufferInternal;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Reads an answer while it passes: where its events end, which is the first real one, what it says
 * it used. What goes on to the client are the provider's bytes; in a stream, by whole events.
 */
final class Meter {
  private static final String EVENT_STREAM = "text/event-stream";
  private static final int MOST_DETAIL = 200;
  private static final byte[] NO_BYTES = {};

  private AnswerMeter reader;
  private @Nullable SseMeter events;

  /** Reads an answer without a type, should it begin like the stream that was asked for. */
  private @Nullable SseMeter untyped;

  private final EventTail tail = new EventTail();
  private final @Nullable Inflated inflated;
  private boolean begun;

  private Meter(AnswerMeter reader, @Nullable Inflated inflated) {
    this.reader = reader;
    this.events = reader instanceof SseMeter sse ? sse : null;
    this.inflated = inflated;
  }

  static Meter of(
      Operation operation, HttpClientResponse answer, boolean success, RequestScan.Scanned asked) {
    var type = answer.getHeader("content-type");
    var inflated = Inflated.of(answer.getHeader("content-encoding"));
    boolean events =
        type == null
            ? asked.streaming() && inflated == null
            : type.regionMatches(true, 0, EVENT_STREAM, 0, EVENT_STREAM.length());
    var stream =
        success && events
            ? new SseMeter(operation.endpoint, asked.dropsUsageChunk() && inflated == null)
            : null;
    var meter =
        new Meter(
            stream == null || type == null ? AnswerMeter.json(operation.endpoint, success) : stream,
            inflated);
    meter.untyped = type == null ? stream : null;
    return meter;
  }

  /** Takes a chunk of the answer and gives what of it, and of what was kept, goes on. */
  Buffer pass(Buffer chunk) {
    if (untyped != null && looksLikeEvents(chunk)) {
      reader = untyped;
      events = untyped;
    }
    untyped = null;
    begun = true;
    if (inflated != null) {
      var text = inflated.add(chunk).getBytes();
      reader.read(text, 0, text.length);
      return chunk;
    }
    var bytes = ((BufferInternal) chunk).getByteBuf();
    if (!bytes.hasArray()) {
      bytes = Unpooled.wrappedBuffer(chunk.getBytes());
    }
    int offset = bytes.arrayOffset() + bytes.readerIndex();
    if (events == null) {
      reader.read(bytes.array(), offset, bytes.readableBytes());
      return chunk;
    }
    var passing = new Passing(bytes.array(), offset, bytes.readableBytes());
    events.pass(bytes.array(), offset, bytes.readableBytes(), passing);
    return tail.pass(passing.all ? chunk : passing.whole(), events.atBoundary());
  }

  /** The first chunk may be as short as a byte; no JSON begins with any of these. */
  private static boolean looksLikeEvents(Buffer chunk) {
    var start = chunk.getString(0, Math.min(chunk.length(), 6), "ISO-8859-1");
    return Stream.of("event:", "data:", ":")
        .anyMatch(field -> start.startsWith(field) || field.startsWith(start));
  }

  /** Gathers what the reader lets through, without copying what lies in the chunk itself. */
  private static final class Passing implements SseMeter.Sink {
    private final byte[] chunk;
    private final int chunkOffset;
    private final int chunkLength;
    private ByteBuf parts = Unpooled.EMPTY_BUFFER;
    private boolean any;
    private boolean all;

    Passing(byte[] chunk, int offset, int length) {
      this.chunk = chunk;
      this.chunkOffset = offset;
      this.chunkLength = length;
    }

    @Override
    public void pass(byte[] bytes, int offset, int length) {
      boolean lasting = bytes == chunk;
      all = !any && lasting && offset == chunkOffset && length == chunkLength;
      var part =
          lasting
              ? Unpooled.wrappedBuffer(bytes, offset, length)
              : Unpooled.copiedBuffer(bytes, offset, length);
      parts = any ? Unpooled.wrappedBuffer(parts, part) : part;
      any = true;
    }

    Buffer whole() {
      return BufferInternal.buffer(parts);
    }
  }

  /** What is left when the answer ends. */
  Buffer rest() {
    if (events == null || inflated != null) {
      reader.end();
      return EventTail.NOTHING;
    }
    var passing = new Passing(NO_BYTES, 0, 0);
    events.rest(passing);
    return tail.pass(passing.whole(), true);
  }

  private boolean unreadable() {
    return inflated != null && inflated.unreadable();
  }

  /** What an answer began with; what is no stream, or cannot be read, has with its first byte. */
  SseMeter.Beginning beginning() {
    if (events != null && !unreadable()) {
      return events.beginning();
    }
    return begun ? SseMeter.Beginning.EVENT : SseMeter.Beginning.NOTHING;
  }

  boolean isEventStream() {
    return events != null;
  }

  /** Our own events may follow here, which is never so in a compressed stream. */
  boolean takesOurEvents() {
    return events != null && inflated == null && tail.atBoundary();
  }

  /** The event that ends every answer of this protocol has passed. */
  boolean complete() {
    return events != null && events.terminalSeen();
  }

  /** Whether an answer that ends here is a whole one. */
  boolean wholeAtEnd() {
    return events == null
        || unreadable()
        || reader.terminalSeen()
        || reader.finishSeen()
        || errorInside();
  }

  /** The provider put an error into its answer. */
  boolean errorInside() {
    return reader.error() != null;
  }

  @Nullable String errorType() {
    var error = reader.error();
    return error == null ? null : error.type();
  }

  @Nullable String errorDetail() {
    var error = reader.error();
    if (error == null) {
      return null;
    }
    var detail = error.type() + ": " + error.message();
    return detail.length() <= MOST_DETAIL ? detail : detail.substring(0, MOST_DETAIL) + "…";
  }

  /** Frees what the garbage collector would free late. */
  void close() {
    if (inflated != null) {
      inflated.close();
    }
  }

  /** What a call used, as far as its answer tells. */
  record Count(Usage usage, boolean estimated, @Nullable String raw) {
    static final Count NONE = new Count(Usage.NONE, false, null);

    /** A floor where no answer came, or none that tells. */
    static Count of(@Nullable Meter meter, OpenedCall opened) {
      if (meter == null) {
        return new Count(
            new Usage(opened.estimatedInputTokens(), null, null, null, 0L), true, null);
      }
      var reader = meter.reader;
      boolean last = reader.usageFinal();
      return new Count(
          last ? reader.usage() : reader.estimate(opened.estimatedInputTokens()),
          !last,
          reader.rawUsage());
    }
  }
}
