package io.bellfounder.server;

import static io.bellfounder.server.Said.bell;
import static org.assertj.core.api.Assertions.assertThat;

import io.bellfounder.server.audit.AuditLog;
import io.bellfounder.server.tenant.Tenants;
import io.bellfounder.testing.TemporaryDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** The way back in, at the command line, beside a running server with an existing database. */
final class AdministratorLinkTest {
  private static final String OLD = "an old password of mine";
  private static final String NEW = "a new password of mine";
  private static final String OTHER = "00000000-0000-7000-8000-0000000000f1";

  @RegisterExtension final TemporaryDatabase database = new TemporaryDatabase();
  @TempDir Path data;
  private TestServer server;
  private Path config;

  @BeforeEach
  void start() throws InterruptedException, IOException {
    server = TestServer.start(database, data);
    config =
        Files.writeString(
            data.resolve("bellfounder.yaml"),
            """
            data: { dir: "%s" }
            database: { url: "%s" }
            """
                .formatted(data.resolve("data"), database.url()));
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void a_forgotten_password_is_replaced_by_whoever_is_at_the_servers_machine() throws Exception {
    Browser before = server.administrator();
    before.put("/session/password", Map.of("password", OLD)).mustBe(204);

    Said said = link();

    assertThat(said.code()).as(said.err()).isZero();
    assertThat(said.out()).startsWith(server.publicUrl() + "/sign-in#token=").endsWith("\n");
    assertThat(said.err()).contains("admin@localhost (Administrator, owner of", "60 minutes");
    server.browser().post("/session", credentials(OLD)).mustBe(200);
    Browser by = server.browser();
    JsonNode session = by.post("/session/link", Map.of("token", token(said))).mustBe(200).json();
    assertThat(session.path("passwordSet").asBoolean()).isFalse();
    by.put("/session/password", Map.of("password", NEW)).mustBe(204);
    assertThat(before.get("/session").json().path("signedIn").asBoolean()).isFalse();
    server.browser().post("/session", credentials(OLD)).mustBeProblem(401, "sign_in_failed");
    server.browser().post("/session", credentials(NEW)).mustBe(200);
    by.put("/session/password", Map.of("password", OLD))
        .mustBeProblem(403, "current_password_wrong");
    server
        .browser()
        .post("/session/link", Map.of("token", token(said)))
        .mustBeProblem(410, "sign_in_link_used");

    assertThat(audited()).contains("operator sign_in_link.made", "member password.set");
    var audit = server.bean(AuditLog.class);
    assertThat(server.bean(Tenants.class).in(Tenants.FIRST, () -> audit.firstBroken(Tenants.FIRST)))
        .isEmpty();
  }

  @Test
  void a_newer_link_replaces_the_one_before_and_none_lasts_longer_than_an_hour() throws Exception {
    Said first = link();
    Said second = link();

    server
        .browser()
        .post("/session/link", Map.of("token", token(first)))
        .mustBeProblem(410, "sign_in_link_used");
    assertThat(text("SELECT max(expires_at - created_at)::text FROM sign_in_link"))
        .containsExactly("01:00:00");
    execute("UPDATE sign_in_link SET expires_at = now() - interval '1 second'");
    server
        .browser()
        .post("/session/link", Map.of("token", token(second)))
        .mustBeProblem(410, "sign_in_link_expired");
  }

  @Test
  void an_address_that_is_none_is_refused_and_leaves_the_link_before_in_force() {
    Said first = link("--url", "https://bell.example.org/");
    Said refused = link("--url", "nonsense");

    assertThat(first.out()).startsWith("https://bell.example.org/sign-in#token=");
    assertThat(refused.code()).isEqualTo(1);
    assertThat(refused.out()).isEmpty();
    assertThat(refused.err()).contains("`nonsense` is not an http or https URL");
    server.browser().post("/session/link", Map.of("token", token(first))).mustBe(200);
  }

  @Test
  void a_new_administrator_is_made_on_request() throws Exception {
    Said said = link("--new", "--email", "Grace@Example.org");

    assertThat(said.code()).as(said.err()).isZero();
    Browser grace = server.browser();
    JsonNode session = grace.post("/session/link", Map.of("token", token(said))).mustBe(200).json();
    assertThat(session.path("member").path("email").asString()).isEqualTo("grace@example.org");
    assertThat(session.path("member").path("role").asString()).isEqualTo("admin");
    assertThat(audited()).contains("operator member.created", "operator sign_in_link.made");

    Said again = link("--new", "--email", "grace@example.org");
    assertThat(again.code()).isEqualTo(1);
    assertThat(again.err()).contains("grace@example.org", "already", "--new");
  }

  @Test
  void several_administrators_and_organisations_are_named_and_asked_for() throws Exception {
    execute("INSERT INTO organisation (id, name) VALUES ('" + OTHER + "', 'Elsewhere')");
    execute(
        "INSERT INTO member (id, organisation_id, email, name, role) VALUES (gen_random_uuid(), '"
            + OTHER
            + "', 'admin@localhost', 'Eve', 'admin')");

    Said unclear = link();
    assertThat(unclear.code()).isEqualTo(1);
    assertThat(unclear.out()).isEmpty();
    assertThat(unclear.err())
        .contains(
            "--email and --organisation",
            "admin@localhost (Administrator, owner of Default organisation)",
            "admin@localhost (Eve, admin of Elsewhere)");
    assertThat(link("--email", "nobody@example.org").err())
        .contains("nobody@example.org", "(Eve, admin of Elsewhere)", "--new");
    assertThat(link("--organisation", "Nowhere").err()).contains("Nowhere", "Elsewhere", OTHER);
    assertThat(link("--new", "--email", "x@example.org").err()).contains("--organisation");
    assertThat(link("--new").err()).contains("--email");

    Said clear = link("--organisation", "Elsewhere", "--email", "admin@localhost");
    assertThat(clear.code()).as(clear.err()).isZero();
    JsonNode session =
        server.browser().post("/session/link", Map.of("token", token(clear))).mustBe(200).json();
    assertThat(session.path("organisation").path("name").asString()).isEqualTo("Elsewhere");
  }

  private Said link(String... further) {
    List<String> words = new ArrayList<>(List.of("admin", "link", "--config", config.toString()));
    words.addAll(List.of(further));
    return bell(words.toArray(String[]::new));
  }

  private static String token(Said said) {
    return said.out().strip().replaceFirst(".*#token=", "");
  }

  private static Map<String, String> credentials(String password) {
    return Map.of("email", "admin@localhost", "password", password);
  }

  private List<String> audited() throws SQLException {
    return text("SELECT actor_kind || ' ' || action FROM audit_record ORDER BY sequence");
  }

  private List<String> text(String query) throws SQLException {
    List<String> found = new ArrayList<>();
    try (var connection = database.superuser().getConnection();
        var statement = connection.createStatement();
        var rows = statement.executeQuery(query)) {
      while (rows.next()) {
        found.add(rows.getString(1));
      }
    }
    return found;
  }

  private void execute(String sql) throws SQLException {
    try (var connection = database.superuser().getConnection();
        var statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
