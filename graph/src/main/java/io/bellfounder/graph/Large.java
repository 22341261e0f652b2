package io.bellfounder.graph;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Writes trees as stored JSON, and takes large values out of them: in their place stands <code>
 * {"$blob": hash}</code>. Lists are cut into runs of items, <code>{"$part": hash}</code>, from
 * their beginning on: what is added at the end leaves the earlier parts as they were, so that many
 * snapshots of a growing list share them. The caller's own keys of these names get one more <code>$
 * </code>.
 *
 * <p>One is for one commit, and one thread.
 */
final class Large {
  /** From so many characters of JSON on a value is stored by its hash: 8 KiB if all are ASCII. */
  static final int FROM = 8192;

  static final String BLOB = "$blob";
  static final String PART = "$part";

  /** Finds references in stored JSON, for the database; may find some in callers' own values. */
  static final String REFERENCE = "\"\\$(?:blob|part)\":\"([0-9a-f]{64})\"";

  /** Of what {@link #write} gives. */
  static final int FORMAT = 2;

  private final SortedMap<String, String> found = new TreeMap<>();
  private long cut;

  /** The values taken out so far by hash, in the order in which they are to be locked. */
  SortedMap<String, String> found() {
    return found;
  }

  /** How many characters were taken out so far, repeated ones counted again. */
  long cut() {
    return cut;
  }

  String write(Object tree) {
    StringBuilder out = new StringBuilder();
    write(out, tree);
    return out.toString();
  }

  void write(StringBuilder out, Object value) {
    int from = out.length();
    switch (value) {
      case Map<?, ?> map -> {
        String gap = "{";
        for (Map.Entry<?, ?> entry : map.entrySet()) {
          out.append(gap);
          Json.string(out, escaped(String.valueOf(entry.getKey())));
          out.append(':');
          write(out, entry.getValue());
          gap = ",";
        }
        out.append(map.isEmpty() ? "{}" : "}");
      }
      case List<?> list -> items(out, list);
      default -> Json.write(out, value);
    }
    if (out.length() - from >= FROM) {
      replace(out, from, BLOB, out.substring(from));
    }
  }

  private void items(StringBuilder out, List<?> list) {
    String gap = "[";
    int part = -1;
    for (Object item : list) {
      out.append(gap);
      gap = ",";
      part = part < 0 ? out.length() : part;
      write(out, item);
      if (out.length() - part >= FROM) {
        replace(out, part, PART, "[" + out.substring(part) + "]");
        part = -1;
      }
    }
    out.append(list.isEmpty() ? "[]" : "]");
  }

  private void replace(StringBuilder out, int from, String kind, String text) {
    String hash = hash(text);
    found.put(hash, text);
    cut += text.length();
    out.setLength(from);
    out.append("{\"").append(kind).append("\":\"").append(hash).append("\"}");
  }

  static String hash(String text) {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      return HexFormat.of().formatHex(sha.digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  private static String escaped(String key) {
    return key.startsWith("$") && isReserved(key) ? "$" + key : key;
  }

  static String unescaped(String key) {
    return key.startsWith("$$") && isReserved(key) ? key.substring(1) : key;
  }

  private static boolean isReserved(String key) {
    String name = key.substring(key.lastIndexOf('$'));
    boolean known = name.equals(BLOB) || name.equals(PART);
    return known && key.chars().limit(key.length() - name.length()).allMatch(c -> c == '$');
  }
}
