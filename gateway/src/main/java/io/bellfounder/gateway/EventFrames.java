package io.bellfounder.gateway;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.internal.buffer.BufferInternal;
import java.util.Arrays;

/**
 * Cuts a stream of server-sent events at their ends, wherever its chunks were split. An event is
 * bytes up to and including an empty line; its bytes are never changed.
 */
final class EventFrames {
  /** An event longer than this goes on in parts. */
  private static final int MOST_KEPT_BYTES = 1 << 20;

  static final Buffer NOTHING = BufferInternal.buffer(Unpooled.EMPTY_BUFFER);

  /** Sees each whole event once. */
  interface Reader {
    /** True if the event goes on to the client. */
    boolean event(byte[] bytes, int from, int to);
  }

  private final Reader reader;
  private byte[] kept = new byte[0];
  private int keptLength;

  /** Nothing but line ends since the last line end: an event ends at the next one. */
  private boolean lineEmpty = true;

  EventFrames(Reader reader) {
    this.reader = reader;
  }

  /** Takes a chunk and gives the whole events that are complete with it. */
  Buffer pass(Buffer chunk) {
    var in = ((BufferInternal) chunk).getByteBuf();
    if (keptLength == 0 && in.hasArray()) {
      int from = in.arrayOffset() + in.readerIndex();
      return cut(in.array(), from, from, from + in.readableBytes(), chunk);
    }
    int length = keptLength + in.readableBytes();
    var joined = Arrays.copyOf(kept, length);
    in.getBytes(in.readerIndex(), joined, keptLength, in.readableBytes());
    int seen = keptLength;
    return cut(joined, 0, seen, length, NOTHING);
  }

  private Buffer cut(byte[] bytes, int start, int seen, int end, Buffer whole) {
    int eventStart = start;
    int runStart = start;
    ByteBuf out = Unpooled.EMPTY_BUFFER;
    for (int i = seen; i < end; i++) {
      byte c = bytes[i];
      if (c == '\n') {
        if (lineEmpty) {
          int eventEnd = i + 1;
          if (!reader.event(bytes, eventStart, eventEnd)) {
            out = joined(out, bytes, runStart, eventStart);
            runStart = eventEnd;
          }
          eventStart = eventEnd;
        }
        lineEmpty = true;
      } else if (c != '\r') {
        lineEmpty = false;
      }
    }
    keep(bytes, eventStart, end);
    if (keptLength > MOST_KEPT_BYTES) {
      keptLength = 0;
      eventStart = end;
    }
    if (runStart == start && eventStart == end && whole != NOTHING) {
      return whole;
    }
    return BufferInternal.buffer(joined(out, bytes, runStart, eventStart));
  }

  private static ByteBuf joined(ByteBuf out, byte[] bytes, int from, int to) {
    if (from == to) {
      return out;
    }
    var run = Unpooled.wrappedBuffer(bytes, from, to - from);
    return out.isReadable() ? Unpooled.wrappedBuffer(out, run) : run;
  }

  private void keep(byte[] bytes, int from, int to) {
    keptLength = to - from;
    if (keptLength > 0) {
      kept = Arrays.copyOfRange(bytes, from, to);
    }
  }

  /** What is left of an event that never ended. */
  Buffer rest() {
    var left =
        keptLength == 0
            ? NOTHING
            : BufferInternal.buffer(Unpooled.wrappedBuffer(kept, 0, keptLength));
    keptLength = 0;
    return left;
  }
}
