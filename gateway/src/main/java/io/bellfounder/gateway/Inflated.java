package io.bellfounder.gateway;

import io.vertx.core.buffer.Buffer;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;

/**
 * The plain text of a gzip answer (RFC 1952), chunk by chunk, for the meter alone. What cannot be
 * read is not: the answer passes either way.
 */
final class Inflated {
  private static final int HEADER_BYTES = 10;
  private static final int HEADER_CRC = 2;
  private static final int EXTRA = 4;
  private static final int NAME = 8;
  private static final int COMMENT = 16;

  /** A small answer may claim to be a large one. */
  private static final long MOST_BYTES = 256L << 20;

  private final Inflater inflater = new Inflater(true);
  private final byte[] window = new byte[16 << 10];
  private Buffer header = Buffer.buffer();
  private boolean inBody;
  private boolean over;
  private boolean unreadable;
  private long bytes;

  private Inflated() {}

  /** Null if the answer is plain; an encoding that is not known gives no text at all. */
  static @Nullable Inflated of(@Nullable String contentEncoding) {
    if (contentEncoding == null || contentEncoding.equalsIgnoreCase("identity")) {
      return null;
    }
    var inflated = new Inflated();
    inflated.unreadable = !contentEncoding.equalsIgnoreCase("gzip");
    inflated.over = inflated.unreadable;
    return inflated;
  }

  Buffer add(Buffer chunk) {
    if (over) {
      return EventTail.NOTHING;
    }
    if (inBody) {
      return inflate(chunk);
    }
    header.appendBuffer(chunk);
    int end = headerEnd();
    if (end < 0) {
      return EventTail.NOTHING;
    }
    inBody = true;
    var first = header.getBuffer(end, header.length());
    header = Buffer.buffer();
    return inflate(first);
  }

  private int headerEnd() {
    if (header.length() < HEADER_BYTES) {
      return -1;
    }
    int flags = header.getByte(3);
    int at = HEADER_BYTES;
    if ((flags & EXTRA) != 0) {
      if (header.length() < at + 2) {
        return -1;
      }
      at += 2 + header.getUnsignedShortLE(at);
    }
    for (int text : new int[] {NAME, COMMENT}) {
      if ((flags & text) != 0) {
        while (at < header.length() && header.getByte(at) != 0) {
          at++;
        }
        at++;
      }
    }
    if ((flags & HEADER_CRC) != 0) {
      at += 2;
    }
    return at <= header.length() ? at : -1;
  }

  private Buffer inflate(Buffer chunk) {
    var text = Buffer.buffer();
    try {
      inflater.setInput(chunk.getBytes());
      int length;
      while (!inflater.finished() && (length = inflater.inflate(window)) > 0) {
        text.appendBytes(window, 0, length);
        bytes += length;
        if (bytes > MOST_BYTES) {
          unreadable = true;
          close();
          return text;
        }
      }
      if (inflater.finished()) {
        close();
      }
    } catch (DataFormatException e) {
      // The client will notice by itself; the meter just does not see more.
      unreadable = true;
      close();
    }
    return text;
  }

  /** There is, or was, more than could be made out. */
  boolean unreadable() {
    return unreadable;
  }

  /** Frees native memory; may be called again. */
  void close() {
    over = true;
    inflater.end();
  }
}
