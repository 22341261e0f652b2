package io.bellfounder.server;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What a browser on one of our pages sends, with its cookie. */
public final class Browser {
  static final JsonMapper JSON = JsonMapper.builder().build();

  private final HttpClient http = HttpClient.newHttpClient();
  private final String server;
  private final Map<String, String> extra = new LinkedHashMap<>();
  private @Nullable String cookie;

  Browser(String server) {
    this.server = server;
  }

  /** A header for the next request only; {@code origin: none} leaves that one out. */
  public Browser with(String header, String value) {
    extra.put(header, value);
    return this;
  }

  public String cookie() {
    return cookie == null ? "" : cookie;
  }

  public Answer get(String path) {
    return send("GET", path, null);
  }

  public Answer post(String path, Object body) {
    return send("POST", path, JSON.writeValueAsString(body));
  }

  public Answer put(String path, Object body) {
    return send("PUT", path, JSON.writeValueAsString(body));
  }

  public Answer delete(String path) {
    return send("DELETE", path, null);
  }

  /** Below {@code /api/v1}, unless the path begins with two slashes. */
  public Answer send(String method, String path, @Nullable String body) {
    String place = path.startsWith("//") ? path.substring(1) : "/api/v1" + path;
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(server + place)).timeout(Duration.ofSeconds(30));
    request.method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("x-request-id", "test-request");
    if (body != null) {
      headers.put("content-type", "application/json");
    }
    headers.put("origin", server);
    if (cookie != null) {
      headers.put("cookie", cookie);
    }
    headers.putAll(extra);
    extra.clear();
    headers.values().removeIf("none"::equals);
    headers.forEach(request::header);
    try {
      HttpResponse<String> response = http.send(request.build(), BodyHandlers.ofString());
      response
          .headers()
          .firstValue("set-cookie")
          .ifPresent(set -> cookie = set.substring(0, set.indexOf(';')));
      return new Answer(response);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** An answer and its JSON. */
  public record Answer(HttpResponse<String> response) {
    public int status() {
      return response.statusCode();
    }

    public JsonNode json() {
      return JSON.readTree(response.body());
    }

    public String header(String name) {
      return response.headers().firstValue(name).orElse("");
    }

    public Answer mustBe(int status) {
      if (status() != status) {
        throw new AssertionError("wanted " + status + ": " + status() + " " + response.body());
      }
      return this;
    }

    /** A problem document with this code. */
    public Answer mustBeProblem(int status, String code) {
      mustBe(status);
      JsonNode problem = json();
      if (!header("content-type").startsWith("application/problem+json")
          || !problem.path("code").asString().equals(code)
          || problem.path("status").asInt() != status
          || problem.path("title").asString().isEmpty()
          || problem.path("detail").asString().isEmpty()
          || !problem.path("requestId").asString().equals("test-request")) {
        throw new AssertionError("wanted the problem " + code + ": " + response.body());
      }
      return this;
    }
  }
}
