package io.bellfounder.e2e;

import java.time.Duration;
import java.util.List;
import java.util.Map;

/** The plainest calls, for tests whose subject is something else. */
final class Calls {

  private static final Duration SOON = Duration.ofSeconds(10);

  private Calls() {}

  /** One call without a stream, the key as a bearer token; in the dialect of the path. */
  static Exchange call(String url, String path, String key) {
    try (RawHttp http = RawHttp.connect(url)) {
      return http.post(path, body(path, false), "Authorization: Bearer " + key).answer(SOON);
    }
  }

  static Exchange get(String url, String path) {
    try (RawHttp http = RawHttp.connect(url)) {
      return http.get(path).answer(SOON);
    }
  }

  static byte[] body(String path, boolean stream) {
    return body(path, stream, "hi");
  }

  static byte[] body(String path, boolean stream, String prompt) {
    String model = path.endsWith("/messages") ? World.ANTHROPIC_MODEL : World.OPENAI_MODEL;
    return SameBytes.utf8(
        Json.write(
            Map.of(
                "model",
                model,
                "max_tokens",
                1024,
                "stream",
                stream,
                "messages",
                List.of(Map.of("role", "user", "content", prompt)))));
  }
}
