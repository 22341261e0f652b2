package io.bellfounder.e2e;

import com.fasterxml.jackson.databind.JsonNode;
import io.bellfounder.testing.Await;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The product's own API as the console uses it: signed in by the one-time link, cookie kept, same
 * origin.
 */
final class Api implements AutoCloseable {

  private final HttpClient http = HttpClient.newHttpClient();
  private final String base;
  private @Nullable String cookie;

  private Api(String base) {
    this.base = base;
  }

  /** An API client that nobody has signed in. */
  static Api anonymous(String base) {
    return new Api(base);
  }

  static Api signedInBy(String link) {
    int mark = link.indexOf("/sign-in#token=");
    Api api = new Api(link.substring(0, mark));
    Answer answer =
        api.post("/session/link", Map.of("token", link.substring(link.indexOf('=', mark) + 1)));
    if (answer.status != 200) {
      throw new AssertionError("the sign-in link was refused: " + answer);
    }
    return api;
  }

  static Api signedInAs(String base, String email, String password) {
    Api api = new Api(base);
    Answer answer = api.post("/session", Map.of("email", email, "password", password));
    if (answer.status != 200) {
      throw new AssertionError("sign-in was refused: " + answer);
    }
    return api;
  }

  /** An answer of the API. */
  record Answer(int status, String text) {

    JsonNode json() {
      return Json.read(text);
    }

    JsonNode expect(int wanted) {
      if (status != wanted) {
        throw new AssertionError("expected " + wanted + ", got " + this);
      }
      return text.isEmpty() ? Json.read("{}") : json();
    }
  }

  /** A new gateway key. */
  String key(String name) {
    return post("/keys", Map.of("name", name)).expect(201).path("secret").asText();
  }

  Answer get(String path) {
    return send("GET", path, null);
  }

  Answer post(String path, Object body) {
    return send("POST", path, body);
  }

  Answer put(String path, Object body) {
    return send("PUT", path, body);
  }

  Answer delete(String path) {
    return send("DELETE", path, null);
  }

  /** Every item of a list, page by page. */
  List<JsonNode> all(String path, Map<String, String> filter) {
    String query =
        filter.entrySet().stream()
            .map(e -> e.getKey() + "=" + URLEncoder.encode(e.getValue(), StandardCharsets.UTF_8))
            .collect(Collectors.joining("&"));
    List<JsonNode> items = new ArrayList<>();
    String cursor = "";
    do {
      JsonNode page = get(path + "?limit=200&" + query + cursor).expect(200);
      page.path("items").forEach(items::add);
      JsonNode next = page.path("nextCursor");
      cursor =
          next.isTextual()
              ? "&cursor=" + URLEncoder.encode(next.asText(), StandardCharsets.UTF_8)
              : "";
    } while (!cursor.isEmpty());
    return items;
  }

  List<JsonNode> calls(Map<String, String> filter) {
    return all("/calls", filter);
  }

  /** The calls of one session once there are this many and all of them are settled. */
  List<JsonNode> settledCalls(String sessionId, int count) {
    return Await.value(
        count + " settled calls of session " + sessionId,
        Duration.ofSeconds(15),
        () -> calls(Map.of("sessionId", sessionId)),
        found -> found.size() >= count && found.stream().allMatch(Api::settled));
  }

  /** A call with everything the ledger knows of it, once it is settled. */
  JsonNode settledCall(String id) {
    return Await.value(
        "call " + id + " settled",
        Duration.ofSeconds(15),
        () -> get("/calls/" + id).expect(200),
        Api::settled);
  }

  static boolean settled(JsonNode call) {
    return call.path("state").asText().equals("settled");
  }

  private Answer send(String method, String path, @Nullable Object body) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(base + "/api/v1" + path))
            .timeout(Duration.ofSeconds(30))
            .header("Origin", base)
            .header("Sec-Fetch-Site", "same-origin")
            .method(
                method,
                body == null
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofString(Json.write(body)));
    if (body != null) {
      request.header("Content-Type", "application/json");
    }
    if (!method.equals("GET")) {
      request.header("Idempotency-Key", UUID.randomUUID().toString());
    }
    if (cookie != null) {
      request.header("Cookie", cookie);
    }
    try {
      HttpResponse<String> response =
          http.send(request.build(), HttpResponse.BodyHandlers.ofString());
      response
          .headers()
          .firstValue("set-cookie")
          .ifPresent(set -> cookie = set.substring(0, set.indexOf(';')));
      return new Answer(response.statusCode(), response.body());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    http.close();
  }
}
