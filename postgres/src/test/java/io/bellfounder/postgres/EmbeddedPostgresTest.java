package io.bellfounder.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real clusters, real processes, real kills. Durable settings throughout. */
final class EmbeddedPostgresTest {
  @TempDir Path temporary;

  private Path directory;
  private PostgresSettings settings;

  @BeforeEach
  void openTheWay() throws IOException {
    Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString("rwx--x--x"));
    directory = temporary.resolve("postgres");
    settings = settings(directory);
  }

  @Test
  void what_was_written_is_there_after_a_restart_at_the_same_port() throws SQLException {
    int port;
    try (EmbeddedPostgres postgres = EmbeddedPostgres.start(settings)) {
      port = postgres.address().port();
      execute(postgres, "CREATE TABLE t AS SELECT 42 AS a");
    }

    try (EmbeddedPostgres postgres = EmbeddedPostgres.start(settings)) {
      assertThat(value(postgres, "SELECT a FROM t")).isEqualTo("42");
      assertThat(postgres.address().port()).isEqualTo(port);
    }
  }

  @Test
  void another_port_is_taken_when_the_remembered_one_is_in_use() throws Exception {
    int port;
    try (EmbeddedPostgres postgres = EmbeddedPostgres.start(settings)) {
      port = postgres.address().port();
    }

    try (ServerSocket other = new ServerSocket(port, 1, InetAddress.ofLiteral("127.0.0.1"));
        EmbeddedPostgres postgres = EmbeddedPostgres.start(settings)) {
      assertThat(postgres.address().port()).isNotEqualTo(other.getLocalPort());
      assertThat(PostgresAddress.of(directory)).contains(postgres.address());
    }
  }

  @Test
  void settings_are_durable_and_the_loopback_is_the_only_way_in() throws SQLException {
    try (EmbeddedPostgres postgres = EmbeddedPostgres.start(settings)) {
      assertThat(value(postgres, "SHOW fsync")).isEqualTo("on");
      assertThat(value(postgres, "SHOW synchronous_commit")).isEqualTo("on");
      assertThat(value(postgres, "SHOW full_page_writes")).isEqualTo("on");
      assertThat(value(postgres, "SHOW data_checksums")).isEqualTo("on");
      assertThat(value(postgres, "SHOW listen_addresses")).isEqualTo("127.0.0.1");
      assertThat(value(postgres, "SHOW unix_socket_directories")).isEmpty();
      assertThat(value(postgres, "SHOW server_encoding")).isEqualTo("UTF8");
      assertThat(value(postgres, "SELECT datlocale FROM pg_database WHERE datname = 'postgres'"))
          .isEqualTo("C.UTF-8");
    }
  }

  @Test
  void nobody_gets_in_without_the_password() throws IOException {
    try (EmbeddedPostgres postgres = EmbeddedPostgres.start(settings)) {
      PostgresAddress address = postgres.address();

      assertThatThrownBy(
              () -> DriverManager.getConnection(address.jdbcUrl("postgres"), "postgres", "wrong"))
          .hasMessageContaining("password authentication failed");

      assertThat(Files.getPosixFilePermissions(directory.resolve("password")))
          .isEqualTo(PosixFilePermissions.fromString("rw-------"));
      assertThat(address.toString()).doesNotContain(address.password());
    }
  }

  @Test
  void the_servers_user_finds_none_of_our_variables_which_may_be_secrets() throws IOException {
    try (EmbeddedPostgres postgres = EmbeddedPostgres.start(settings)) {
      String environment = Files.readString(Path.of("/proc/" + postgres.pid() + "/environ"));

      assertThat(environment.split("\0"))
          .contains("LC_ALL=C")
          .allMatch(variable -> variable.matches("(?s)(PATH|LD_LIBRARY_PATH|TMPDIR|LC_ALL)=.*"));
    }
  }

  @Test
  void who_listens_at_the_port_while_the_server_is_down_is_not_told_the_password()
      throws Exception {
    try (ServerSocket other = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
      CompletableFuture<String> told =
          CompletableFuture.supplyAsync(() -> askedForThePassword(other));
      var address = new PostgresAddress(other.getLocalPort(), "postgres", "the password");

      assertThatThrownBy(() -> connect(address)).isInstanceOf(SQLException.class);
      assertThat(told.get(10, TimeUnit.SECONDS)).doesNotContain("the password");
    }
  }

  /** Answers a connection with AuthenticationCleartextPassword, and returns what came then. */
  private static String askedForThePassword(ServerSocket server) {
    try (Socket client = server.accept()) {
      var in = new DataInputStream(client.getInputStream());
      in.readNBytes(in.readInt() - Integer.BYTES);
      client.getOutputStream().write(new byte[] {'R', 0, 0, 0, 8, 0, 0, 0, 3});
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void others_may_not_read_the_log() throws IOException {
    try (EmbeddedPostgres _ = EmbeddedPostgres.start(settings)) {
      assertThat(Files.getPosixFilePermissions(directory.resolve("postgres.log")))
          .isEqualTo(PosixFilePermissions.fromString("rw-------"));
    }
  }

  @Test
  void root_never_runs_the_server_itself() throws IOException {
    try (EmbeddedPostgres postgres = EmbeddedPostgres.start(settings)) {
      Object uid = Files.getAttribute(Path.of("/proc/" + postgres.pid()), "unix:uid");

      assertThat(uid).isNotEqualTo(0);
    }
  }

  @Test
  void a_cluster_stays_with_the_user_whose_it_is() throws Exception {
    EmbeddedPostgres.start(settings).close();
    Path cluster = directory.resolve("cluster");
    boolean root = GuestUser.run(List.of("id", "-u")).said().equals("0");
    if (root) {
      assertThat(GuestUser.run(List.of("chown", "-R", "1:1", cluster.toString())).code()).isZero();
    }

    // As root a command on another's data, such as a new key, must not lock its owner out.
    try (EmbeddedPostgres postgres = EmbeddedPostgres.start(settings)) {
      assertThat(Files.getAttribute(Path.of("/proc/" + postgres.pid()), "unix:uid"))
          .isEqualTo(Files.getAttribute(cluster, "unix:uid"));
      assertThat(value(postgres, "SELECT 1")).isEqualTo("1");
    }
  }

  @Test
  void a_directory_below_a_closed_one_is_reached_or_refused_with_the_remedy()
      throws IOException, SQLException {
    Path closed = Files.createDirectory(temporary.resolve("closed"));
    Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("rwx------"));
    // Binaries beside the data, as an installation has them.
    PostgresSettings inside = PostgresSettings.durable(closed.resolve("postgres"));

    try (EmbeddedPostgres postgres = EmbeddedPostgres.start(inside)) {
      assertThat(value(postgres, "SELECT 1")).isEqualTo("1");
    } catch (PostgresException refused) {
      // A container that forbids mount namespaces.
      assertThat(refused).hasMessageContaining("--data");
    }
    assertThat(Files.getPosixFilePermissions(closed))
        .isEqualTo(PosixFilePermissions.fromString("rwx------"));
  }

  @Test
  void a_second_instance_is_refused_and_told_who_holds_the_directory() throws Exception {
    try (EmbeddedPostgres _ = EmbeddedPostgres.start(settings);
        ChildProgram child = ChildProgram.holding(directory, settings.runtime())) {
      String pid = Long.toString(ProcessHandle.current().pid());

      assertThat(child.word())
          .startsWith("refused")
          .contains(directory.toString(), "process " + pid, "kill " + pid);
      assertThatThrownBy(() -> EmbeddedPostgres.start(settings))
          .isInstanceOf(PostgresException.class)
          .hasMessageContaining("in use");
    }
  }

  @Test
  void a_killed_parent_takes_the_server_along_and_loses_nothing_that_was_committed()
      throws Exception {
    for (int round = 1; round <= 3; round++) {
      try (ChildProgram child = ChildProgram.holding(directory, settings.runtime())) {
        assertThat(child.word()).startsWith("ready");
        PostgresAddress address = PostgresAddress.of(directory).orElseThrow();
        try (Connection connection = connect(address);
            Statement statement = connection.createStatement()) {
          statement.execute("CREATE TABLE IF NOT EXISTS t (round int)");
          statement.execute("INSERT INTO t VALUES (" + round + ")");
          child.kill();
        }
      }
      // No pause: the start itself waits for what is still going down.
      try (EmbeddedPostgres postgres = EmbeddedPostgres.start(settings)) {
        assertThat(value(postgres, "SELECT count(*) FROM t")).isEqualTo(Integer.toString(round));
      }
    }
  }

  @Test
  void a_server_that_dies_is_started_again_at_the_same_address() throws Exception {
    try (EmbeddedPostgres postgres = EmbeddedPostgres.start(settings)) {
      execute(postgres, "CREATE TABLE t AS SELECT 1 AS a");
      long before = postgres.pid();

      ProcessHandle.of(before).orElseThrow().destroyForcibly();

      await(() -> postgres.pid() != before && value(postgres, "SELECT a FROM t").equals("1"));
    }
  }

  @Test
  void a_log_that_somebody_took_away_does_not_make_the_server_look_dead() throws Exception {
    try (EmbeddedPostgres postgres = EmbeddedPostgres.start(settings)) {
      long pid = postgres.pid();
      Files.delete(directory.resolve("postgres.log"));

      assertThatThrownBy(() -> await(Duration.ofSeconds(5), () -> postgres.pid() != pid))
          .hasMessage("not within 5 s");
      assertThat(value(postgres, "SELECT 1")).isEqualTo("1");
    }
  }

  @Test
  void its_processes_go_after_others_also_where_linux_shares_processors_among_sessions()
      throws Exception {
    try (EmbeddedPostgres postgres = EmbeddedPostgres.start(settings);
        Connection connection = connect(postgres.address());
        Statement statement = connection.createStatement();
        ResultSet backend = statement.executeQuery("SELECT pg_backend_pid()")) {
      assertThat(backend.next()).isTrue();
      Path session = Path.of("/proc", backend.getString(1), "autogroup");
      assumeThat(session).isReadable();
      assumeThat(Files.readString(session)).as("it shares among sessions").isNotBlank();

      await(() -> Files.readString(session).strip().endsWith("nice 10"));
    }
  }

  @Test
  void closing_leaves_no_process_behind() throws Exception {
    long pid;
    try (EmbeddedPostgres postgres = EmbeddedPostgres.start(settings)) {
      pid = postgres.pid();
    }

    assertThat(ProcessHandle.of(pid).filter(ProcessHandle::isAlive)).isEmpty();
    assertThat(directory.resolve("cluster/postmaster.pid")).doesNotExist();
    assertThat(Files.readString(directory.resolve("postgres.log")))
        .contains("database system is shut down");
  }

  @Test
  void a_cluster_of_another_major_version_is_refused_and_left_untouched() throws IOException {
    Path cluster = Files.createDirectories(directory.resolve("cluster"));
    Files.writeString(cluster.resolve("PG_VERSION"), "16\n");

    assertThatThrownBy(() -> EmbeddedPostgres.start(settings))
        .isInstanceOf(PostgresException.class)
        .hasMessageContaining("made by PostgreSQL 16")
        .hasMessageContaining("pg_dump 16");

    assertThat(cluster).isDirectoryNotContaining(file -> !file.endsWith("PG_VERSION"));
    assertThat(Files.readString(cluster.resolve("PG_VERSION"))).isEqualTo("16\n");
  }

  @Test
  void a_pid_file_that_names_a_stranger_does_not_keep_the_server_down() throws Exception {
    try (EmbeddedPostgres _ = EmbeddedPostgres.start(settings)) {
      // Makes the cluster.
    }
    Path pidFile = directory.resolve("cluster/postmaster.pid");
    // A stranger that would pass for a postmaster: alive, and of the user that runs the server.
    Process stranger = GuestUser.of(directory).command(List.of("sleep", "60")).start();
    try {
      Files.writeString(pidFile, stranger.pid() + "\n");

      try (EmbeddedPostgres postgres = EmbeddedPostgres.start(settings)) {
        assertThat(value(postgres, "SELECT 1")).isEqualTo("1");
      }
      assertThat(stranger.isAlive()).isTrue();
    } finally {
      stranger.destroyForcibly().waitFor(5, TimeUnit.SECONDS);
    }
  }

  @Test
  void a_first_start_that_was_cut_off_is_begun_anew() throws Exception {
    Path half = Files.createDirectories(directory.resolve("cluster.new"));
    Files.writeString(half.resolve("PG_VERSION"), "18\n");

    try (EmbeddedPostgres postgres = EmbeddedPostgres.start(settings)) {
      assertThat(value(postgres, "SELECT 1")).isEqualTo("1");
    }
  }

  @Test
  void binaries_that_were_damaged_are_unpacked_again() throws Exception {
    Path own = temporary.resolve("own-runtime");
    PostgresSettings apart =
        new PostgresSettings(directory, own, true, Duration.ofMinutes(1), Duration.ofSeconds(10));
    Files.createDirectory(own);
    Files.setPosixFilePermissions(own, PosixFilePermissions.fromString("rwxr-xr-x"));
    Path initdb = Distribution.in(own).program("initdb");
    Files.writeString(initdb, "cut");

    try (EmbeddedPostgres postgres = EmbeddedPostgres.start(apart)) {
      assertThat(value(postgres, "SELECT 1")).isEqualTo("1");
    }
    try (var left = Files.list(own)) {
      assertThat(left).hasSize(1);
    }
  }

  @Test
  void statements_and_their_values_stay_out_of_the_log() throws Exception {
    try (EmbeddedPostgres postgres = EmbeddedPostgres.start(settings)) {
      execute(postgres, "CREATE TABLE t (a text PRIMARY KEY)");
      execute(postgres, "INSERT INTO t VALUES ('canary')");
      assertThatThrownBy(() -> execute(postgres, "INSERT INTO t VALUES ('canary')"))
          .isInstanceOf(SQLException.class);
    }

    assertThat(Files.readString(directory.resolve("postgres.log")))
        .contains("duplicate key")
        .doesNotContain("canary");
  }

  /** The binaries are shared by all tests of this machine's user, as unpacking takes a second. */
  private static PostgresSettings settings(Path directory) throws IOException {
    Path runtime =
        Path.of(
            System.getProperty("java.io.tmpdir"),
            "bellfounder-postgres-" + System.getProperty("user.name"));
    Files.createDirectories(runtime);
    Files.setPosixFilePermissions(runtime, PosixFilePermissions.fromString("rwxr-xr-x"));
    return new PostgresSettings(
        directory, runtime, true, Duration.ofMinutes(1), Duration.ofSeconds(20));
  }

  private static Connection connect(PostgresAddress address) throws SQLException {
    return DriverManager.getConnection(
        address.jdbcUrl("postgres"), address.user(), address.password());
  }

  private static void execute(EmbeddedPostgres postgres, String sql) throws SQLException {
    try (Connection connection = connect(postgres.address());
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static String value(EmbeddedPostgres postgres, String sql) throws SQLException {
    try (Connection connection = connect(postgres.address());
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      assertThat(rows.next()).isTrue();
      return rows.getString(1);
    }
  }

  private static void await(Callable<Boolean> condition) {
    await(Duration.ofSeconds(30), condition);
  }

  private static void await(Duration atMost, Callable<Boolean> condition) {
    long deadline = System.nanoTime() + atMost.toNanos();
    while (System.nanoTime() - deadline < 0) {
      try {
        if (condition.call()) {
          return;
        }
      } catch (Exception notYet) {
        // The server is between two lives.
      }
      LockSupport.parkNanos(20_000_000);
    }
    throw new AssertionError("not within " + atMost.toSeconds() + " s");
  }
}
