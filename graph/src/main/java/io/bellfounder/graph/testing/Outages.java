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

  private static void awaitServer(DataSource database) throws SQLException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (true) {
      try (Connection connection = database.getConnection();
          Statement statement = connection.createStatement()) {
        statement.execute("SELECT 1");
        return;
      } catch (SQLException e) {
        if (System.nanoTime() > deadline) {
          throw e;
        }
        LockSupport.parkNanos(20_000_000);
      }
    }
  }
}
