package io.bellfounder.graph;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * JSON trees made of {@link JsonNull}, Boolean, Long, BigInteger, Double, BigDecimal, String, List
 * and Map, immutable and in the order written. The same tree is always written as the same bytes. A
 * text nested deeper than 200 levels is refused.
 */
final class Json {
  private static final int DEPTH_MAX = 200;
  private final String text;
  private int at;

  private Json(String text) {
    this.text = text;
  }

  /**
   * Reads one JSON text.
   *
   * @throws IllegalArgumentException with the position, never with the text, which may be secret
   */
  public static Object read(String text) {
    Json reader = new Json(text);
    Object value = reader.value(0);
    reader.space();
    if (reader.at < text.length()) {
      throw reader.wrong("more after the end");
    }
    return value;
  }

  public static String write(Object value) {
    StringBuilder out = new StringBuilder();
    write(out, value);
    return out.toString();
  }

  /** Brings parsed data (as from YAML) and Java values of the common kinds into a tree. */
  public static Object tree(@Nullable Object value) {
    return switch (value) {
      case null -> JsonNull.NULL;
      case JsonNull n -> n;
      case String s -> s;
      case Boolean b -> b;
      case Long n -> n;
      case Integer n -> (Object) n.longValue();
      case Short n -> (Object) n.longValue();
      case Byte n -> (Object) n.longValue();
      case Float n -> (Object) n.doubleValue();
      case Double n -> n;
      case BigInteger n -> n;
      case BigDecimal n -> n;
      case Optional<?> o -> tree(o.orElse(null));
      case Enum<?> e -> e.name();
      case Record r -> tree(Codec.of(Object.class).encode(r));
      case Map<?, ?> map -> {
        Map<String, Object> copy = new LinkedHashMap<>();
        map.forEach((k, v) -> copy.put(String.valueOf(k), tree(v)));
        yield Collections.unmodifiableMap(copy);
      }
      case Iterable<?> items -> {
        List<Object> copy = new ArrayList<>();
        items.forEach(item -> copy.add(tree(item)));
        yield Collections.unmodifiableList(copy);
      }
      default ->
          throw new IllegalArgumentException(
              value.getClass().getName() + " is no JSON: give the channel a codec for it");
    };
  }

  /** A tree with the keys of its objects in order: the same for all who mean the same. */
  static Object sorted(Object tree) {
    return switch (tree) {
      case Map<?, ?> map -> {
        Map<String, Object> copy = new TreeMap<>();
        map.forEach((key, value) -> copy.put((String) key, sorted(value)));
        yield copy;
      }
      case List<?> list -> list.stream().map(Json::sorted).toList();
      default -> tree;
    };
  }

  @SuppressWarnings("unchecked")
  static Map<String, Object> object(Object value) {
    if (value instanceof Map<?, ?>) {
      return (Map<String, Object>) value;
    }
    throw new IllegalArgumentException("an object is needed here");
  }

  @SuppressWarnings("unchecked")
  static List<Object> array(Object value) {
    if (value instanceof List<?>) {
      return (List<Object>) value;
    }
    throw new IllegalArgumentException("an array is needed here");
  }

  static void write(StringBuilder out, Object value) {
    switch (value) {
      case String s -> string(out, s);
      case Double d -> {
        if (d.isNaN() || d.isInfinite()) {
          throw new IllegalArgumentException(d + " has no JSON form");
        }
        out.append(d);
      }
      case Map<?, ?> map -> {
        String gap = "{";
        for (Map.Entry<?, ?> entry : map.entrySet()) {
          out.append(gap);
          string(out, String.valueOf(entry.getKey()));
          out.append(':');
          write(out, entry.getValue());
          gap = ",";
        }
        out.append(map.isEmpty() ? "{}" : "}");
      }
      case List<?> list -> {
        String gap = "[";
        for (Object item : list) {
          out.append(gap);
          write(out, item);
          gap = ",";
        }
        out.append(list.isEmpty() ? "[]" : "]");
      }
      case Boolean b -> out.append(b);
      case Number n -> out.append(n);
      case JsonNull n -> out.append(n);
      default -> write(out, tree(value));
    }
  }

  static void string(StringBuilder out, String text) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        default -> {
          if (Character.isHighSurrogate(c)
              && i + 1 < text.length()
              && Character.isLowSurrogate(text.charAt(i + 1))) {
            out.append(c).append(text.charAt(++i));
          } else if (c < 0x20 || Character.isSurrogate(c)) {
            // A lone surrogate has no UTF-8 form; escaped, it survives the database.
            out.append("\\u%04x".formatted((int) c));
          } else {
            out.append(c);
          }
        }
      }
    }
    out.append('"');
  }

  private Object value(int depth) {
    if (depth > DEPTH_MAX) {
      throw wrong("nested deeper than " + DEPTH_MAX);
    }
    space();
    return switch (peek()) {
      case '{' -> objectValue(depth);
      case '[' -> arrayValue(depth);
      case '"' -> stringValue();
      case 't' -> word("true", true);
      case 'f' -> word("false", false);
      case 'n' -> word("null", JsonNull.NULL);
      default -> number();
    };
  }

  private Object objectValue(int depth) {
    Map<String, Object> map = new LinkedHashMap<>();
    at++;
    space();
    if (peek() == '}') {
      at++;
      return Collections.unmodifiableMap(map);
    }
    while (true) {
      space();
      String name = stringValue();
      space();
      expect(':');
      map.put(name, value(depth + 1));
      space();
      if (peek() == '}') {
        at++;
        return Collections.unmodifiableMap(map);
      }
      expect(',');
    }
  }

  private Object arrayValue(int depth) {
    List<Object> list = new ArrayList<>();
    at++;
    space();
    if (peek() == ']') {
      at++;
      return Collections.unmodifiableList(list);
    }
    while (true) {
      list.add(value(depth + 1));
      space();
      if (peek() == ']') {
        at++;
        return Collections.unmodifiableList(list);
      }
      expect(',');
    }
  }

  private String stringValue() {
    expect('"');
    StringBuilder out = new StringBuilder();
    while (true) {
      char c = peek();
      at++;
      if (c == '"') {
        return out.toString();
      }
      if (c < 0x20) {
        throw wrong("a control character in a string");
      }
      out.append(c == '\\' ? escape() : c);
    }
  }

  private char escape() {
    char c = peek();
    at++;
    return switch (c) {
      case 'n' -> '\n';
      case 't' -> '\t';
      case 'r' -> '\r';
      case 'b' -> '\b';
      case 'f' -> '\f';
      case '"', '\\', '/' -> c;
      case 'u' -> {
        if (at + 4 > text.length()) {
          throw wrong("an unfinished escape");
        }
        int code = 0;
        for (int i = 0; i < 4; i++) {
          int digit = Character.digit(text.charAt(at++), 16);
          if (digit < 0) {
            throw wrong("an escape that is not hexadecimal");
          }
          code = code * 16 + digit;
        }
        yield (char) code;
      }
      default -> throw wrong("an unknown escape");
    };
  }

  private Object number() {
    int from = at;
    while (at < text.length() && "+-0123456789.eE".indexOf(text.charAt(at)) >= 0) {
      at++;
    }
    String digits = text.substring(from, at);
    if (!digits.matches("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?")) {
      throw wrong("no JSON value");
    }
    if (digits.chars().allMatch(c -> c == '-' || Character.isDigit(c))) {
      BigInteger whole = new BigInteger(digits);
      return whole.bitLength() < 64 ? (Object) whole.longValue() : whole;
    }
    double d = Double.parseDouble(digits);
    // What a double cannot hold exactly as written is kept as written.
    return String.valueOf(d).equals(digits) ? (Object) d : new BigDecimal(digits);
  }

  private Object word(String word, Object value) {
    if (!text.startsWith(word, at)) {
      throw wrong("no JSON value");
    }
    at += word.length();
    return value;
  }

  private void space() {
    while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
      at++;
    }
  }

  private char peek() {
    if (at >= text.length()) {
      throw wrong("the text ends too early");
    }
    return text.charAt(at);
  }

  private void expect(char c) {
    if (peek() != c) {
      throw wrong("'" + c + "' is missing");
    }
    at++;
  }

  private IllegalArgumentException wrong(String what) {
    return new IllegalArgumentException("not JSON at character " + at + ": " + what);
  }
}
