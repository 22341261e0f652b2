package io.bellfounder.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.bellfounder.server.audit.AuditLog;
import io.bellfounder.server.tenant.Tenants;
import io.bellfounder.testing.Await;
import io.bellfounder.testing.TemporaryDatabase;
import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** In and out, over HTTP. */
final class SessionContractTest {
  private static final String PASSWORD = "correct horse battery";

  @RegisterExtension final TemporaryDatabase database = new TemporaryDatabase();
  @TempDir Path data;
  private TestServer server;

  @BeforeEach
  void start() throws InterruptedException {
    server = TestServer.start(database, data);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void a_stranger_learns_only_that_there_is_no_password_yet() {
    JsonNode session = server.browser().get("/session").mustBe(200).json();

    assertThat(session.path("signedIn").asBoolean()).isFalse();
    assertThat(session.path("setupRequired").asBoolean()).isTrue();
    assertThat(session.path("member").isNull()).isTrue();
    assertThat(session.path("organisation").isNull()).isTrue();
    assertThat(session.path("version").asString()).isNotEmpty();
  }

  @Test
  void the_link_signs_the_administrator_in_once() {
    String token = server.linkToken();
    Browser first = server.browser();

    JsonNode session = first.post("/session/link", Map.of("token", token)).mustBe(200).json();
    assertThat(session.path("signedIn").asBoolean()).isTrue();
    assertThat(session.path("passwordSet").asBoolean()).isFalse();
    assertThat(session.path("member").path("role").asString()).isEqualTo("owner");
    assertThat(session.path("organisation").path("name").asString())
        .isEqualTo("Default organisation");
    assertThat(first.get("/session").json().path("signedIn").asBoolean()).isTrue();

    server
        .browser()
        .post("/session/link", Map.of("token", token))
        .mustBeProblem(410, "sign_in_link_used");
    server
        .browser()
        .post("/session/link", Map.of("token", "wrong"))
        .mustBeProblem(410, "sign_in_link_used");
  }

  @Test
  void a_new_link_replaces_the_one_before() {
    String before = server.linkToken();
    String now = server.linkToken();

    server
        .browser()
        .post("/session/link", Map.of("token", before))
        .mustBeProblem(410, "sign_in_link_used");
    server.browser().post("/session/link", Map.of("token", now)).mustBe(200);
  }

  @Test
  void an_old_link_is_said_to_be_expired() throws Exception {
    String token = server.linkToken();
    try (var connection = database.superuser().getConnection();
        var statement = connection.createStatement()) {
      statement.execute("UPDATE sign_in_link SET expires_at = now() - interval '1 second'");
    }

    server
        .browser()
        .post("/session/link", Map.of("token", token))
        .mustBeProblem(410, "sign_in_link_expired");
  }

  @Test
  void with_a_password_there_is_no_link_any_more_and_the_password_signs_in() {
    Browser administrator = server.administrator();
    administrator
        .put(
            "/session/password",
            Map.of("password", PASSWORD, "email", "Ada@Example.org", "name", "Ada"))
        .mustBe(204);

    assertThat(server.launched().firstSignIn()).isEmpty();
    Browser again = server.browser();
    JsonNode session =
        again
            .post("/session", Map.of("email", "ada@example.org", "password", PASSWORD))
            .mustBe(200)
            .json();
    assertThat(session.path("setupRequired").asBoolean()).isFalse();
    assertThat(session.path("member").path("name").asString()).isEqualTo("Ada");
    again
        .put("/session/password", Map.of("password", "another long password"))
        .mustBeProblem(403, "current_password_wrong");
    again
        .put(
            "/session/password",
            Map.of("password", "another long password", "currentPassword", PASSWORD))
        .mustBe(204);
    assertThat(administrator.get("/session").json().path("signedIn").asBoolean())
        .as("other sessions end with the old password")
        .isFalse();
  }

  @Test
  void a_password_out_of_range_is_refused_by_field() {
    Browser administrator = server.administrator();

    JsonNode problem =
        administrator
            .put("/session/password", Map.of("password", "too short", "email", "nobody"))
            .mustBeProblem(422, "validation_failed")
            .json();

    assertThat(problem.path("errors").findValuesAsString("field"))
        .containsExactly("password", "email");
  }

  @Test
  void signing_out_is_at_once() {
    Browser administrator = server.administrator();
    String cookie = administrator.cookie();

    administrator.delete("/session").mustBe(204);

    server.browser().with("cookie", cookie).get("/keys").mustBeProblem(401, "not_signed_in");
  }

  @Test
  void the_sixth_wrong_password_waits_and_all_of_it_is_in_the_audit_log() throws Exception {
    server
        .administrator()
        .put("/session/password", Map.of("password", PASSWORD, "email", "ada@example.org"))
        .mustBe(204);
    for (int attempt = 0; attempt < 5; attempt++) {
      server
          .browser()
          .post("/session", Map.of("email", "ada@example.org", "password", "wrong" + attempt))
          .mustBeProblem(401, "sign_in_failed");
    }

    var waiting =
        server
            .browser()
            .post("/session", Map.of("email", "ada@example.org", "password", PASSWORD))
            .mustBeProblem(429, "too_many_attempts");

    assertThat(Integer.parseInt(waiting.header("retry-after"))).isBetween(1, 900);
    var tenants = server.bean(Tenants.class);
    assertThat(
            tenants.in(Tenants.FIRST, () -> server.bean(AuditLog.class).firstBroken(Tenants.FIRST)))
        .isEmpty();
    Await.until("all of it is written down", () -> refusals() == 5);
  }

  private int refusals() throws SQLException {
    try (var connection = database.superuser().getConnection();
        var rows =
            connection
                .createStatement()
                .executeQuery(
                    "SELECT count(*) FROM audit_record WHERE action = 'session.refused'")) {
      rows.next();
      return rows.getInt(1);
    }
  }

  @Test
  void writing_a_failure_down_does_not_delay_the_answer_that_an_unknown_address_gets_at_once()
      throws Exception {
    server
        .administrator()
        .put("/session/password", Map.of("password", PASSWORD, "email", "ada@example.org"))
        .mustBe(204);

    try (var connection = database.superuser().getConnection();
        var statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.execute("LOCK TABLE audit_record IN ACCESS EXCLUSIVE MODE");
      server
          .browser()
          .post("/session", Map.of("email", "ada@example.org", "password", "wrong"))
          .mustBeProblem(401, "sign_in_failed");
    }

    Await.until("it is written down", () -> refusals() == 1);
  }

  @Test
  void the_cookie_is_for_our_own_pages_only() {
    var answer =
        server.browser().post("/session/link", Map.of("token", server.linkToken())).mustBe(200);

    assertThat(answer.header("set-cookie"))
        .contains("bell_session=", "HttpOnly", "SameSite=Strict", "Path=/")
        .doesNotContain("Secure");
    var behindTls =
        server
            .browser()
            .with("x-forwarded-proto", "https")
            .with("x-forwarded-host", "bell.example.org")
            .with("origin", "https://bell.example.org")
            .post("/session/link", Map.of("token", server.linkToken()))
            .mustBe(200);
    assertThat(behindTls.header("set-cookie")).contains("Secure");
    assertThat(behindTls.header("strict-transport-security")).contains("max-age=31536000");
  }

  @Test
  void a_write_from_elsewhere_is_refused() {
    Browser administrator = server.administrator();

    for (var header :
        Map.of("origin", "http://elsewhere.example", "sec-fetch-site", "cross-site").entrySet()) {
      administrator
          .with(header.getKey(), header.getValue())
          .post("/keys", Map.of("name", "stolen"))
          .mustBeProblem(403, "other_origin");
    }
    administrator
        .with("origin", "none")
        .post("/keys", Map.of("name", "stolen"))
        .mustBeProblem(403, "other_origin");
    for (String spelling : List.of("//%61pi/v1/keys", "//api;x/v1/keys")) {
      administrator
          .with("origin", "http://elsewhere.example")
          .send("POST", spelling, "{\"name\": \"stolen\"}")
          .mustBeProblem(403, "other_origin");
    }
    assertThat(administrator.get("/keys").json().path("items")).isEmpty();
  }

  @Test
  void a_body_that_is_too_large_is_refused_before_it_takes_memory() throws Exception {
    String large = "{\"token\": \"" + "x".repeat(1 << 20) + "\"}";

    server.browser().send("POST", "/session/link", large).mustBeProblem(413, "body_too_large");
    try (var client = HttpClient.newHttpClient()) {
      var unannounced =
          HttpRequest.newBuilder(URI.create(server.url() + "/api/v1/session/link"))
              .header("origin", server.url())
              .header("content-type", "application/json")
              .POST(
                  BodyPublishers.ofInputStream(
                      () -> new ByteArrayInputStream(large.getBytes(StandardCharsets.UTF_8))))
              .build();
      assertThat(client.send(unannounced, BodyHandlers.ofString()).body())
          .contains("malformed_json");
    }
  }

  @Test
  void what_cannot_be_stored_is_refused_and_no_error_of_ours() {
    Browser administrator = server.administrator();
    String noId = cursor("2026-01-01T00:00:00Z x");
    String noYear = cursor("+999999999-01-01T00:00:00Z x");

    for (String path :
        List.of(
            "/keys?cursor=" + noId,
            "/calls?cursor=" + noId,
            "/calls?model=%00",
            "/sessions/tree?sessionId=%00")) {
      administrator.get(path).mustBeProblem(400, "bad_request");
    }
    for (String path :
        List.of("/keys?cursor=" + noYear, "/calls?from=-999999999-01-01T00:00:00Z")) {
      administrator.get(path).mustBeProblem(422, "validation_failed");
    }
    administrator
        .post("/keys", Map.of("name", "k", "expiresAt", "+999999999-01-01T00:00:00Z"))
        .mustBeProblem(422, "validation_failed");
    server
        .browser()
        .post("/session", Map.of("email", "a\0@b", "password", "x"))
        .mustBeProblem(400, "bad_request");
    server
        .browser()
        .with("content-type", "multipart/form-data; boundary=x")
        .send("POST", "/session", "{}")
        .mustBeProblem(415, "unsupported_media_type");
  }

  private static String cursor(String plain) {
    return Base64.getUrlEncoder().encodeToString(plain.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void answers_are_not_kept_by_browsers_or_proxies() {
    Browser administrator = server.administrator();

    for (String path : List.of("/session", "/keys", "/calls", "/connect", "/nowhere")) {
      assertThat(administrator.get(path).response().headers().allValues("cache-control"))
          .as(path)
          .containsExactly("no-store");
    }
  }

  @Test
  void a_thief_of_the_database_cannot_try_out_passwords_without_the_master_key() throws Exception {
    server
        .administrator()
        .with("idempotency-key", "first")
        .put("/session/password", Map.of("password", PASSWORD))
        .mustBe(204);

    String asked =
        "PUT /session/password\n{\"password\":\"%s\",\"email\":null,\"name\":null,\"currentPassword\":null}"
            .formatted(PASSWORD);
    try (var connection = database.superuser().getConnection();
        var query =
            connection.prepareStatement(
                "SELECT request_hash = sha256(convert_to(?, 'UTF8')) FROM idempotency_record")) {
      query.setString(1, asked);
      var row = query.executeQuery();
      assertThat(row.next()).isTrue();
      assertThat(row.getBoolean(1)).isFalse();
    }
  }

  @Test
  void whoever_has_a_session_guesses_the_current_password_no_faster_than_at_sign_in() {
    Browser administrator = server.administrator();
    administrator.put("/session/password", Map.of("password", PASSWORD)).mustBe(204);
    Map<String, String> guess =
        Map.of("password", "another long password", "currentPassword", "a guess");
    for (int attempt = 0; attempt < 5; attempt++) {
      administrator.put("/session/password", guess).mustBeProblem(403, "current_password_wrong");
    }

    administrator
        .put(
            "/session/password",
            Map.of("password", "another long password", "currentPassword", PASSWORD))
        .mustBeProblem(429, "too_many_attempts");
  }

  @Test
  void one_address_may_not_try_a_password_on_everybody() {
    for (int member = 0; member < 50; member++) {
      server
          .browser()
          .with("x-forwarded-for", "192.0.2.1")
          .post("/session", Map.of("email", member + "@example.org", "password", "password"))
          .mustBeProblem(401, "sign_in_failed");
    }

    Map<String, String> one = Map.of("email", "one@example.org", "password", "password");
    server
        .browser()
        .with("x-forwarded-for", "192.0.2.1")
        .post("/session", one)
        .mustBeProblem(429, "too_many_attempts");
    server
        .browser()
        .with("x-forwarded-for", "192.0.2.2")
        .post("/session", one)
        .mustBeProblem(401, "sign_in_failed");
  }

  @Test
  void every_answer_carries_the_security_headers() {
    for (String path : new String[] {"/session", "/nowhere", "//"}) {
      var answer = server.browser().get(path);

      assertThat(answer.header("content-security-policy"))
          .contains("script-src 'self'", "frame-ancestors 'none'");
      assertThat(answer.header("x-content-type-options")).isEqualTo("nosniff");
      assertThat(answer.header("referrer-policy")).isEqualTo("no-referrer");
    }
  }

  @Test
  void errors_are_problem_documents() {
    Browser administrator = server.administrator();

    administrator.get("/nowhere").mustBeProblem(404, "not_found");
    administrator.send("PATCH", "/keys", "{}").mustBeProblem(405, "method_not_allowed");
    administrator.send("POST", "/keys", "{\"name\":").mustBeProblem(400, "malformed_json");
    administrator.send("POST", "/keys", "[1]").mustBeProblem(400, "malformed_json");
    administrator
        .with("content-type", "text/plain")
        .send("POST", "/keys", "name")
        .mustBeProblem(415, "unsupported_media_type");
    administrator.get("/keys?limit=x").mustBeProblem(422, "validation_failed");
    administrator.get("/keys?limit=0").mustBeProblem(422, "validation_failed");
    administrator.get("/keys?cursor=x").mustBeProblem(422, "validation_failed");
    administrator.delete("/keys/not-an-id").mustBeProblem(404, "not_found");
  }
}
