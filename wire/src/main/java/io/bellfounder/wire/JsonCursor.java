package io.bellfounder.wire;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Walks the members of one JSON object in place: one pass, no tree, no recursion. It checks what it
 * needs to find its way (brackets, strings, commas and colons of the object it walks) and leaves
 * the finer points of the grammar to the provider, who refuses what is wrong. Strings are skipped
 * eight bytes a step. Reusable, for one thread.
 */
final class JsonCursor {
  /** Deeper nesting is refused: no real request comes near, and most parsers stop there too. */
  static final int DEPTH_MAX = 1_024;

  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final long ONES = 0x0101010101010101L;
  private static final long HIGHS = 0x8080808080808080L;
  private static final long QUOTES = ONES * '"';
  private static final long BACKSLASHES = ONES * '\\';

  private static final byte PLAIN = 0;
  private static final byte QUOTE = 1;
  private static final byte OPEN = 2;
  private static final byte CLOSE = 3;
  private static final byte DIGIT = 4;
  private static final byte[] CLASS = new byte[256];

  static {
    CLASS['"'] = QUOTE;
    CLASS['{'] = OPEN;
    CLASS['['] = OPEN;
    CLASS['}'] = CLOSE;
    CLASS[']'] = CLOSE;
    Arrays.fill(CLASS, '0', '9' + 1, DIGIT);
  }

  private byte[] bytes;
  private int at;
  private int end;
  private boolean first;
  private @Nullable String fault;
  private int objectEnd;

  private int keyStart;
  private int keyEnd;
  private int valueStart;
  private int valueEnd;

  private final long[] brackets = new long[DEPTH_MAX / 64];
  private @Nullable TextCount text;

  JsonCursor() {
    this.bytes = new byte[0];
  }

  /** Stands before the object in the range. */
  JsonCursor over(byte[] bytes, int from, int to) {
    this.bytes = bytes;
    this.at = from;
    this.end = to;
    this.first = true;
    this.fault = null;
    this.objectEnd = -1;
    this.text = null;
    return this;
  }

  JsonCursor counting(TextCount count) {
    this.text = count;
    return this;
  }

  /** Steps into the object; false if there is none. */
  boolean enterObject() {
    skipBlanks();
    if (at >= end || bytes[at] != '{') {
      fault = "not a JSON object";
      return false;
    }
    at++;
    return true;
  }

  /** Steps to the next member and over its value; false at the object's end or at a fault. */
  boolean next() {
    skipBlanks();
    if (at < end && bytes[at] == '}') {
      objectEnd = at++;
      return false;
    }
    if (!first && !take((byte) ',')) {
      return failed("a comma or } is missing");
    }
    first = false;
    skipBlanks();
    if (!take((byte) '"')) {
      return failed("a member's name is missing");
    }
    keyStart = at;
    int close = closingQuote(at);
    if (close < 0) {
      return failed("a string has no end");
    }
    keyEnd = close;
    at = close + 1;
    skipBlanks();
    if (!take((byte) ':')) {
      return failed("a colon is missing");
    }
    skipBlanks();
    valueStart = at;
    if (!skipValue()) {
      return false;
    }
    valueEnd = at;
    return true;
  }

  /** True if nothing but blanks follows; says so if not. */
  boolean atEnd() {
    skipBlanks();
    if (at < end) {
      fault = "something follows the object";
    }
    return at >= end;
  }

  @Nullable String fault() {
    return fault;
  }

  /** Where reading stopped. */
  int position() {
    return at;
  }

  /** The offset of the object's closing brace. */
  int objectEnd() {
    return objectEnd;
  }

  int valueStart() {
    return valueStart;
  }

  int valueEnd() {
    return valueEnd;
  }

  boolean valueIs(char start) {
    return bytes[valueStart] == start;
  }

  boolean valueIsTrue() {
    return valueEnd - valueStart == 4 && bytes[valueStart] == 't';
  }

  boolean valueIsNull() {
    return valueEnd - valueStart == 4 && bytes[valueStart] == 'n';
  }

  /** True if the member has this name, however it is escaped. */
  boolean named(String name) {
    int length = keyEnd - keyStart;
    if (length == name.length()) {
      for (int i = 0; i < length; i++) {
        if (bytes[keyStart + i] != name.charAt(i)) {
          return false;
        }
      }
      return true;
    }
    // Every character of a name we look for is at most six bytes long when escaped.
    return length > name.length()
        && length <= 6 * name.length()
        && hasBackslash(keyStart, keyEnd)
        && name.equals(JsonText.unescape(bytes, keyStart, keyEnd));
  }

  /** The value as text, if it is a string of at most this many bytes. */
  @Nullable String string(int bytesMax) {
    if (bytes[valueStart] != '"' || valueEnd - valueStart - 2 > bytesMax) {
      return null;
    }
    return JsonText.unescape(bytes, valueStart + 1, valueEnd - 1);
  }

  /** The value, if it is a whole number that is not negative and fits. */
  @Nullable Long wholeNumber() {
    long value = 0;
    int i = valueStart;
    for (; i < valueEnd && bytes[i] >= '0' && bytes[i] <= '9'; i++) {
      if (value > (Long.MAX_VALUE - 9) / 10) {
        return null;
      }
      value = value * 10 + (bytes[i] - '0');
    }
    if (i == valueStart) {
      return null;
    }
    if (i < valueEnd && bytes[i] == '.') {
      i++;
      while (i < valueEnd && bytes[i] == '0') {
        i++;
      }
    }
    return i == valueEnd ? value : null;
  }

  private boolean hasBackslash(int from, int to) {
    for (int i = from; i < to; i++) {
      if (bytes[i] == '\\') {
        return true;
      }
    }
    return false;
  }

  private boolean failed(String why) {
    if (fault == null) {
      fault = why;
    }
    return false;
  }

  private boolean take(byte wanted) {
    if (at < end && bytes[at] == wanted) {
      at++;
      return true;
    }
    return false;
  }

  private void skipBlanks() {
    while (at < end && isBlank(bytes[at])) {
      at++;
    }
  }

  static boolean isBlank(byte b) {
    return b == ' ' || b == '\n' || b == '\r' || b == '\t';
  }

  private boolean skipValue() {
    if (at >= end) {
      return failed("a value is missing");
    }
    return switch (bytes[at]) {
      case '"' -> {
        at++;
        yield skipString();
      }
      case '{', '[' -> skipContainer();
      default -> skipScalar();
    };
  }

  private boolean skipString() {
    int close = closingQuote(at);
    if (close < 0) {
      return failed("a string has no end");
    }
    if (text != null) {
      text.string(bytes, at, close);
    }
    at = close + 1;
    return true;
  }

  private boolean skipScalar() {
    int from = at;
    while (at < end) {
      byte b = bytes[at];
      if (b == ',' || b == '}' || b == ']' || isBlank(b)) {
        break;
      }
      at++;
    }
    return isScalar(from, at) || failed("a value is neither string, number, object nor array");
  }

  private boolean isScalar(int from, int to) {
    if (from == to) {
      return false;
    }
    return switch (bytes[from]) {
      case 't' -> matches(from, to, "true");
      case 'f' -> matches(from, to, "false");
      case 'n' -> matches(from, to, "null");
      default -> {
        for (int i = from; i < to; i++) {
          byte b = bytes[i];
          if ((b < '0' || b > '9') && b != '-' && b != '+' && b != '.' && b != 'e' && b != 'E') {
            yield false;
          }
        }
        yield true;
      }
    };
  }

  private boolean matches(int from, int to, String word) {
    if (to - from != word.length()) {
      return false;
    }
    for (int i = 0; i < word.length(); i++) {
      if (bytes[from + i] != word.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  private boolean skipContainer() {
    int depth = 0;
    boolean inNumber = false;
    while (at < end) {
      byte b = bytes[at++];
      switch (CLASS[b & 0xff]) {
        case QUOTE -> {
          inNumber = false;
          if (!skipString()) {
            return false;
          }
        }
        case OPEN -> {
          inNumber = false;
          if (depth == DEPTH_MAX) {
            return failed("nested deeper than " + DEPTH_MAX);
          }
          setBracket(depth++, b == '{');
        }
        case CLOSE -> {
          inNumber = false;
          if (isObject(--depth) != (b == '}')) {
            return failed("brackets do not match");
          }
          if (depth == 0) {
            return true;
          }
        }
        case DIGIT -> {
          if (!inNumber && text != null) {
            text.number();
          }
          inNumber = true;
        }
        default -> inNumber &= b != ',' && !isBlank(b);
      }
    }
    return failed("an object or array has no end");
  }

  private void setBracket(int depth, boolean object) {
    long bit = 1L << depth;
    if (object) {
      brackets[depth >> 6] |= bit;
    } else {
      brackets[depth >> 6] &= ~bit;
    }
  }

  private boolean isObject(int depth) {
    return (brackets[depth >> 6] & 1L << depth) != 0;
  }

  private int closingQuote(int from) {
    return closingQuote(bytes, from, end);
  }

  /** The offset of the quote that ends the string whose content starts here, or -1. */
  static int closingQuote(byte[] bytes, int from, int end) {
    int i = from;
    while (i < end) {
      if (i + Long.BYTES <= end) {
        long word = (long) LONGS.get(bytes, i);
        // A wanted byte becomes zero and borrows; a byte with its high bit set is none, as both
        // are ASCII. The lowest hit is right, those above it need not be.
        long hits = ((word ^ QUOTES) - ONES | (word ^ BACKSLASHES) - ONES) & ~word & HIGHS;
        if (hits == 0) {
          i += Long.BYTES;
          continue;
        }
        i += Long.numberOfTrailingZeros(hits) >>> 3;
      }
      byte b = bytes[i];
      if (b == '"') {
        return i;
      }
      i += b == '\\' ? 2 : 1;
    }
    return -1;
  }

  /** The range as text, for messages and raw usage. */
  static String text(byte[] bytes, int from, int to) {
    return new String(bytes, from, to - from, StandardCharsets.UTF_8);
  }

  /** Hears of the text in the values that are stepped over. */
  interface TextCount {
    /** A string's content, still escaped: a name or a value. */
    void string(byte[] bytes, int from, int to);

    /** A number inside an object or array. */
    void number();
  }
}
