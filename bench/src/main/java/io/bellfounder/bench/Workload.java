package io.bellfounder.bench;

import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * What is asked for, and by how many connections at once.
 *
 * @param key stable name in the figures
 * @param target the least share of nginx's throughput that the product promises
 */
record Workload(
    String key, String title, int bodyBytes, boolean stream, int connections, double target) {

  static final List<Workload> ALL =
      List.of(
          new Workload("json-1k", "JSON, 1 KB request", 1_000, false, 32, 0.5),
          new Workload("json-400k", "JSON, 400 KB request", 400_000, false, 32, 0.4),
          new Workload("sse-100", "stream of 100 events", 1_000, true, 16, 0.6));

  /** The whole request as bytes, for one subject. */
  byte[] request(int port, String key) {
    StringBuilder body = new StringBuilder(bodyBytes + 64);
    body.append("{\"model\":\"claude-sonnet-5-5\",\"max_tokens\":256,\"stream\":")
        .append(stream)
        .append(",\"messages\":[{\"role\":\"user\",\"content\":\"");
    String text = "The bell is cast in one pour, and tuned on the lathe from the inside. ";
    while (body.length() < bodyBytes - 4) {
      body.append(text, 0, Math.min(text.length(), bodyBytes - 4 - body.length()));
    }
    body.append("\"}]}");
    String head =
        """
        POST /v1/messages HTTP/1.1\r
        Host: 127.0.0.1:%d\r
        x-api-key: %s\r
        anthropic-version: 2023-06-01\r
        content-type: application/json\r
        user-agent: bellfounder-bench\r
        %scontent-length: %d\r
        \r
        """
            .formatted(port, key, stream ? "x-bench: sse\r\n" : "", body.length());
    return (head + body).getBytes(StandardCharsets.US_ASCII);
  }
}
