package io.bellfounder.server.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import io.bellfounder.server.config.ConfigFile;
import io.bellfounder.testing.Await;
import io.bellfounder.testing.FreePorts;
import io.bellfounder.testing.TemporaryDatabase;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.ComponentScan;

/** The foundation alone, without any feature: it must come up, be honest, and go down in order. */
final class LaunchedTest {
  @RegisterExtension final TemporaryDatabase database = new TemporaryDatabase();
  @TempDir Path data;

  private final HttpClient http = HttpClient.newHttpClient();

  @Test
  void it_is_ready_with_an_existing_database_and_says_so() throws Exception {
    try (Launched launched = start(Map.of("BELL_DATABASE_URL", database.url()))) {
      assertThat(launched.awaitDatabase(Duration.ofSeconds(20))).isTrue();

      HttpResponse<String> ready = get(launched, "/health/ready");
      assertThat(ready.statusCode()).isEqualTo(200);
      assertThat(ready.body()).contains("\"status\":\"up\"", "\"database\":\"up\"");
      assertThat(get(launched, "/metrics").body()).contains("jvm_memory_used_bytes");
    }
  }

  @Test
  void the_application_is_a_role_that_owns_nothing() throws Exception {
    try (Launched launched = start(Map.of("BELL_DATABASE_URL", database.url()))) {
      assertThat(launched.awaitDatabase(Duration.ofSeconds(20))).isTrue();
      DataSource source = launched.context().getBean(DataSource.class);

      try (Connection connection = source.getConnection();
          var statement = connection.createStatement();
          var row =
              statement.executeQuery(
                  "SELECT current_user, rolsuper OR rolbypassrls OR rolcreaterole,"
                      + " has_schema_privilege('public', 'CREATE')"
                      + " FROM pg_roles WHERE rolname = current_user")) {
        assertThat(row.next()).isTrue();
        assertThat(row.getString(1)).isEqualTo(database.appRole());
        assertThat(row.getBoolean(2)).isFalse();
        assertThat(row.getBoolean(3)).isFalse();
      }
    }
  }

  @Test
  void without_a_database_it_starts_degraded_and_recovers_when_that_comes() throws Exception {
    int port = FreePorts.one();
    String away = database.url().replaceFirst("127\\.0\\.0\\.1:\\d+", "127.0.0.1:" + port);
    int real = URI.create(database.url()).getPort();
    try (Launched launched = start(Map.of("BELL_DATABASE_URL", away))) {
      assertThat(launched.awaitDatabase(Duration.ofMillis(300))).isFalse();
      HttpResponse<String> ready = get(launched, "/health/ready");
      assertThat(ready.statusCode()).isEqualTo(200);
      assertThat(ready.body()).contains("\"status\":\"degraded\"");
      HttpResponse<String> refused = get(launched, "/api/v1/keys");
      assertThat(refused.statusCode()).isEqualTo(503);
      assertThat(refused.body()).contains("\"code\":\"database_unavailable\"");
      assertThat(refused.headers().firstValue("content-type")).contains("application/problem+json");
      assertThat(launched.context().getBean(HikariDataSource.class).isRunning()).isFalse();

      try (Relay _ = new Relay(port, real)) {
        assertThat(launched.awaitDatabase(Duration.ofSeconds(30))).isTrue();
        Await.until(
            "recovered", () -> get(launched, "/health/ready").body().contains("\"status\":\"up\""));
        assertThat(get(launched, "/api/v1/keys").statusCode()).isNotEqualTo(503);
      }
    }
  }

  @Test
  void another_master_key_is_refused_and_locks_no_other_node_out() throws Exception {
    Map<String, String> other =
        Map.of(
            "BELL_DATABASE_URL", database.url(), "BELL_DATA_DIR", data.resolve("other").toString());
    try (Launched first = start(Map.of("BELL_DATABASE_URL", database.url()))) {
      assertThat(first.awaitDatabase(Duration.ofSeconds(20))).isTrue();
      // As a node that serves holds some.
      try (Connection _ = first.context().getBean(DatabaseAccess.class).app()) {
        assertThatThrownBy(() -> start(other))
            .isInstanceOf(LaunchRefused.class)
            .hasMessageContaining("another master key")
            .hasMessageContaining("security.masterKey");
        assertThatThrownBy(() -> CommandDatabase.open(source(null, other).load().config()))
            .isInstanceOf(LaunchRefused.class)
            .hasMessageContaining("another master key");
      }
      first.context().getBean(DatabaseAccess.class).app().close();
    }
  }

  @Test
  void another_master_key_is_said_by_health_when_the_database_comes_after_the_start()
      throws Exception {
    try (Launched first = start(Map.of("BELL_DATABASE_URL", database.url()))) {
      assertThat(first.awaitDatabase(Duration.ofSeconds(20))).isTrue();
      int port = FreePorts.one();
      String away = database.url().replaceFirst("127\\.0\\.0\\.1:\\d+", "127.0.0.1:" + port);
      Map<String, String> other =
          Map.of("BELL_DATABASE_URL", away, "BELL_DATA_DIR", data.resolve("other").toString());
      try (Connection _ = first.context().getBean(DatabaseAccess.class).app();
          Launched second = start(other);
          Relay _ = new Relay(port, URI.create(database.url()).getPort())) {
        DatabaseState state = second.context().getBean(DatabaseState.class);

        Await.until("said", () -> String.valueOf(state.problem()).contains("another master key"));
        assertThat(get(second, "/health/ready").body()).contains("\"status\":\"degraded\"");
      }

      first.context().getBean(DatabaseAccess.class).app().close();
    }
  }

  @Test
  void a_database_from_before_takes_the_present_key() throws Exception {
    Map<String, String> environment = Map.of("BELL_DATABASE_URL", database.url());
    try (Launched launched = start(environment)) {
      assertThat(launched.awaitDatabase(Duration.ofSeconds(20))).isTrue();
    }
    try (Connection connection = database.owner().getConnection();
        var statement = connection.createStatement()) {
      statement.execute("DROP TABLE master_key_check");
      statement.execute("DELETE FROM flyway_schema_history WHERE version = '3'");
    }

    try (Launched launched = start(environment)) {
      assertThat(launched.awaitDatabase(Duration.ofSeconds(20))).isTrue();
    }

    try (Connection connection = database.owner().getConnection();
        var statement = connection.createStatement();
        var rows = statement.executeQuery("SELECT count(*) FROM master_key_check")) {
      rows.next();
      assertThat(rows.getInt(1)).isEqualTo(1);
    }
  }

  @Test
  void another_master_key_is_taken_as_long_as_no_key_was_made() throws Exception {
    Map<String, String> other =
        Map.of(
            "BELL_DATABASE_URL", database.url(),
            "BELL_SECURITY_MASTER_KEY", "0123456789abcdef".repeat(2));
    try (Launched first = start(Map.of("BELL_DATABASE_URL", database.url()))) {
      assertThat(first.awaitDatabase(Duration.ofSeconds(20))).isTrue();
    }

    try (Launched second = start(other)) {
      assertThat(second.awaitDatabase(Duration.ofSeconds(20))).isTrue();
    }

    try (Connection connection = database.owner().getConnection();
        var statement = connection.createStatement()) {
      statement.execute(
          """
          ALTER TABLE organisation DISABLE ROW LEVEL SECURITY;
          ALTER TABLE api_key DISABLE ROW LEVEL SECURITY;
          WITH o AS (
            INSERT INTO organisation (id, name) VALUES (gen_random_uuid(), 'a') RETURNING id)
          INSERT INTO api_key (id, organisation_id, name, prefix, secret_hmac, created_at)
            SELECT gen_random_uuid(), id, 'k', 'p', sha256('k'), now() FROM o;
          """);
    }
    assertThatThrownBy(() -> start(Map.of("BELL_DATABASE_URL", database.url())))
        .hasMessageContaining("another master key");
  }

  @Test
  void draining_turns_readiness_off_while_everything_still_answers() throws Exception {
    try (Launched launched = start(Map.of("BELL_DATABASE_URL", database.url()))) {
      launched.drain();

      assertThat(get(launched, "/health/ready").statusCode()).isEqualTo(503);
      assertThat(get(launched, "/health/live").statusCode()).isEqualTo(200);
    }
  }

  @Test
  void with_a_delay_it_serves_on_until_balancers_have_noticed() throws Exception {
    Launched launched =
        start(Map.of("BELL_DATABASE_URL", database.url(), "BELL_SERVER_DRAIN_DELAY", "5m"));
    Thread stopping = Thread.ofPlatform().start(launched::close);
    try {
      Await.until("not ready", () -> get(launched, "/health/ready").statusCode() == 503);
      Await.until(
          "waits for the balancers", () -> stopping.getState() == Thread.State.TIMED_WAITING);
      assertThat(get(launched, "/health/live").statusCode()).isEqualTo(200);
    } finally {
      stopping.interrupt();
    }
    assertThat(stopping.join(Duration.ofSeconds(30))).isTrue();
  }

  @Test
  void a_held_data_directory_is_refused_with_pid_and_remedy() {
    try (Launched _ = start(Map.of("BELL_DATABASE_URL", database.url()))) {
      assertThatThrownBy(() -> start(Map.of("BELL_DATABASE_URL", database.url())))
          .isInstanceOf(LaunchRefused.class)
          .hasMessageContaining("process " + ProcessHandle.current().pid())
          .hasMessageContaining("--data");
    }
  }

  @Test
  void an_unwritable_data_directory_is_refused_with_the_remedy() throws IOException {
    Path file = Files.writeString(data.resolve("file"), "");

    assertThatThrownBy(() -> start(Map.of("BELL_DATA_DIR", file.resolve("below").toString())))
        .isInstanceOf(LaunchRefused.class)
        .hasMessageContaining("cannot be written")
        .hasMessageContaining("--data");
    assertThatThrownBy(() -> start(Map.of("BELL_DATA_DIR", file.toString())))
        .isInstanceOf(LaunchRefused.class)
        .hasMessageContaining("is a file")
        .hasMessageContaining("--data");
  }

  @Test
  void an_address_that_cannot_be_opened_is_refused_with_the_remedy_that_fits() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      String port = Integer.toString(taken.getLocalPort());
      assertThatThrownBy(() -> start(Map.of("BELL_SERVER_PORT", port)))
          .isInstanceOf(LaunchRefused.class)
          .hasMessageContaining("stop the program that uses it, or choose another with --port");
    }
    assertThatThrownBy(() -> start(Map.of("BELL_SERVER_HOST", "192.0.2.1")))
        .isInstanceOf(LaunchRefused.class)
        .hasMessageContaining("--host")
        .hasMessageNotContaining("stop the program");
  }

  @Test
  void a_change_of_the_file_is_seen_and_a_bad_one_is_refused() throws Exception {
    Path file = data.resolve("bellfounder.yaml");
    Files.writeString(file, provider("one"));
    ConfigFile source = source(file, Map.of("BELL_DATABASE_URL", database.url()));
    try (Launched launched = Launched.start(FoundationOnly.class, source, source.load())) {
      Reloads reloads = launched.context().getBean(Reloads.class);

      Files.writeString(file, "providers: { broken");
      Files.writeString(file, provider("two"));

      Await.until(
          "reloaded",
          () ->
              reloads.last != null
                  && reloads.last.config().providers().getFirst().name().equals("two"));
    }
  }

  @Test
  void the_log_holds_json_lines_and_no_secret() throws Exception {
    try (Launched launched = start(Map.of("BELL_DATABASE_URL", database.url()))) {
      assertThat(launched.awaitDatabase(Duration.ofSeconds(20))).isTrue();
    }

    String log = Files.readString(data.resolve("data/logs/bellfounder.log"));
    assertThat(log.lines()).isNotEmpty().allMatch(line -> line.matches("\\{\"time\":.*}"));
    assertThat(log).doesNotContain(database.password());
  }

  private static String provider(String name) {
    return "providers: { %s: { dialect: openai, baseUrl: 'http://127.0.0.1:1', auth: none } }\n"
        .formatted(name);
  }

  private Launched start(Map<String, String> environment) {
    ConfigFile source = source(null, environment);
    return Launched.start(FoundationOnly.class, source, source.load());
  }

  private ConfigFile source(@Nullable Path file, Map<String, String> environment) {
    Map<String, String> all = new LinkedHashMap<>();
    all.put("BELL_DATA_DIR", data.resolve("data").toString());
    all.put("BELL_SERVER_PORT", "0");
    all.putAll(environment);
    return new ConfigFile(file, all, Map.of());
  }

  private HttpResponse<String> get(Launched launched, String path) throws Exception {
    int port = launched.context().getBean(ControlPlaneAddress.class).port().orElseThrow();
    return http.send(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).build(),
        BodyHandlers.ofString());
  }

  /** The foundation's packages and this test's listener. */
  @SpringBootApplication(proxyBeanMethods = false)
  @ComponentScan({"io.bellfounder.server.launch", "io.bellfounder.server.operation"})
  static class FoundationOnly {}

  /** Carries bytes from one port to another, as a database that comes back. */
  private static final class Relay implements AutoCloseable {
    private final ServerSocket server;

    Relay(int from, int to) throws IOException {
      server = new ServerSocket(from, 50, InetAddress.getLoopbackAddress());
      Thread.ofVirtual()
          .start(() -> {
            while (!server.isClosed()) {
              try {
                Socket near = server.accept();
                Socket far = new Socket(InetAddress.getLoopbackAddress(), to);
                Thread.ofVirtual().start(() -> copy(near, far));
                Thread.ofVirtual().start(() -> copy(far, near));
              } catch (IOException closed) {
                // The test is over.
                return;
              }
            }
          });
    }

    private static void copy(Socket from, Socket to) {
      try (from;
          to) {
        from.getInputStream().transferTo(to.getOutputStream());
      } catch (IOException ended) {
        // One side closed first, as connections do.
      }
    }

    @Override
    public void close() throws IOException {
      server.close();
    }
  }
}
