package io.bellfounder.wire;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Meters an answer that is one JSON object without keeping it: an embeddings answer has tens of
 * megabytes, and its usage comes last. Only a few top-level members are captured.
 */
final class JsonMeter extends AnswerMeter {
  private static final int NAME_BYTES_MAX = 32;

  private static final boolean[] STRUCTURE = new boolean[128];

  static {
    for (char c : "\",:{}[]".toCharArray()) {
      STRUCTURE[c] = true;
    }
  }

  private enum Place {
    BEFORE,
    /** At the top level, a name or the end may come. */
    NAME,
    /** After a name. */
    COLON,
    VALUE,
    AFTER,
    /** Not a JSON object: nothing to read. */
    LOST
  }

  private final boolean success;

  private Place place = Place.BEFORE;
  private int depth;
  private boolean inString;
  private boolean escaped;
  private long stringBytes;

  private final byte[] name = new byte[NAME_BYTES_MAX];
  private int nameLength;

  private byte[] capture = new byte[512];
  private int captured;
  private boolean capturing;

  JsonMeter(Endpoint endpoint, boolean success) {
    super(endpoint);
    this.success = success;
  }

  @Override
  public void read(byte[] bytes, int offset, int length) {
    int end = offset + length;
    int at = offset;
    while (at < end && place != Place.AFTER && place != Place.LOST) {
      if (place == Place.VALUE && !capturing && !escaped) {
        int stop = inString ? stringUntil(bytes, at, end) : valueUntil(bytes, at, end);
        stringBytes += inString ? stop - at : 0;
        at = stop;
        if (at == end) {
          return;
        }
      }
      take(bytes[at++]);
    }
  }

  /** Text and numbers are most of an answer, so what means nothing here is stepped over quickly. */
  private static int stringUntil(byte[] bytes, int from, int end) {
    int at = from;
    while (at < end && bytes[at] != '"' && bytes[at] != '\\') {
      at++;
    }
    return at;
  }

  private static int valueUntil(byte[] bytes, int from, int end) {
    int at = from;
    while (at < end && (bytes[at] < 0 || !STRUCTURE[bytes[at]])) {
      at++;
    }
    return at;
  }

  private void take(byte b) {
    switch (place) {
      case BEFORE -> {
        if (b == '{') {
          place = Place.NAME;
          depth = 1;
        } else if (!JsonCursor.isBlank(b)) {
          place = Place.LOST;
        }
      }
      case NAME -> takeInName(b);
      case COLON -> {
        if (b == ':') {
          place = Place.VALUE;
          capturing = isWanted();
          captured = 0;
        }
      }
      case VALUE -> takeInValue(b);
      case AFTER, LOST -> {}
    }
  }

  private void takeInName(byte b) {
    if (inString) {
      if (b == '"' && !escaped) {
        inString = false;
        place = Place.COLON;
      } else {
        escaped = b == '\\' && !escaped;
        if (nameLength < NAME_BYTES_MAX) {
          name[nameLength++] = b;
        }
      }
    } else if (b == '"') {
      inString = true;
      nameLength = 0;
    } else if (b == '}') {
      finish();
    }
  }

  private void takeInValue(byte b) {
    if (inString) {
      keep(b);
      if (escaped) {
        escaped = false;
        stringBytes++;
      } else if (b == '\\') {
        escaped = true;
      } else if (b == '"') {
        inString = false;
      } else {
        stringBytes++;
      }
      return;
    }
    if (depth == 1 && (b == ',' || b == '}')) {
      endOfValue();
      if (b == '}') {
        finish();
      } else {
        place = Place.NAME;
      }
      return;
    }
    keep(b);
    switch (b) {
      case '"' -> {
        inString = true;
        countString();
      }
      case ':' -> stringBytes = 0;
      case '{', '[' -> depth++;
      case '}', ']' -> {
        countString();
        depth--;
      }
      default -> {}
    }
  }

  /**
   * The string before was a value, no name: no colon came. What is captured is about the answer.
   */
  private void countString() {
    if (depth > 1 && !capturing) {
      textBytes += stringBytes;
    }
    stringBytes = 0;
  }

  private void keep(byte b) {
    if (!capturing) {
      return;
    }
    if (captured == WireError.BODY_BYTES_MAX) {
      capturing = false;
    } else if (captured > 0 || !JsonCursor.isBlank(b)) {
      if (captured == capture.length) {
        capture = Arrays.copyOf(capture, 2 * captured);
      }
      capture[captured++] = b;
    }
  }

  private boolean isWanted() {
    return switch (name()) {
      case "usage", "model", "error", "stop_reason", "input_tokens" -> true;
      case "message", "detail" -> !success;
      default -> false;
    };
  }

  private String name() {
    return JsonCursor.text(name, 0, nameLength);
  }

  private void endOfValue() {
    stringBytes = 0;
    int length = captured;
    while (length > 0 && JsonCursor.isBlank(capture[length - 1])) {
      length--;
    }
    if (capturing && length > 0) {
      captured(name(), length);
    }
    capturing = false;
  }

  private void captured(String member, int length) {
    boolean isText = capture[0] == '"' && length >= 2;
    switch (member) {
      case "usage" -> usage(capture, 0, length);
      case "error" -> error = orElse(WireError.ofMember(capture, 0, length), error);
      case "model" -> {
        if (isText && length <= MODEL_BYTES_MAX) {
          model = JsonText.unescape(capture, 1, length - 1);
        }
      }
      case "stop_reason" -> finished |= isText;
      case "message", "detail" -> {
        if (isText && error == null) {
          error = new WireError("error", JsonText.unescape(capture, 1, length - 1));
        }
      }
      case "input_tokens" -> {
        if (endpoint == Endpoint.COUNT_TOKENS && length <= 20) {
          rawUsage = "{\"input_tokens\":" + JsonCursor.text(capture, 0, length) + "}";
        }
      }
      default -> {}
    }
  }

  private static @Nullable WireError orElse(@Nullable WireError error, @Nullable WireError other) {
    return error != null ? error : other;
  }

  private void finish() {
    place = Place.AFTER;
    terminated = true;
    finished |= error == null;
  }

  @Override
  public void end() {
    // A body that broke off has nothing more to give than what its whole members said.
  }

  @Override
  boolean whole() {
    return terminated;
  }
}
