package io.bellfounder.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.bellfounder.postgres.EmbeddedPostgres;
import io.bellfounder.postgres.PostgresSettings;
import io.bellfounder.testing.Await;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Starts that must succeed, starts that must be refused, and ends that lose nothing. */
class StartAndStopTest {

  private static final Duration REFUSED_WITHIN = Duration.ofSeconds(40);

  private static Upstream provider;

  @BeforeAll
  static void start() {
    provider = Upstream.start();
  }

  @AfterAll
  static void stop() {
    provider.close();
  }

  @Test
  void an_unknown_key_in_the_file_names_itself_and_the_nearest() throws IOException {
    Path data = DataDirectories.fresh();
    Path file = data.resolve("bellfounder.yaml");
    Files.writeString(file, "server:\n  prot: 8080\n");
    try (Bellfounder refused = Bellfounder.start(data, Map.of(), "--config", file.toString())) {
      assertThat(refused.exit(REFUSED_WITHIN)).isNotZero();
      assertThat(refused.output())
          .contains("server.prot")
          .contains("server.port")
          .doesNotContain("Exception");
    }
  }

  @Test
  void an_unknown_variable_names_itself_and_the_nearest() {
    try (Bellfounder refused =
        Bellfounder.start(DataDirectories.fresh(), Map.of("BELL_SERVER_PROT", "1"))) {
      assertThat(refused.exit(REFUSED_WITHIN)).isNotZero();
      assertThat(refused.output()).contains("BELL_SERVER_PROT").contains("BELL_SERVER_PORT");
    }
  }

  @Test
  void a_second_instance_on_the_same_directory_is_refused() {
    Path data = DataDirectories.fresh();
    Map<String, String> environment = World.environment(provider.url(), Map.of());
    try (Bellfounder first = Bellfounder.up(data, environment);
        Bellfounder second = Bellfounder.start(data, environment)) {
      assertThat(second.exit(REFUSED_WITHIN)).isNotZero();
      assertThat(second.output()).contains(data.toString()).doesNotContain("Exception");
      assertThat(second.output().lines()).hasSize(1);
      assertThat(Calls.get(first.url(), "/health/ready").status()).isEqualTo(200);
    }
  }

  @Test
  void a_first_start_says_the_link_once_its_database_is_there() {
    PostgresSettings settings = PostgresSettings.durable(DataDirectories.fresh());
    String database;
    try (EmbeddedPostgres postgres = EmbeddedPostgres.start(settings)) {
      database =
          "postgres://%s:%s@127.0.0.1:%d/postgres"
              .formatted(
                  postgres.address().user(),
                  postgres.address().password(),
                  postgres.address().port());
    }
    try (Bellfounder server =
        Bellfounder.up(
            DataDirectories.fresh(),
            World.environment(provider.url(), Map.of("BELL_DATABASE_URL", database)))) {
      assertThat(server.output()).doesNotContain("/sign-in#token=");
      assertThat(Calls.get(server.url(), "/health").status()).isEqualTo(200);
      assertThat(Calls.get(server.url(), "/health").responseText()).contains("degraded");

      try (EmbeddedPostgres _ = EmbeddedPostgres.start(settings)) {
        Await.until(
            "the link is said",
            Duration.ofSeconds(30),
            () -> server.output().contains("/sign-in#token="));
        server.administrator();
      }
    }
  }

  @Test
  void health_metrics_and_the_interface_description_are_there() {
    try (Bellfounder server =
        Bellfounder.up(DataDirectories.fresh(), World.environment(provider.url(), Map.of()))) {
      String url = server.url();
      assertThat(Calls.get(url, "/health/live").status()).isEqualTo(200);
      assertThat(Calls.get(url, "/health/ready").status()).isEqualTo(200);
      assertThat(Calls.get(url, "/metrics").responseText()).contains("# TYPE");
      assertThat(
              Json.read(Calls.get(url, "/api/v1/openapi.json").responseBody())
                  .path("openapi")
                  .asText())
          .startsWith("3.1");
    }
  }

  @Test
  void after_kill_9_it_starts_again_and_knows_everything() {
    Path data = DataDirectories.fresh();
    Map<String, String> environment = World.environment(provider.url(), Map.of());
    String key;
    String call;
    try (Bellfounder first = Bellfounder.up(data, environment)) {
      key = first.administrator().key("survivor");
      call =
          Calls.call(first.url(), "/v1/messages", key)
              .responseHeader("x-bellfounder-call-id")
              .orElseThrow();
      first.kill();
    }

    try (Bellfounder second = Bellfounder.up(data, environment);
        Api api = second.administratorAgain()) {
      assertThat(second.output()).doesNotContain("/sign-in#token=");
      assertThat(Calls.call(second.url(), "/v1/messages", key).status()).isEqualTo(200);
      assertThat(api.settledCall(call).path("outcome").asText()).isEqualTo("completed");
    }
  }

  @Test
  void sigterm_lets_a_stream_finish_and_ends_with_0() {
    try (Bellfounder server =
        Bellfounder.up(DataDirectories.fresh(), World.environment(provider.url(), Map.of()))) {
      String url = server.url();
      String key = server.administrator().key("drained");
      provider.always(Scene.streamsFor(Duration.ofSeconds(3)));
      try (RawHttp http = RawHttp.connect(url)) {
        http.post("/v1/messages", Calls.body("/v1/messages", true), "x-api-key: " + key);
        http.until("content_block_delta", Duration.ofSeconds(10));

        server.terminate();
        Await.until(
            "readiness says no",
            Duration.ofMillis(500),
            () -> Calls.get(url, "/health/ready").status() == 503);
        Exchange answer = http.answer(Duration.ofSeconds(10));

        assertThat(answer.complete()).isTrue();
        assertThat(answer.responseText()).contains("message_stop");
      }
      assertThat(server.exit(Duration.ofSeconds(40))).isZero();
    }
  }
}
