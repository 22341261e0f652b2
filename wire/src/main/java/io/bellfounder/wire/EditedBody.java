package io.bellfounder.wire;

import java.util.ArrayList;
import java.util.List;

/**
 * A request body as a provider gets it: ranges of the client's own bytes, in order, with our few
 * insertions between them. Nothing is copied until it is asked for. The client's array must stay
 * unchanged as long as this is in use.
 */
public record EditedBody(List<Segment> segments) {
  public EditedBody {
    segments = List.copyOf(segments);
  }

  /** A range of an array. */
  @SuppressWarnings("ArrayRecordComponent")
  public record Segment(byte[] bytes, int offset, int length) {}

  /** Bytes in all. */
  public int length() {
    int length = 0;
    for (var segment : segments) {
      length = Math.addExact(length, segment.length());
    }
    return length;
  }

  /** One new array with everything. */
  public byte[] toBytes() {
    var bytes = new byte[length()];
    int at = 0;
    for (var segment : segments) {
      System.arraycopy(segment.bytes(), segment.offset(), bytes, at, segment.length());
      at += segment.length();
    }
    return bytes;
  }

  /** Takes edits in ascending order of their place. */
  static final class Builder {
    private final byte[] source;
    private final int end;
    private final List<Segment> segments = new ArrayList<>(5);
    private int copied;

    Builder(byte[] source, int from, int to) {
      this.source = source;
      this.copied = from;
      this.end = to;
    }

    void replace(int from, int to, byte[] with) {
      keep(from);
      segments.add(new Segment(with, 0, with.length));
      copied = to;
    }

    private void keep(int to) {
      if (to > copied) {
        segments.add(new Segment(source, copied, to - copied));
        copied = to;
      }
    }

    EditedBody build() {
      keep(end);
      return new EditedBody(segments);
    }
  }
}
