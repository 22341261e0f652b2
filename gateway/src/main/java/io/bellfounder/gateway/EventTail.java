package io.bellfounder.gateway;

import io.netty.buffer.Unpooled;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.internal.buffer.BufferInternal;
import java.util.Arrays;

/**
 * Keeps the beginning of an event back until the rest of it is there. So the client only ever has
 * whole events, and a ping or an error of ours may follow at any time.
 */
final class EventTail {
  static final Buffer NOTHING = BufferInternal.buffer(Unpooled.EMPTY_BUFFER);

  /** An event longer than this goes on in parts. */
  private static final int MOST_BYTES = 1 << 20;

  private byte[] kept = new byte[0];
  private int length;

  /** True if nothing is kept and what went on ended with an event. */
  private boolean atBoundary = true;

  /**
   * Takes what comes next and gives what goes on.
   *
   * @param next whose array is nobody else's
   * @param wholeAtEnd true if an event ends where it ends
   */
  Buffer pass(Buffer next, boolean wholeAtEnd) {
    if (wholeAtEnd) {
      atBoundary = true;
      return length == 0 ? next : taken(next, next.length());
    }
    int end = boundary(next);
    if (length + next.length() > MOST_BYTES) {
      atBoundary = false;
      return taken(next, next.length());
    }
    if (end == 0) {
      keep(next, 0);
      return NOTHING;
    }
    atBoundary = true;
    var whole = length == 0 ? next.slice(0, end) : taken(next, end);
    keep(next, end);
    return whole;
  }

  /** Where in it the last event ends, or 0; looks backwards, since that is mostly near. */
  private int boundary(Buffer next) {
    for (int at = next.length() - 1; at >= 0; at--) {
      if (next.getByte(at) == '\n') {
        int before = at - 1;
        if (byteAt(next, before) == '\r') {
          before--;
        }
        if (byteAt(next, before) == '\n') {
          return at + 1;
        }
      }
    }
    return 0;
  }

  private byte byteAt(Buffer next, int at) {
    if (at >= 0) {
      return next.getByte(at);
    }
    return length + at >= 0 ? kept[length + at] : 0;
  }

  private void keep(Buffer next, int from) {
    int more = next.length() - from;
    if (length + more > kept.length) {
      kept = Arrays.copyOf(kept, Math.max(length + more, 2 * kept.length));
    }
    next.getBytes(from, next.length(), kept, length);
    length += more;
  }

  private Buffer taken(Buffer next, int end) {
    var first = Unpooled.wrappedBuffer(kept, 0, length);
    kept = new byte[0];
    length = 0;
    var second = ((BufferInternal) next.slice(0, end)).getByteBuf();
    return BufferInternal.buffer(Unpooled.wrappedBuffer(first, second));
  }

  /** What is left when nothing more comes. */
  Buffer rest() {
    return length == 0 ? NOTHING : taken(NOTHING, 0);
  }

  boolean atBoundary() {
    return atBoundary;
  }
}
