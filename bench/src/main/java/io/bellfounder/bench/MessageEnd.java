package io.bellfounder.bench;

import io.netty.buffer.ByteBuf;
import io.netty.util.AsciiString;

/**
 * Finds where one HTTP/1.1 message ends in a stream of bytes, with as little work as that takes:
 * the status line, the length or the chunks, nothing else. Not a parser for messages from
 * strangers.
 */
final class MessageEnd {
  private static final AsciiString CONTENT_LENGTH = AsciiString.cached("content-length:");
  private static final AsciiString CHUNKED = AsciiString.cached("transfer-encoding: chunked");

  private enum State {
    HEAD,
    BODY,
    CHUNK_SIZE,
    CHUNK,
    LAST_LINE
  }

  private final StringBuilder line = new StringBuilder(128);
  private State state = State.HEAD;
  private boolean firstLine = true;
  private boolean chunked;
  private boolean marked;
  private long remaining;
  private int status;

  /** The status of the response last completed; 0 for a request. */
  int status() {
    return status;
  }

  /** Whether the request's head had the line {@code x-bench: sse}. */
  boolean marked() {
    return marked;
  }

  /**
   * Consumes bytes; true once a message has been consumed whole, with the buffer standing behind
   * it.
   */
  boolean consume(ByteBuf in) {
    while (true) {
      switch (state) {
        case HEAD -> {
          if (!readLine(in)) {
            return false;
          }
          if (headLine()) {
            if (chunked) {
              state = State.CHUNK_SIZE;
            } else if (remaining > 0) {
              state = State.BODY;
            } else {
              return done();
            }
          }
        }
        case BODY -> {
          if (!skip(in)) {
            return false;
          }
          return done();
        }
        case CHUNK_SIZE -> {
          if (!readLine(in)) {
            return false;
          }
          int end = line.indexOf(";");
          remaining = Long.parseLong(line, 0, end < 0 ? line.length() : end, 16);
          line.setLength(0);
          if (remaining == 0) {
            state = State.LAST_LINE;
          } else {
            remaining += 2;
            state = State.CHUNK;
          }
        }
        case CHUNK -> {
          if (!skip(in)) {
            return false;
          }
          state = State.CHUNK_SIZE;
        }
        case LAST_LINE -> {
          if (!readLine(in)) {
            return false;
          }
          return done();
        }
      }
    }
  }

  private boolean headLine() {
    if (firstLine) {
      firstLine = false;
      chunked = false;
      marked = false;
      remaining = 0;
      status = line.charAt(0) == 'H' ? Integer.parseInt(line, 9, 12, 10) : 0;
    } else if (line.isEmpty()) {
      firstLine = true;
      return true;
    } else if (AsciiString.regionMatches(
        line, true, 0, CONTENT_LENGTH, 0, CONTENT_LENGTH.length())) {
      remaining = Long.parseLong(line.substring(CONTENT_LENGTH.length()).strip());
    } else if (AsciiString.regionMatches(line, true, 0, CHUNKED, 0, CHUNKED.length())) {
      chunked = true;
    } else if (AsciiString.regionMatches(line, true, 0, "x-bench: sse", 0, 12)) {
      marked = true;
    }
    line.setLength(0);
    return false;
  }

  private boolean done() {
    state = State.HEAD;
    line.setLength(0);
    return true;
  }

  private boolean skip(ByteBuf in) {
    int step = (int) Math.min(remaining, in.readableBytes());
    in.skipBytes(step);
    remaining -= step;
    return remaining == 0;
  }

  /** Appends to the line up to its end; true if the end was there. */
  private boolean readLine(ByteBuf in) {
    int length = in.bytesBefore((byte) '\n');
    int take = length < 0 ? in.readableBytes() : length + 1;
    for (int i = 0; i < take; i++) {
      byte b = in.readByte();
      if (b != '\r' && b != '\n') {
        line.append((char) b);
      }
    }
    return length >= 0;
  }
}
