package io.bellfounder.simulator;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * One event of a stream.
 *
 * @param produced output tokens the model had produced when this event was made
 * @param reported the usage this event tells the client, if it tells any
 */
record Frame(byte[] bytes, Kind kind, long produced, @Nullable Tokens reported) {
  enum Kind {
    OPENING,
    CONTENT,
    PING,
    CLOSING,
    ERROR
  }

  Frame withBytes(byte[] other) {
    return new Frame(other, kind, produced, reported);
  }

  static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
