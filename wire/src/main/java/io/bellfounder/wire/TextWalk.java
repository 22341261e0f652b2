package io.bellfounder.wire;

/**
 * Steps through all strings of a JSON value, whatever its shape, and adds up those under certain
 * names. Flat, so nesting costs nothing.
 */
final class TextWalk {
  private final String[] textNames;
  private final String finishName;

  private long textBytes;
  private boolean finished;

  TextWalk(Dialect dialect) {
    switch (dialect) {
      case ANTHROPIC -> {
        textNames = new String[] {"text", "thinking", "partial_json"};
        finishName = "stop_reason";
      }
      case OPENAI -> {
        textNames =
            new String[] {"content", "arguments", "reasoning_content", "reasoning", "refusal"};
        finishName = "finish_reason";
      }
      default -> throw new IllegalArgumentException("no such dialect: " + dialect);
    }
  }

  void over(byte[] bytes, int from, int to) {
    textBytes = 0;
    finished = false;
    boolean counts = false;
    boolean finishes = false;
    for (int at = from; at < to; ) {
      byte b = bytes[at];
      if (b != '"') {
        boolean separates = b == ':' || b == ' ' || b == '\n' || b == '\t' || b == '\r';
        counts &= separates;
        finishes &= separates;
        at++;
        continue;
      }
      int start = at + 1;
      int close = JsonCursor.closingQuote(bytes, start, to);
      if (close < 0) {
        return;
      }
      at = close + 1;
      if (counts) {
        textBytes += JsonText.textBytes(bytes, start, close);
      }
      finished |= finishes;
      counts = false;
      finishes = false;
      if (isName(bytes, at, to)) {
        finishes = is(finishName, bytes, start, close);
        counts = !finishes && isText(bytes, start, close);
      }
    }
  }

  long textBytes() {
    return textBytes;
  }

  /** True if a reason to stop was given. */
  boolean finished() {
    return finished;
  }

  private static boolean isName(byte[] bytes, int from, int to) {
    int at = from;
    while (at < to && JsonCursor.isBlank(bytes[at])) {
      at++;
    }
    return at < to && bytes[at] == ':';
  }

  private boolean isText(byte[] bytes, int from, int to) {
    for (var name : textNames) {
      if (is(name, bytes, from, to)) {
        return true;
      }
    }
    return false;
  }

  private static boolean is(String name, byte[] bytes, int from, int to) {
    if (to - from != name.length()) {
      return false;
    }
    for (int i = 0; i < name.length(); i++) {
      if (bytes[from + i] != name.charAt(i)) {
        return false;
      }
    }
    return true;
  }
}
