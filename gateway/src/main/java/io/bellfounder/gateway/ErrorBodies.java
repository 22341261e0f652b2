package io.bellfounder.gateway;

import io.bellfounder.wire.Dialect;
import java.nio.charset.StandardCharsets;
import tools.jackson.core.io.JsonStringEncoder;

final class ErrorBodies {
  private ErrorBodies() {}

  static byte[] body(Dialect dialect, String type, String message, String requestId) {
    return text(dialect, type, message, requestId).getBytes(StandardCharsets.UTF_8);
  }

  static byte[] event(Dialect dialect, String type, String message, String requestId) {
    var name = dialect == Dialect.ANTHROPIC ? "event: error\n" : "";
    return (name + "data: " + text(dialect, type, message, requestId) + "\n\n")
        .getBytes(StandardCharsets.UTF_8);
  }

  private static String text(Dialect dialect, String type, String message, String requestId) {
    var quoted = '"' + new String(JsonStringEncoder.getInstance().quoteAsCharArray(message)) + '"';
    return switch (dialect) {
      case ANTHROPIC ->
          "{\"type\":\"error\",\"error\":{\"type\":\""
              + type
              + "\",\"message\":"
              + quoted
              + "},\"request_id\":\""
              + requestId
              + "\"}";
      case OPENAI ->
          "{\"error\":{\"message\":"
              + quoted
              + ",\"type\":\""
              + type
              + "\",\"param\":null,\"code\":\""
              + type
              + "\"}}";
    };
  }
}
