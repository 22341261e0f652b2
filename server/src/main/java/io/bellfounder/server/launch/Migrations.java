package io.bellfounder.server.launch;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.jdbc.datasource.AbstractDataSource;

/**
 * Brings the database to the schema of this release, trying until it is there: the process starts
 * and the gateway serves without it. Migrations are in {@code db/migration}; {@code ${appRole}} in
 * them is the application's role.
 */
final class Migrations {
  private static final Logger LOG = LoggerFactory.getLogger(Migrations.class);
  private static final Duration PAUSE_MAX = Duration.ofSeconds(10);

  private final DatabaseAccess access;
  private final DatabaseState state;
  private final Runnable whenReady;
  private final CountDownLatch closing = new CountDownLatch(1);

  /**
   * @param whenReady runs once, on the migrations' thread
   */
  Migrations(DatabaseAccess access, DatabaseState state, Runnable whenReady) {
    this.access = access;
    this.state = state;
    this.whenReady = whenReady;
  }

  void start() {
    Thread.ofVirtual().name("migrations").start(this::untilMigrated);
  }

  void stop() {
    closing.countDown();
  }

  private void untilMigrated() {
    Duration pause = Duration.ofMillis(250);
    String said = "";
    try {
      do {
        try {
          migrate(access);
          state.succeeded();
          whenReady.run();
          return;
        } catch (SQLException | FlywayException | LaunchRefused e) {
          if (closing.getCount() == 0) {
            LOG.info(
                "The stop came before the database was up to date; the next start goes on with it");
            return;
          }
          String words = words(e);
          state.failed(words);
          if (!words.equals(said)) {
            LOG.warn(
                "The database cannot be used yet; the gateway serves without it and this is tried again: {}",
                words);
            said = words;
          }
        }
        pause = pause.multipliedBy(2).compareTo(PAUSE_MAX) < 0 ? pause.multipliedBy(2) : PAUSE_MAX;
      } while (!closing.await(pause.toMillis(), TimeUnit.MILLISECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Prepares the roles and applies what is missing, once. The application's role can sign in only
   * after the master key was compared: under another key it would lock out the other nodes.
   *
   * @throws LaunchRefused if the database was made under another master key
   */
  static void migrate(DatabaseAccess access) throws SQLException {
    access.requireSameMasterKey(Duration.ofSeconds(10));
    access.prepare();
    int applied = flyway(access).migrate().migrationsExecuted;
    access.open();
    LOG.info("The database is up to date; {} migrations were applied", applied);
  }

  /** Whether another process has applied everything. */
  static boolean isCurrent(DatabaseAccess access) {
    return flyway(access).info().pending().length == 0;
  }

  private static Flyway flyway(DatabaseAccess access) {
    return Flyway.configure(Migrations.class.getClassLoader())
        .dataSource(ownerConnections(access))
        .placeholders(Map.of("appRole", access.appRole()))
        .locations("classpath:db/migration")
        .load();
  }

  private static DataSource ownerConnections(DatabaseAccess access) {
    return new AbstractDataSource() {
      @Override
      public Connection getConnection() throws SQLException {
        return access.owner();
      }

      @Override
      public Connection getConnection(String user, String password) throws SQLException {
        return access.owner();
      }
    };
  }

  /** An error's own words and its cause's, in one line. */
  static String words(Throwable error) {
    Throwable root = error;
    while (root.getCause() != null && !(root instanceof SQLException)) {
      root = root.getCause();
    }
    String message =
        root.getMessage() == null ? root.getClass().getSimpleName() : root.getMessage();
    return message.lines().findFirst().orElse("").strip();
  }
}
