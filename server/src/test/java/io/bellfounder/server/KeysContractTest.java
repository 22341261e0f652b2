package io.bellfounder.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.bellfounder.testing.TemporaryDatabase;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Keys, over HTTP. */
final class KeysContractTest {
  @RegisterExtension final TemporaryDatabase database = new TemporaryDatabase();
  @TempDir Path data;
  private TestServer server;
  private Browser administrator;

  @BeforeEach
  void start() throws InterruptedException {
    server = TestServer.start(database, data);
    administrator = server.administrator();
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void a_new_key_shows_its_secret_once_and_the_database_never_has_it() throws Exception {
    JsonNode created = administrator.post("/keys", Map.of("name", " CI ")).mustBe(201).json();

    String secret = created.path("secret").asString();
    assertThat(secret).matches("bell_[0-9A-Za-z]{40}");
    assertThat(created.path("key").path("name").asString()).isEqualTo("CI");
    assertThat(created.path("key").path("status").asString()).isEqualTo("active");
    assertThat(secret).startsWith(created.path("key").path("prefix").asString());
    JsonNode listed = administrator.get("/keys").mustBe(200).json();
    assertThat(listed.path("items")).hasSize(1);
    assertThat(listed.toString()).doesNotContain(secret);
    try (var connection = database.superuser().getConnection();
        var rows =
            connection
                .createStatement()
                .executeQuery("SELECT k::text, octet_length(secret_hmac) FROM api_key k")) {
      rows.next();
      assertThat(rows.getString(1)).doesNotContain(secret.substring(10));
      assertThat(rows.getInt(2)).isEqualTo(32);
    }
  }

  @Test
  void revoking_is_for_ever_and_may_be_repeated() {
    String id =
        administrator.post("/keys", Map.of("name", "k")).json().path("key").path("id").asString();

    JsonNode first = administrator.delete("/keys/" + id).mustBe(200).json();
    JsonNode second = administrator.delete("/keys/" + id).mustBe(200).json();

    assertThat(first.path("status").asString()).isEqualTo("revoked");
    assertThat(second).isEqualTo(first);
    administrator.delete("/keys/" + UUID.randomUUID()).mustBeProblem(404, "not_found");
  }

  @Test
  void a_write_with_the_same_idempotency_key_is_done_once() {
    String key = UUID.randomUUID().toString();
    JsonNode first =
        administrator
            .with("Idempotency-Key", key)
            .post("/keys", Map.of("name", "once"))
            .mustBe(201)
            .json();

    var again =
        administrator
            .with("Idempotency-Key", key)
            .post("/keys", Map.of("name", "once"))
            .mustBe(201);

    assertThat(again.json()).isEqualTo(first);
    assertThat(again.header("idempotent-replayed")).isEqualTo("true");
    administrator
        .with("Idempotency-Key", key)
        .post("/keys", Map.of("name", "other"))
        .mustBeProblem(409, "idempotency_key_reused");
    assertThat(administrator.get("/keys").json().path("items")).hasSize(1);
  }

  @Test
  void names_and_expiries_out_of_range_are_refused_by_field() {
    for (Map<String, String> wish :
        List.of(
            Map.of("name", ""),
            Map.of("name", "x".repeat(101)),
            Map.<String, String>of(),
            Map.of("name", "k", "expiresAt", Instant.now().minusSeconds(1).toString()))) {
      administrator.post("/keys", wish).mustBeProblem(422, "validation_failed");
    }
    administrator
        .post("/keys", Map.of("name", "k", "expiresAt", "tomorrow"))
        .mustBeProblem(400, "malformed_json");
  }

  @Test
  void a_long_list_comes_in_pages_newest_first() {
    List<String> made = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      administrator.post("/keys", Map.of("name", "k" + i)).mustBe(201);
      made.addFirst("k" + i);
    }

    List<String> seen = new ArrayList<>();
    String cursor = "";
    do {
      JsonNode page = administrator.get("/keys?limit=2&cursor=" + cursor).mustBe(200).json();
      page.path("items").forEach(key -> seen.add(key.path("name").asString()));
      cursor = page.path("nextCursor").asString("");
    } while (!cursor.isEmpty());

    assertThat(seen).isEqualTo(made);
  }
}
