package io.bellfounder.wire;

import org.jspecify.annotations.Nullable;

/**
 * An error as clients and providers write it.
 *
 * @param type in Anthropic's words, such as {@code overloaded_error}, if we made it; as the
 *     provider wrote it, if we read it
 * @param message for a person; at most {@value #MESSAGE_LENGTH_MAX} characters, one line
 */
public record WireError(String type, String message) {
  public static final int MESSAGE_LENGTH_MAX = 500;

  /** Larger error bodies are read up to here. */
  static final int BODY_BYTES_MAX = 64 << 10;

  private static final int TYPE_LENGTH_MAX = 100;

  public WireError {
    type = bounded(type, TYPE_LENGTH_MAX);
    message = bounded(message, MESSAGE_LENGTH_MAX);
  }

  /** The errors a gateway speaks of, each with its HTTP status and its words in both dialects. */
  public enum Kind {
    INVALID_REQUEST(400, "invalid_request_error", "invalid_request_error", null),
    AUTHENTICATION(401, "authentication_error", "invalid_request_error", "invalid_api_key"),
    BILLING(402, "billing_error", "insufficient_quota", "insufficient_quota"),
    PERMISSION(403, "permission_error", "invalid_request_error", "permission_denied"),
    NOT_FOUND(404, "not_found_error", "invalid_request_error", "model_not_found"),
    TOO_LARGE(413, "request_too_large", "invalid_request_error", "request_too_large"),
    RATE_LIMIT(429, "rate_limit_error", "requests", "rate_limit_exceeded"),
    API(500, "api_error", "server_error", "server_error"),
    TIMEOUT(504, "timeout_error", "server_error", "timeout"),
    OVERLOADED(529, "overloaded_error", "server_error", "overloaded");

    private final int status;
    private final String anthropicType;
    private final String openAiType;
    private final @Nullable String openAiCode;

    Kind(int status, String anthropicType, String openAiType, @Nullable String openAiCode) {
      this.status = status;
      this.anthropicType = anthropicType;
      this.openAiType = openAiType;
      this.openAiCode = openAiCode;
    }

    /** The HTTP status that goes with it. */
    public int status() {
      return status;
    }

    /** The type in Anthropic's words. */
    public String type() {
      return anthropicType;
    }

    public WireError saying(String message) {
      return new WireError(anthropicType, message);
    }

    private static @Nullable Kind of(String type) {
      for (var kind : values()) {
        if (kind.anthropicType.equals(type)) {
          return kind;
        }
      }
      return null;
    }
  }

  /** A JSON body in the dialect's shape. Anthropic's carries the request id, OpenAI's a header. */
  public byte[] body(Dialect dialect, String requestId) {
    return switch (dialect) {
      case ANTHROPIC -> JsonText.joined(anthropic(requestId));
      case OPENAI -> JsonText.joined(openAi());
    };
  }

  /** An error event for a stream that has begun; it must stand between events. */
  public byte[] event(Dialect dialect, String requestId) {
    var start = dialect == Dialect.ANTHROPIC ? "event: error\ndata: " : "data: ";
    return JsonText.joined(JsonText.utf8(start), body(dialect, requestId), JsonText.utf8("\n\n"));
  }

  /** What keeps a silent stream alive between two events; clients of the dialect ignore it. */
  public static byte[] ping(Dialect dialect) {
    return JsonText.utf8(
        switch (dialect) {
          case ANTHROPIC -> "event: ping\ndata: {\"type\": \"ping\"}\n\n";
          case OPENAI -> ": ping\n\n";
        });
  }

  private byte[][] anthropic(String requestId) {
    return new byte[][] {
      JsonText.utf8("{\"type\":\"error\",\"error\":{\"type\":"),
      JsonText.quoted(type),
      JsonText.utf8(",\"message\":"),
      JsonText.quoted(message),
      JsonText.utf8("},\"request_id\":"),
      JsonText.quoted(requestId),
      JsonText.utf8("}")
    };
  }

  private byte[][] openAi() {
    var kind = Kind.of(type);
    var code = kind == null ? null : kind.openAiCode;
    return new byte[][] {
      JsonText.utf8("{\"error\":{\"message\":"),
      JsonText.quoted(message),
      JsonText.utf8(",\"type\":"),
      JsonText.quoted(kind == null ? type : kind.openAiType),
      JsonText.utf8(",\"param\":null,\"code\":"),
      code == null ? JsonText.utf8("null") : JsonText.quoted(code),
      JsonText.utf8("}}")
    };
  }

  /**
   * Reads a provider's error body in whichever shape: Anthropic's, OpenAI's, a bare string under
   * {@code error}, a {@code message} or {@code detail} of its own, or the first of a list of those.
   * {@code null} if it is none of them, such as HTML. Reads at most 64 KiB.
   */
  public static @Nullable WireError read(byte[] bytes, int offset, int length) {
    int to = offset + Math.min(length, BODY_BYTES_MAX);
    int from = offset;
    while (from < to && (JsonCursor.isBlank(bytes[from]) || bytes[from] == '[')) {
      from++;
    }
    var cursor = new JsonCursor().over(bytes, from, to);
    return cursor.enterObject() ? read(cursor, bytes) : null;
  }

  private static @Nullable WireError read(JsonCursor cursor, byte[] bytes) {
    WireError found = null;
    String message = null;
    String type = null;
    while (cursor.next()) {
      if (cursor.named("error")) {
        found = ofMember(bytes, cursor.valueStart(), cursor.valueEnd());
      } else if (cursor.named("message") || cursor.named("detail")) {
        message = cursor.string(BODY_BYTES_MAX);
      } else if (cursor.named("type")) {
        type = cursor.string(BODY_BYTES_MAX);
      }
    }
    if (found != null || message == null) {
      return found;
    }
    return new WireError(type == null ? "error" : type, message);
  }

  /** Reads the value of an {@code error} member; {@code null} if it says nothing. */
  static @Nullable WireError ofMember(byte[] bytes, int from, int to) {
    if (bytes[from] == '"') {
      return new WireError("error", JsonText.unescape(bytes, from + 1, to - 1));
    }
    var cursor = new JsonCursor().over(bytes, from, to);
    if (!cursor.enterObject()) {
      return null;
    }
    String type = null;
    String code = null;
    String message = "";
    boolean any = false;
    while (cursor.next()) {
      any = true;
      if (cursor.named("type")) {
        type = cursor.string(BODY_BYTES_MAX);
      } else if (cursor.named("code") || cursor.named("status")) {
        var text = cursor.string(BODY_BYTES_MAX);
        code = text == null ? code : text;
      } else if (cursor.named("message")) {
        var text = cursor.string(BODY_BYTES_MAX);
        message = text == null ? "" : text;
      }
    }
    if (!any) {
      return null;
    }
    return new WireError(type != null ? type : code != null ? code : "error", message);
  }

  private static String bounded(String text, int most) {
    boolean clean = text.length() <= most;
    for (int i = 0; clean && i < text.length(); i++) {
      clean = !Character.isISOControl(text.charAt(i));
    }
    if (clean) {
      return text;
    }
    var out = new StringBuilder();
    for (int i = 0; i < text.length() && out.length() < most; i++) {
      char c = text.charAt(i);
      out.append(Character.isISOControl(c) ? ' ' : c);
    }
    return text.length() > most ? out.append('…').toString() : out.toString();
  }
}
