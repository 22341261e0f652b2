package io.bellfounder.bench;

import io.bellfounder.postgres.EmbeddedPostgres;
import io.bellfounder.postgres.PostgresSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;

/**
 * One throw-away PostgreSQL for all contestants, as durable as the product's own: every commit is
 * on the disk before it is answered.
 */
record BenchCluster(EmbeddedPostgres postgres) implements AutoCloseable {

  /** The settings that differ from PostgreSQL's own, the same for everybody. */
  static final String SETTINGS = "max_connections 200, shared_buffers 512 MB, max_wal_size 8 GB";

  static BenchCluster start(Path directory) throws IOException, SQLException {
    Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
    Path runtime = temporary.resolve("bellfounder-postgres-" + System.getProperty("user.name"));
    if (!Files.isDirectory(runtime)) {
      Files.createDirectories(runtime);
      Files.setPosixFilePermissions(runtime, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
    PostgresSettings settings =
        new PostgresSettings(
            directory, runtime, true, Duration.ofMinutes(1), Duration.ofSeconds(20));
    // Made once to be told its settings, which count from the next start.
    try (BenchCluster first = new BenchCluster(EmbeddedPostgres.start(settings))) {
      first.execute("ALTER SYSTEM SET max_connections = 200");
      first.execute("ALTER SYSTEM SET shared_buffers = '512MB'");
      first.execute("ALTER SYSTEM SET max_wal_size = '8GB'");
    }
    return new BenchCluster(EmbeddedPostgres.start(settings));
  }

  /** An empty database. */
  BenchDatabase create(String name) throws SQLException {
    execute("CREATE DATABASE " + name);
    return new BenchDatabase(
        "postgres://%s:%s@127.0.0.1:%d/%s"
            .formatted(
                postgres.address().user(),
                postgres.address().password(),
                postgres.address().port(),
                name));
  }

  private void execute(String sql) throws SQLException {
    try (Connection connection =
            DriverManager.getConnection(
                postgres.address().jdbcUrl("postgres"),
                postgres.address().user(),
                postgres.address().password());
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  @Override
  public void close() {
    postgres.close();
  }
}
