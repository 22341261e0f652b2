package io.bellfounder.e2e;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * One thing the simulated provider does, as a rule of its script.
 *
 * @param rule in the words of {@code docs/reference/simulator.md}
 */
record Scene(Map<String, Object> rule) {

  /** Tokens in every class, so that a class that is mixed up or forgotten shows. */
  private static final Map<String, Object> EVERY_CLASS =
      Map.of("input", 1_237, "cacheWrite5m", 311, "cacheWrite1h", 53, "cacheRead", 40_009);

  private static final long MILLIS_BETWEEN_EVENTS = 40;

  static Scene says(String text) {
    return new Scene(Map.of("answer", Map.of("text", text, "usage", EVERY_CLASS)));
  }

  static Scene usesTool(String name, String input) {
    return usesTool(name, Json.read(input));
  }

  private static Scene usesTool(String name, JsonNode input) {
    return new Scene(
        Map.of(
            "answer",
            Map.of(
                "content",
                List.of(Map.of("type", "tool_use", "name", name, "input", input)),
                "usage",
                EVERY_CLASS)));
  }

  /** Claude Code's tool for a new file. */
  static Scene writesFile(Path file, String content) {
    return usesTool("Write", Json.tree(Map.of("file_path", file.toString(), "content", content)));
  }

  static Scene refuses(int status) {
    return new Scene(Map.of("fault", Map.of("type", "status", "status", status)));
  }

  static Scene refuses(int status, String retryAfter) {
    return new Scene(
        Map.of("fault", Map.of("type", "status", "status", status, "retryAfter", retryAfter)));
  }

  /** A stream that is reset within its first text block. */
  static Scene breaksOff(String text) {
    return new Scene(
        Map.of(
            "answer", Map.of("text", text, "charactersPerDelta", 4, "usage", EVERY_CLASS),
            "fault", Map.of("type", "cut", "afterEvents", 4, "how", "reset")));
  }

  /** A JSON answer that is reset on its way. */
  static Scene breaksOffAfterBytes(int bytes) {
    return new Scene(
        Map.of(
            "answer", Map.of("text", "never seen whole"),
            "fault", Map.of("type", "cut", "afterBytes", bytes, "how", "reset")));
  }

  static Scene streamsFor(Duration length) {
    int events = (int) (length.toMillis() / MILLIS_BETWEEN_EVENTS);
    return new Scene(
        Map.of(
            "answer", Map.of("text", "a word and ".repeat(events), "charactersPerDelta", 11),
            "pace", Map.of("betweenEventsMillis", MILLIS_BETWEEN_EVENTS)));
  }

  static Scene fallsSilentFor(Duration length) {
    return new Scene(
        Map.of(
            "answer", Map.of("text", "one moment, please, it takes a while"),
            "fault", Map.of("type", "stall", "afterEvents", 3, "millis", length.toMillis())));
  }

  /** A stream of about this size, as fast as it is read. */
  static Scene streamsBytes(int bytes) {
    return new Scene(
        Map.of("answer", Map.of("tokens", bytes / 4, "charactersPerDelta", 16 * 1024)));
  }

  /** As the rule that answers this often, and only requests that match. */
  Map<String, Object> times(int count, Map<String, Object> when) {
    Map<String, Object> whole = new HashMap<>(rule);
    if (count > 0) {
      whole.put("times", count);
    }
    if (!when.isEmpty()) {
      whole.put("when", when);
    }
    return whole;
  }
}
