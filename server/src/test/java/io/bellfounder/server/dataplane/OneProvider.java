package io.bellfounder.server.dataplane;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** A provider that always says the same, and a client that always asks the same. */
final class OneProvider implements AutoCloseable {
  static final String PROMPT = "A private prompt";
  private static final String ANSWER =
      """
      {"id":"msg_1","type":"message","role":"assistant","model":"claude-opus-5-5","content":[{"type":"text",\
      "text":"Hi"}],"stop_reason":"end_turn","usage":{"input_tokens":10,"output_tokens":5}}\
      """;

  private final HttpServer server;
  private final HttpClient http = HttpClient.newHttpClient();

  OneProvider() {
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new AssertionError("no port for a provider", e);
    }
    server.createContext(
        "/",
        exchange -> {
          exchange.getRequestBody().readAllBytes();
          byte[] answer = ANSWER.getBytes(StandardCharsets.UTF_8);
          exchange.getResponseHeaders().set("content-type", "application/json");
          exchange.sendResponseHeaders(200, answer.length);
          exchange.getResponseBody().write(answer);
          exchange.close();
        });
    server.start();
  }

  /** The configuration that leads to it. */
  String yaml() {
    return """
    providers:
      anthropic:
        dialect: anthropic
        baseUrl: http://127.0.0.1:%d
        apiKey: sk-ant-provider-secret-provider-secret
    """
        .formatted(server.getAddress().getPort());
  }

  /** One call through the gateway there; its status. */
  int call(String gateway, String secret) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(gateway + "/v1/messages"))
            .timeout(Duration.ofSeconds(5))
            .header("x-api-key", secret)
            .header("anthropic-version", "2023-06-01")
            .header("content-type", "application/json")
            .POST(
                BodyPublishers.ofString(
                    """
                    {"model":"claude-opus-5-5","max_tokens":10,"messages":[{"role":"user","content":"%s"}]}\
                    """
                        .formatted(PROMPT)))
            .build();
    return http.send(request, BodyHandlers.ofString()).statusCode();
  }

  /** Nobody answers there any more. */
  void leave() {
    server.stop(0);
  }

  @Override
  public void close() {
    leave();
    http.close();
  }
}
