package io.bellfounder.simulator;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One event as the server-sent events section of the HTML standard reads it.
 *
 * @param at the byte offset of its first line
 * @param name {@code null} if it has no {@code event:} line
 * @param data the data lines joined; {@code null} if there are none
 */
record SseEvent(int at, @Nullable String name, @Nullable String data) {

  /** Everything a reader sees; what breaks the format goes to the list of violations. */
  static List<SseEvent> read(byte[] stream, List<StreamGrammar.Violation> violations) {
    List<SseEvent> events = new ArrayList<>();
    int start = -1;
    String name = null;
    String data = null;
    int at = 0;
    while (at < stream.length) {
      int end = at;
      while (end < stream.length && stream[end] != '\n' && stream[end] != '\r') {
        end++;
      }
      if (end == stream.length) {
        violations.add(new StreamGrammar.Violation(at, "the stream ends within a line"));
        return events;
      }
      String line = utf8(stream, at, end, violations);
      if (line.isEmpty()) {
        if (start >= 0) {
          events.add(new SseEvent(start, name, data));
        }
        start = -1;
        name = null;
        data = null;
      } else if (!line.startsWith(":")) {
        start = start < 0 ? at : start;
        int colon = line.indexOf(':');
        String field = colon < 0 ? line : line.substring(0, colon);
        String value = colon < 0 ? "" : line.substring(colon + 1);
        value = value.startsWith(" ") ? value.substring(1) : value;
        switch (field) {
          case "event" -> name = value;
          case "data" -> data = data == null ? value : data + "\n" + value;
          case "id", "retry" -> {}
          default ->
              violations.add(
                  new StreamGrammar.Violation(at, "no field of an event is named '" + field + "'"));
        }
      }
      boolean crlf = stream[end] == '\r' && end + 1 < stream.length && stream[end + 1] == '\n';
      at = end + (crlf ? 2 : 1);
    }
    if (start >= 0) {
      violations.add(new StreamGrammar.Violation(start, "the last event is not finished"));
    }
    return events;
  }

  private static String utf8(
      byte[] stream, int from, int to, List<StreamGrammar.Violation> violations) {
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPORT)
          .decode(ByteBuffer.wrap(stream, from, to - from))
          .toString();
    } catch (CharacterCodingException _) { // noted; the rest is still worth reading
      violations.add(new StreamGrammar.Violation(from, "the line is not UTF-8"));
      return new String(stream, from, to - from, StandardCharsets.UTF_8);
    }
  }
}
