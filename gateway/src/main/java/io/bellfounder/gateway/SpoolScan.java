package io.bellfounder.gateway;

import java.util.function.Consumer;

/**
 * Walks the frames of a segment. Where something else stands than a frame it looks, byte by byte,
 * for the next one, so that one damaged record costs no other.
 */
final class SpoolScan {

  /** Hears of bytes that are no frame and stand before one. */
  @FunctionalInterface
  interface Damage {
    void found(byte[] bytes, int from, int to);
  }

  private SpoolScan() {}

  /**
   * Gives each frame.
   *
   * @return where the last frame ends; what stands behind it is unwritten or torn
   */
  static int frames(byte[] bytes, int from, int limit, Consumer<SpoolFrame> each, Damage damage) {
    int at = from;
    int frameEnd = from;
    while (at < limit) {
      var frame = SpoolFrame.at(bytes, at, limit);
      if (frame == null) {
        at = nextNonZero(bytes, at + 1, limit);
        continue;
      }
      if (at > frameEnd) {
        damage.found(bytes, frameEnd, at);
      }
      each.accept(frame);
      at = frame.to();
      frameEnd = at;
    }
    return frameEnd;
  }

  /** A frame begins with zeros, as no frame is long: at most two of its length's four bytes. */
  private static int nextNonZero(byte[] bytes, int from, int limit) {
    int at = from;
    while (at < limit && bytes[at] == 0) {
      at++;
    }
    return at == limit ? limit : Math.max(from, at - 3);
  }
}
