package io.bellfounder.graph.testing;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import javax.sql.DataSource;

/** What a database server goes through, on purpose. For servers that serve tests only. */
public final class Outages {
  private static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(60);
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  private Outages() {}

  /**
   * Crashes the whole server, as by {@code kill -9}: one of its processes is killed, so it drops
   * all others with their transactions, and starts anew from its log, at the same address. Returns
   * when it serves again, within 60 s. The server is on this machine and may be killed by this
   * user.
   *
   * @throws IllegalStateException if commits are not durable there ({@code synchronous_commit} is
   *     off): then nothing could be promised
   */
  public static void crash(DataSource database) throws SQLException {
    try (Connection witness = database.getConnection()) {
      try (Connection connection = database.getConnection();
          Statement statement = connection.createStatement();
          ResultSet row =
              statement.executeQuery(
                  "SELECT pg_backend_pid(), current_setting('synchronous_commit')")) {
        row.next();
        if (row.getString(2).equals("off")) {
          throw new IllegalStateException("synchronous_commit is off: a crash loses commits");
        }
        WorkerProcess.signal("KILL", row.getLong(1));
      }
      awaitEnd(witness);
    }
    awaitServer(database);
  }

  /** Ends all connections to this database but its own: {@code pg_terminate_backend}. */
  public static void terminateBackends(DataSource database) throws SQLException {
    try (Connection connection = database.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
              + " AND usename = current_user AND pid <> pg_backend_pid()");
    }
  }

  /** The server serves on until it notices; what it answers before that says nothing. */
  private static void awaitEnd(Connection witness) {
    long deadline = System.nanoTime() + LIMIT_NANOS;
    while (System.nanoTime() - deadline < 0) {
      try (Statement statement = witness.createStatement()) {
        statement.execute("SELECT 1");
      } catch (SQLException e) {
        return; // As expected: it was dropped with all others.
      }
      LockSupport.parkNanos(PAUSE_NANOS);
    }
    throw new IllegalStateException("the server has not crashed");
  }

  private static void awaitServer(DataSource database) throws SQLException {
    long deadline = System.nanoTime() + LIMIT_NANOS;
    while (true) {
      LockSupport.parkNanos(PAUSE_NANOS);
      try (Connection connection = database.getConnection();
          Statement statement = connection.createStatement()) {
        statement.execute("SELECT 1");
        return;
      } catch (SQLException e) {
        if (System.nanoTime() - deadline > 0) {
          throw e;
        }
      }
    }
  }
}
