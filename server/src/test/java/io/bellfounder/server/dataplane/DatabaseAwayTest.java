package io.bellfounder.server.dataplane;

import static org.assertj.core.api.Assertions.assertThat;

import io.bellfounder.postgres.EmbeddedPostgres;
import io.bellfounder.postgres.PostgresSettings;
import io.bellfounder.server.Browser;
import io.bellfounder.server.Relay;
import io.bellfounder.server.TestServer;
import io.bellfounder.testing.Await;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** A PostgreSQL that is stopped and started again while the server runs. */
final class DatabaseAwayTest {
  private static final String PASSWORD = "a password for a test";
  private static final int CALLS_WHILE_AWAY = 40;

  @TempDir Path data;
  private final OneProvider provider = new OneProvider();

  @BeforeEach
  void letOthersPass() throws IOException {
    Files.setPosixFilePermissions(data, PosixFilePermissions.fromString("rwx--x--x"));
  }

  @AfterEach
  void stopProvider() {
    provider.close();
  }

  @Test
  void the_gateway_serves_on_the_rest_says_so_and_everything_catches_up() throws Exception {
    EmbeddedPostgres postgres = cluster();
    try (Relay relay = new Relay(postgres.address().port());
        TestServer server = start(postgres, relay)) {
      Browser administrator = server.administrator();
      administrator.put("/session/password", Map.of("password", PASSWORD)).mustBe(204);
      JsonNode key = administrator.post("/keys", Map.of("name", "laptop")).mustBe(201).json();
      String secret = key.path("secret").asString();
      Await.until("the key is known", () -> call(server, secret) == 200);
      Await.until("its call is in the ledger", () -> calls(administrator) == 1);

      postgres.close();
      for (int n = 0; n < CALLS_WHILE_AWAY; n++) {
        assertThat(call(server, secret)).isEqualTo(200);
      }
      assertThat(call(server, "bell_" + "x".repeat(40))).isEqualTo(401);
      everythingElseSaysWhy(server, administrator);
      Await.until(
          "health says it",
          Duration.ofSeconds(20),
          () -> ready(server).path("status").asString().equals("degraded"));
      assertThat(ready(server).path("parts").path("database").asString()).isNotEqualTo("up");
      assertThat(ready(server).path("parts").path("ledger").asString())
          .contains("wait in the spool");

      try (EmbeddedPostgres again = EmbeddedPostgres.start(settings())) {
        relay.target(again.address().port());
        Await.until(
            "everything is well again",
            Duration.ofSeconds(30),
            () -> ready(server).path("status").asString().equals("up"));
        Await.until(
            "every call is in the ledger",
            Duration.ofSeconds(30),
            () -> calls(administrator) == 1 + CALLS_WHILE_AWAY);
        assertThat(server.browser().get("//metrics").response().body())
            .contains("bellfounder_ledger_waiting 0.0", "bellfounder_ledger_refused 0.0");

        // What other nodes hear of keys is heard again.
        administrator.delete("/keys/" + key.path("key").path("id").asString()).mustBe(200);
        Await.until("the key is dead", () -> call(server, secret) == 401);
        server.browser().post("/session", credentials()).mustBe(200);
      }
    }
  }

  @Test
  void a_database_that_hangs_is_said_to_be_away_and_to_be_back() throws Exception {
    try (EmbeddedPostgres postgres = cluster();
        Relay relay = new Relay(postgres.address().port());
        TestServer server = start(postgres, relay)) {
      Browser administrator = server.administrator();
      JsonNode key = administrator.post("/keys", Map.of("name", "laptop")).mustBe(201).json();
      String secret = key.path("secret").asString();
      Await.until("the key is known", () -> call(server, secret) == 200);
      Await.until("health says that it is there", () -> databaseIsUp(server));

      relay.hold();
      assertThat(call(server, secret)).isEqualTo(200);
      Await.until(
          "health says that it is away", Duration.ofSeconds(30), () -> !databaseIsUp(server));
      assertThat(call(server, secret)).isEqualTo(200);

      relay.release();
      Await.until(
          "health says that it is back", Duration.ofSeconds(30), () -> databaseIsUp(server));
    }
  }

  private static void everythingElseSaysWhy(TestServer server, Browser administrator) {
    for (String path :
        List.of("/session", "/calls", "/overview", "/sessions", "/keys", "/providers")) {
      Browser.Answer answer = administrator.get(path).mustBeProblem(503, "database_unavailable");
      assertThat(answer.json().path("detail").asString()).contains("./bell doctor");
      assertThat(answer.header("retry-after")).isEqualTo("2");
    }
    administrator
        .post("/keys", Map.of("name", "another"))
        .mustBeProblem(503, "database_unavailable");
    server.browser().post("/session", credentials()).mustBeProblem(503, "database_unavailable");
    server.browser().get("//health/live").mustBe(200);
    server.browser().get("//health/ready").mustBe(200);
    server.browser().get("//metrics").mustBe(200);
    server.browser().get("//").mustBe(200);
  }

  private static Map<String, String> credentials() {
    return Map.of("email", "admin@localhost", "password", PASSWORD);
  }

  private static JsonNode ready(TestServer server) {
    return server.browser().get("//health/ready").mustBe(200).json();
  }

  private static boolean databaseIsUp(TestServer server) {
    return ready(server).path("parts").path("database").asString().equals("up");
  }

  /** As the overview counts them, from the database alone. */
  private static long calls(Browser administrator) {
    Browser.Answer answer = administrator.get("/overview");
    return answer.status() == 200 ? answer.json().path("totals").path("calls").asLong() : -1;
  }

  private PostgresSettings settings() {
    Path runtime = Path.of(System.getProperty("java.io.tmpdir"));
    return PostgresSettings.throwAway(
        data.resolve("cluster"),
        runtime.resolve("bellfounder-postgres-" + System.getProperty("user.name")));
  }

  private EmbeddedPostgres cluster() throws SQLException {
    EmbeddedPostgres postgres = EmbeddedPostgres.start(settings());
    var address = postgres.address();
    try (var connection =
            DriverManager.getConnection(
                address.jdbcUrl("postgres"), address.user(), address.password());
        var statement = connection.createStatement()) {
      statement.execute("CREATE DATABASE bell");
    }
    return postgres;
  }

  private TestServer start(EmbeddedPostgres postgres, Relay relay) throws Exception {
    Path config = data.resolve("bellfounder.yaml");
    Files.writeString(
        config,
        provider.yaml()
            + """
            database: { url: "jdbc:postgresql://127.0.0.1:%d/bell", user: "%s", password: "%s" }
            """
                .formatted(relay.port(), postgres.address().user(), postgres.address().password()));
    TestServer server = TestServer.start(data, config, Map.of());
    assertThat(server.launched().awaitDatabase(Duration.ofSeconds(30))).isTrue();
    return server;
  }

  private int call(TestServer server, String secret) throws Exception {
    return provider.call(server.publicUrl(), secret);
  }
}
