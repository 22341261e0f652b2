package io.bellfounder.wire;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Strings in and out of JSON's quotes. */
final class JsonText {
  private static final char[] HEX = "0123456789abcdef".toCharArray();

  private JsonText() {}

  /** Undoes escapes; what is no valid escape stays as it is, for a provider to refuse. */
  static String unescape(byte[] bytes, int from, int to) {
    int plain = from;
    while (plain < to && bytes[plain] != '\\') {
      plain++;
    }
    var head = new String(bytes, from, plain - from, StandardCharsets.UTF_8);
    if (plain == to) {
      return head;
    }
    var rest = new String(bytes, plain, to - plain, StandardCharsets.UTF_8);
    var out = new StringBuilder(head.length() + rest.length()).append(head);
    for (int i = 0; i < rest.length(); i++) {
      char c = rest.charAt(i);
      if (c != '\\' || i + 1 == rest.length()) {
        out.append(c);
        continue;
      }
      char escape = rest.charAt(++i);
      switch (escape) {
        case 'n' -> out.append('\n');
        case 't' -> out.append('\t');
        case 'r' -> out.append('\r');
        case 'b' -> out.append('\b');
        case 'f' -> out.append('\f');
        case '"', '\\', '/' -> out.append(escape);
        case 'u' -> {
          int code = hex(rest, i + 1);
          if (code < 0) {
            out.append("\\u");
          } else {
            out.append((char) code);
            i += 4;
          }
        }
        default -> out.append('\\').append(escape);
      }
    }
    return out.toString();
  }

  private static int hex(String text, int from) {
    if (from + 4 > text.length()) {
      return -1;
    }
    int code = 0;
    for (int i = from; i < from + 4; i++) {
      int digit = Character.digit(text.charAt(i), 16);
      if (digit < 0 || text.charAt(i) > 'f') {
        return -1;
      }
      code = code * 16 + digit;
    }
    return code;
  }

  /** The text as a JSON string with its quotes, in UTF-8. */
  static byte[] quoted(String text) {
    var out = new StringBuilder(text.length() + 2).append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        default -> {
          if (c < 0x20 || isLoneSurrogate(text, i)) {
            out.append("\\u").append(HEX[c >> 12]).append(HEX[c >> 8 & 15]);
            out.append(HEX[c >> 4 & 15]).append(HEX[c & 15]);
          } else {
            out.append(c);
          }
        }
      }
    }
    return out.append('"').toString().getBytes(StandardCharsets.UTF_8);
  }

  private static boolean isLoneSurrogate(String text, int i) {
    char c = text.charAt(i);
    if (Character.isHighSurrogate(c)) {
      return i + 1 == text.length() || !Character.isLowSurrogate(text.charAt(i + 1));
    }
    return Character.isLowSurrogate(c)
        && (i == 0 || !Character.isHighSurrogate(text.charAt(i - 1)));
  }

  static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** Pieces of UTF-8 and quoted strings, joined. */
  static byte[] joined(byte[]... pieces) {
    var out = new ByteArrayOutputStream();
    for (var piece : pieces) {
      out.writeBytes(piece);
    }
    return out.toByteArray();
  }

  /** How many bytes of text a string holds once its escapes are undone, give or take a few. */
  static int textBytes(byte[] bytes, int from, int to) {
    int length = to - from;
    for (int i = from; i < to - 1; i++) {
      if (bytes[i] == '\\') {
        boolean unicode = bytes[i + 1] == 'u' && i + 6 <= to;
        length -= unicode ? 4 : 1;
        i += unicode ? 5 : 1;
      }
    }
    return length;
  }
}
