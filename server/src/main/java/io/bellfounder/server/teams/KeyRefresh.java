package io.bellfounder.server.teams;

import io.bellfounder.server.launch.DatabaseAccess;
import io.bellfounder.server.launch.DatabaseState;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the keys in memory up with the database, on a connection of its own: woken by a
 * notification, and looking at the revision twice a second in case that one is lost. With the
 * database away the last keys stay in force.
 */
final class KeyRefresh {
  private static final Logger LOG = LoggerFactory.getLogger(KeyRefresh.class);
  private static final int LOOK_MILLIS = 450;
  private static final int NETWORK_TIMEOUT_MILLIS = 3_000;
  private static final Executor DIRECT = Runnable::run;

  private final DatabaseAccess database;
  private final DatabaseState state;
  private final KeyMemory memory;
  private final SnapshotFile file;
  private final CountDownLatch closing = new CountDownLatch(1);
  private volatile @Nullable String problem;
  private @Nullable Thread thread;

  KeyRefresh(DatabaseAccess database, DatabaseState state, KeyMemory memory, SnapshotFile file) {
    this.database = database;
    this.state = state;
    this.memory = memory;
    this.file = file;
  }

  void start() {
    thread = Thread.ofPlatform().daemon().name("key-refresh").start(this::run);
  }

  void stop() {
    closing.countDown();
    if (thread != null) {
      thread.interrupt();
    }
  }

  /** Why the keys in memory may be old, or {@code null}. */
  @Nullable String problem() {
    return problem;
  }

  private void run() {
    try {
      while (!state.migrated()) {
        if (closing.await(50, TimeUnit.MILLISECONDS)) {
          return;
        }
      }
      do {
        try (Connection connection = database.app()) {
          connection.setNetworkTimeout(DIRECT, NETWORK_TIMEOUT_MILLIS);
          follow(connection);
        } catch (SQLException e) {
          if (closing.getCount() > 0 && problem == null) {
            problem = "keys are as of the last contact with the database";
            LOG.warn("The database is away; the last known keys stay in force: {}", e.getMessage());
          }
        }
      } while (!closing.await(250, TimeUnit.MILLISECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void follow(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("LISTEN bell_keys");
      while (closing.getCount() > 0) {
        long revision = revision(statement);
        if (revision != memory.snapshot().revision()) {
          load(connection, revision);
        }
        if (problem != null) {
          problem = null;
          LOG.info("The database is back; keys are up to date");
        }
        var _ = connection.unwrap(PGConnection.class).getNotifications(LOOK_MILLIS);
      }
    }
  }

  private static long revision(Statement statement) throws SQLException {
    try (ResultSet row =
        statement.executeQuery("SELECT value FROM revision WHERE subject = 'keys'")) {
      if (!row.next()) {
        throw new SQLException("the revision of keys is missing");
      }
      return row.getLong(1);
    }
  }

  private void load(Connection connection, long revision) throws SQLException {
    List<KnownKey> keys = new ArrayList<>();
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      statement.execute("SELECT set_config('app.task', 'key directory', true)");
      statement.setFetchSize(5_000);
      try (ResultSet row =
          statement.executeQuery(
              """
              SELECT k.secret_hmac, k.id, k.name, k.organisation_id, k.member_id, k.expires_at, k.revoked_at, m.name
              FROM api_key k LEFT JOIN member m ON m.id = k.member_id
              """)) {
        while (row.next()) {
          keys.add(
              new KnownKey(
                  HexFormat.of().formatHex(row.getBytes(1)),
                  row.getObject(2, UUID.class),
                  row.getString(3),
                  row.getObject(4, UUID.class),
                  row.getObject(5, UUID.class),
                  row.getString(8),
                  instant(row.getTimestamp(6)),
                  instant(row.getTimestamp(7))));
        }
      }
      connection.commit();
    } finally {
      connection.setAutoCommit(true);
    }
    KeySnapshot next = new KeySnapshot(revision, keys);
    memory.replace(next);
    file.write(next);
    LOG.debug("{} keys at revision {}", keys.size(), revision);
  }

  private static @Nullable Instant instant(@Nullable Timestamp value) {
    return value == null ? null : value.toInstant();
  }
}
