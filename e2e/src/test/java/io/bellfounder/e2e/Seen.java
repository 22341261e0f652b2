package io.bellfounder.e2e;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a program that uses an SDK got: each scenario fills the fields it has, the rest are null.
 */
record Seen(
    @Nullable String text,
    @Nullable List<Tool> tools,
    @Nullable String stop,
    @Nullable Long input,
    @Nullable Long output,
    @Nullable List<String> ids,
    @Nullable Integer dimensions,
    @Nullable Double first,
    @Nullable Integer events,
    @Nullable Failure error) {

  /** One tool call the model asked for. */
  record Tool(String name, JsonNode input) {}

  /**
   * An SDK's error as its caller sees it; {@code kind} is the class, because programs catch
   * classes.
   */
  record Failure(
      String kind,
      @Nullable Integer status,
      @Nullable String type,
      String message,
      @Nullable String retryAfter,
      @Nullable String requestId) {}

  static Seen answer(
      String text, List<Tool> tools, @Nullable String stop, @Nullable Long in, @Nullable Long out) {
    return new Seen(text, tools, stop, in, out, null, null, null, null, null);
  }

  static Seen counted(long input) {
    return new Seen(null, null, null, input, null, null, null, null, null, null);
  }

  static Seen listed(List<String> ids) {
    return new Seen(null, null, null, null, null, ids, null, null, null, null);
  }

  static Seen embedded(int dimensions, double first, long input) {
    return new Seen(null, null, null, input, null, null, dimensions, first, null, null);
  }

  static Seen left(int events) {
    return new Seen(null, null, null, null, null, null, null, null, events, null);
  }

  static Seen failed(Failure error) {
    return new Seen(null, null, null, null, null, null, null, null, null, error);
  }
}
