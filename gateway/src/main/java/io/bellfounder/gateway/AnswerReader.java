package io.bellfounder.gateway;

import io.bellfounder.wire.Dialect;
import io.bellfounder.wire.Usage;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

final class AnswerReader {
  private static final JsonFactory JSON = new JsonFactory();
  private final Dialect dialect;
  private @Nullable Long input;
  private @Nullable Long w5;
  private @Nullable Long w1;
  private @Nullable Long read;
  private @Nullable Long prompt;
  private @Nullable Long output;
  private @Nullable Long write;
  private @Nullable String raw;
  private @Nullable String errorType;
  private @Nullable String errorMessage;
  private boolean stopped;
  private boolean complete;
  private boolean choices;
  private boolean sawUsage;
  private boolean sawError;
  private boolean choicesEmpty;

  AnswerReader(Dialect dialect) {
    this.dialect = dialect;
  }

  enum Kind {
    PING,
    REAL,
    ERROR,
    USAGE_ONLY
  }

  Kind event(byte[] bytes, int from, int to) {
    var text = new String(bytes, from, to - from, StandardCharsets.UTF_8);
    String name = "";
    var data = new StringBuilder();
    for (var line : text.split("\r?\n")) {
      if (line.startsWith("event:")) {
        name = line.substring(6).strip();
      } else if (line.startsWith("data:")) {
        data.append(line.substring(5).strip());
      }
    }
    if (name.equals("ping") || data.isEmpty()) {
      return Kind.PING;
    }
    if (data.toString().equals("[DONE]")) {
      complete = true;
      return Kind.REAL;
    }
    sawUsage = false;
    sawError = false;
    choicesEmpty = false;
    json(data.toString().getBytes(StandardCharsets.UTF_8));
    if (name.equals("message_stop")) {
      complete = true;
    }
    if (name.equals("error") || sawError) {
      return Kind.ERROR;
    }
    return sawUsage && choicesEmpty ? Kind.USAGE_ONLY : Kind.REAL;
  }

  void json(byte[] bytes) {
    try (var json = JSON.createParser(ObjectReadContext.empty(), bytes)) {
      if (json.nextToken() == JsonToken.START_OBJECT) {
        object(json, bytes, 0);
      }
    } catch (JacksonException e) {
      // not JSON
    }
  }

  private void object(JsonParser json, byte[] bytes, int depth) {
    while (json.nextToken() == JsonToken.PROPERTY_NAME) {
      var name = json.currentName();
      var value = json.nextToken();
      if (name.equals("usage") && value == JsonToken.START_OBJECT) {
        int start = (int) json.currentTokenLocation().getByteOffset();
        usage(json);
        sawUsage = true;
        raw =
            new String(
                bytes,
                start,
                (int) json.currentLocation().getByteOffset() - start,
                StandardCharsets.UTF_8);
      } else if (name.equals("message") && value == JsonToken.START_OBJECT && depth == 0) {
        object(json, bytes, 1);
      } else if (name.equals("error") && value == JsonToken.START_OBJECT && depth == 0) {
        sawError = true;
        error(json);
      } else if (name.equals("stop_reason") || name.equals("finish_reason")) {
        stopped |= value == JsonToken.VALUE_STRING;
      } else if (name.equals("delta") && value == JsonToken.START_OBJECT) {
        object(json, bytes, 2);
      } else if (name.equals("choices") && value == JsonToken.START_ARRAY) {
        choicesEmpty = true;
        while (json.nextToken() == JsonToken.START_OBJECT) {
          choicesEmpty = false;
          object(json, bytes, 3);
        }
      } else {
        json.skipChildren();
      }
    }
  }

  private void error(JsonParser json) {
    while (json.nextToken() == JsonToken.PROPERTY_NAME) {
      var name = json.currentName();
      json.nextToken();
      if (name.equals("type")) {
        errorType = json.getString();
      } else if (name.equals("message")) {
        errorMessage = json.getString();
      } else {
        json.skipChildren();
      }
    }
  }

  private void usage(JsonParser json) {
    while (json.nextToken() == JsonToken.PROPERTY_NAME) {
      var name = json.currentName();
      var value = json.nextToken();
      if (value == JsonToken.START_OBJECT) {
        usage(json);
      } else if (value == JsonToken.VALUE_NUMBER_INT) {
        long n = json.getLongValue();
        switch (name) {
          case "input_tokens" -> input = n;
          case "cache_creation_input_tokens" -> write = n;
          case "ephemeral_5m_input_tokens" -> w5 = n;
          case "ephemeral_1h_input_tokens" -> w1 = n;
          case "cache_read_input_tokens", "cached_tokens" -> read = n;
          case "prompt_tokens" -> prompt = n;
          case "output_tokens", "completion_tokens" -> output = n;
          default -> {}
        }
      } else {
        json.skipChildren();
      }
    }
  }

  Usage usage() {
    if (dialect == Dialect.OPENAI) {
      return new Usage(
          prompt == null ? null : prompt - (read == null ? 0 : read), null, null, read, output);
    }
    return new Usage(input, w5 == null ? write : w5, w1, read, output);
  }

  boolean stopped() {
    return stopped;
  }

  boolean complete() {
    return complete;
  }

  @Nullable String raw() {
    return raw;
  }

  @Nullable String errorType() {
    return errorType;
  }

  @Nullable String errorDetail() {
    return errorType == null && errorMessage == null ? null : errorType + ": " + errorMessage;
  }
}
