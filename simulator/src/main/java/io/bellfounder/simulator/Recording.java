package io.bellfounder.simulator;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A stream served byte for byte, from {@code recordings/NAME.sse} in the resources. Its events and
 * their usage are read only to know what to bill.
 */
record Recording(Dialect dialect, List<Frame> frames, String id, String model, Tokens tokens) {

  /**
   * @throws IllegalArgumentException if there is no recording of that name
   */
  static Recording of(String name) {
    if (!name.matches("[a-z0-9-]+")) {
      throw new IllegalArgumentException("no recording is named '" + name + "'");
    }
    try (InputStream stream = Recording.class.getResourceAsStream("recordings/" + name + ".sse")) {
      if (stream == null) {
        throw new IllegalArgumentException("no recording is named '" + name + "'");
      }
      return read(stream.readAllBytes());
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  private static Recording read(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.ISO_8859_1); // one character for each byte
    List<Frame> frames = new ArrayList<>();
    Tokens tokens = Tokens.NONE;
    String id = "";
    String model = "";
    Dialect dialect = text.startsWith("event:") ? Dialect.ANTHROPIC : Dialect.OPENAI;
    int from = 0;
    while (from < text.length()) {
      int to = endOfEvent(text, from);
      byte[] event = text.substring(from, to).getBytes(StandardCharsets.ISO_8859_1);
      JsonNode data = data(event).orElse(Json.object());
      JsonNode message = data.has("message") ? data.path("message") : data;
      id = id.isEmpty() ? Json.string(message, "id") : id;
      model = model.isEmpty() ? Json.string(message, "model") : model;
      Tokens reported = usage(dialect, message.path("usage"), tokens);
      tokens = reported == null ? tokens : reported;
      frames.add(new Frame(event, Frame.Kind.CONTENT, tokens.output(), reported));
      from = to;
    }
    return new Recording(dialect, frames, id, model, tokens);
  }

  private static int endOfEvent(String text, int from) {
    int lf = text.indexOf("\n\n", from);
    int crlf = text.indexOf("\r\n\r\n", from);
    if (lf < 0 && crlf < 0) {
      return text.length();
    }
    return crlf >= 0 && (lf < 0 || crlf < lf) ? crlf + 4 : lf + 2;
  }

  private static Optional<JsonNode> data(byte[] event) {
    String text = new String(event, StandardCharsets.UTF_8);
    int at = text.indexOf("data:");
    return at < 0
        ? Optional.empty()
        : Json.read(text.substring(at + 5).strip().getBytes(StandardCharsets.UTF_8));
  }

  private static @Nullable Tokens usage(Dialect dialect, JsonNode usage, Tokens before) {
    if (!usage.isObject()) {
      return null;
    }
    if (dialect == Dialect.OPENAI) {
      long cached = usage.path("prompt_tokens_details").path("cached_tokens").asLong(0);
      return new Tokens(
          usage.path("prompt_tokens").asLong(0) - cached,
          0,
          0,
          cached,
          usage.path("completion_tokens").asLong(0),
          usage.path("completion_tokens_details").path("reasoning_tokens").asLong(0));
    }
    JsonNode written = usage.path("cache_creation");
    return new Tokens(
        usage.path("input_tokens").asLong(before.input()),
        written.path("ephemeral_5m_input_tokens").asLong(before.cacheWrite5m()),
        written.path("ephemeral_1h_input_tokens").asLong(before.cacheWrite1h()),
        usage.path("cache_read_input_tokens").asLong(before.cacheRead()),
        usage.path("output_tokens").asLong(before.output()),
        0);
  }
}
