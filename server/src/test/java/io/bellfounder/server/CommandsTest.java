package io.bellfounder.server;

import static io.bellfounder.server.Said.bell;
import static org.assertj.core.api.Assertions.assertThat;

import io.bellfounder.postgres.DirectoryLock;
import io.bellfounder.postgres.EmbeddedPostgres;
import io.bellfounder.postgres.PostgresSettings;
import io.bellfounder.testing.FreePorts;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The words of the command line as scripts use them: output, messages, exit codes. */
final class CommandsTest {
  private static final String KEY = "bell_[0-9A-Za-z]{40}\n";

  @TempDir Path directory;

  @BeforeEach
  void openTheWay() throws IOException {
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx--x--x"));
  }

  @Test
  void a_key_is_printed_alone_before_the_first_start_and_beside_a_running_database()
      throws Exception {
    String data = directory.resolve("data").toString();

    Said first = bell("key", "create", "--name", "first", "--data", data);

    assertThat(first.code()).isZero();
    assertThat(first.out()).matches(KEY);
    // As a server holds them.
    try (DirectoryLock _ = DirectoryLock.take(Path.of(data));
        EmbeddedPostgres _ =
            EmbeddedPostgres.start(PostgresSettings.durable(Path.of(data, "postgres")))) {
      Said second = bell("key", "create", "--name", "second", "--data", data, "--expires", "30d");

      assertThat(second.code()).isZero();
      assertThat(second.out()).matches(KEY).isNotEqualTo(first.out());
      // The test holds the directory and says no address, so the configured one is taken.
      Said link = bell("admin", "link", "--data", data);
      assertThat(link.code()).isZero();
      assertThat(link.out()).matches("http://127\\.0\\.0\\.1:8080/sign-in#token=[\\w-]{43}\n");
      assertThat(link.err()).contains("admin@localhost (Administrator, owner of", "60 minutes");
    }
  }

  @Test
  void the_embedded_database_is_refused_under_another_master_key_and_keeps_its_own()
      throws Exception {
    String data = directory.resolve("data").toString();
    String other =
        config("security: { masterKey: '" + "0123456789abcdef".repeat(2) + "' }").toString();
    assertThat(bell("key", "create", "--name", "first", "--data", data).code()).isZero();

    Said refused = bell("key", "create", "--name", "x", "--data", data, "--config", other);

    assertThat(refused.code()).isEqualTo(1);
    assertThat(refused.err()).contains("another master key", "security.masterKey");
    assertThat(bell("key", "create", "--name", "second", "--data", data).code()).isZero();
    // As a server holds them.
    try (DirectoryLock _ = DirectoryLock.take(Path.of(data));
        EmbeddedPostgres _ =
            EmbeddedPostgres.start(PostgresSettings.durable(Path.of(data, "postgres")))) {
      assertThat(bell("key", "create", "--name", "x", "--data", data, "--config", other))
          .returns(1, Said::code)
          .satisfies(said -> assertThat(said.err()).contains("another master key"));
      assertThat(bell("doctor", "--data", data, "--config", other).out())
          .contains("✗ PostgreSQL: ", "another master key");
    }
  }

  @Test
  void a_key_needs_a_name_and_a_sensible_end() {
    String data = directory.resolve("data").toString();

    assertThat(bell("key", "create", "--data", data))
        .returns(2, Said::code)
        .satisfies(said -> assertThat(said.err()).contains("--name"));
    assertThat(bell("key", "create", "--name", "x", "--expires", "soon", "--data", data))
        .returns(1, Said::code)
        .satisfies(said -> assertThat(said.err()).contains("--expires", "30d"));
    assertThat(Path.of(data)).doesNotExist();
  }

  @Test
  void the_doctor_finds_nothing_on_a_good_machine_and_leaves_nothing_behind() throws IOException {
    Path data = directory.resolve("data");
    Path file = config("server: { port: 0 }");

    Said said = bell("doctor", "--data", data.toString(), "--config", file.toString());

    assertThat(said.out()).contains("✓ PostgreSQL: 18", "Nothing stands in the way.");
    assertThat(said.code()).isZero();
    assertThat(names(data)).containsExactly("lock");
  }

  @Test
  void the_doctor_names_what_is_wrong_and_how_to_mend_it() throws IOException {
    Path notADirectory = Files.writeString(directory.resolve("file"), "");

    Said unwritable = bell("doctor", "--data", notADirectory.resolve("below").toString());
    Said unknown = bell("doctor", "--config", config("server: { prot: 1 }").toString());

    assertThat(unwritable.code()).isEqualTo(1);
    assertThat(unwritable.out()).contains("✗ data directory", "--data");
    assertThat(unknown.code()).isEqualTo(1);
    assertThat(unknown.out()).contains("✗ configuration", "server.prot", "server.port");
  }

  @Test
  void a_missing_price_file_is_named_by_the_doctor_and_before_anything_starts() throws IOException {
    Path data = directory.resolve("data");
    String file = config("server: { port: 0 }\nprices: { file: '/absent.json' }").toString();

    Said doctor = bell("doctor", "--data", data.toString(), "--config", file);
    Said up = bell("up", "--data", data.toString(), "--config", file);

    assertThat(doctor.code()).isEqualTo(1);
    assertThat(doctor.out())
        .contains("✗ prices", "`prices.file`", "/absent.json", "it does not exist");
    assertThat(up.code()).isEqualTo(1);
    assertThat(up.err()).contains("`prices.file`", "it does not exist");
    assertThat(data.resolve("postgres")).doesNotExist();
  }

  @Test
  void a_refused_start_is_one_line_without_a_stack_trace() throws IOException {
    Path file = config("server: { prot: 1 }");

    Said said = bell("up", "--config", file.toString());

    assertThat(said.code()).isEqualTo(1);
    assertThat(said.err().lines()).hasSize(1);
    assertThat(said.err()).contains("line 1", "server.prot", "server.port");
  }

  @Test
  void a_held_data_directory_is_one_line_too() throws Exception {
    Path data = Files.createDirectories(directory.resolve("held"));
    try (DirectoryLock _ = DirectoryLock.take(data)) {
      Said said = bell("up", "--port", "0", "--data", data.toString());

      assertThat(said.code()).isEqualTo(1);
      assertThat(said.err().lines()).hasSize(1);
      assertThat(said.err()).contains("in use", "--data");
    }
  }

  @Test
  void a_port_that_is_taken_is_named_with_the_remedy() throws IOException {
    try (ServerSocket other = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
      String port = Integer.toString(other.getLocalPort());

      Said said = bell("up", "--port", port, "--data", directory.resolve("data").toString());

      assertThat(said.code()).isEqualTo(1);
      assertThat(said.err()).contains("port " + port, "--port");
    }
  }

  @Test
  void a_database_that_is_not_there_is_named_without_its_password() throws IOException {
    String data = directory.resolve("data").toString();
    String nobody = "postgres://bell:canary@127.0.0.1:" + FreePorts.one() + "/bell";
    String nowhere = "postgres://bell:canary@database.invalid/bell";
    Said refused =
        bell(
            "doctor",
            "--data",
            data,
            "--config",
            config("database: { url: \"" + nobody + "\" }").toString());
    Said unknown =
        bell(
            "key",
            "create",
            "--name",
            "x",
            "--data",
            data,
            "--config",
            config("database: { url: \"" + nowhere + "\" }").toString());

    assertThat(refused.code()).isEqualTo(1);
    assertThat(refused.out())
        .contains("✗ database", "127.0.0.1", "refused", "database.url")
        .doesNotContain("canary");
    assertThat(unknown.code()).isEqualTo(1);
    assertThat(unknown.err())
        .contains("database.invalid", "its host name was not found")
        .doesNotContain("canary");
  }

  @Test
  void an_unknown_word_is_refused_with_the_words_there_are() {
    Said said = bell("upp");

    assertThat(said.code()).isEqualTo(2);
    assertThat(said.err()).contains("upp", "up");
  }

  private Path config(String text) throws IOException {
    return Files.writeString(directory.resolve("bellfounder.yaml"), text + "\n");
  }

  private static Set<String> names(Path directory) throws IOException {
    Set<String> names = new TreeSet<>();
    try (var files = Files.list(directory)) {
      files.forEach(file -> names.add(file.getFileName().toString()));
    }
    return names;
  }
}
