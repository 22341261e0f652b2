package io.bellfounder.graph;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/** Statements under one schema name. */
record Database(DataSource source, String schema) {
  /** So long a transaction may wait for its next statement, in milliseconds. */
  private static final long IDLE_MAX_MILLIS = 15_000;

  /** Ends the transaction after that; an expression to be selected in its first statement. */
  static final String BOUND_IDLE =
      "set_config('idle_in_transaction_session_timeout', '" + IDLE_MAX_MILLIS + "', true)";

  /** Whether the server ended a transaction because of {@link #BOUND_IDLE}. */
  static boolean wasSilent(Throwable error) {
    for (Throwable e = error; e != null; e = e.getCause()) {
      if (e instanceof SQLException sql && "25P03".equals(sql.getSQLState())) {
        return true;
      }
    }
    return false;
  }

  /** A null whose type is known: a statement would be prepared anew where it changes. */
  private static final Object NO_TEXT = new Object();

  /** A value of a statement that may be null now and a text the next time. */
  static Object nullable(@Nullable String value) {
    return value == null ? NO_TEXT : value;
  }

  interface Work<T> {
    T in(Connection connection) throws SQLException;
  }

  interface Row<T> {
    T read(ResultSet row) throws SQLException;
  }

  Database {
    GraphSchema.check(schema);
  }

  /**
   * Several statements or none. A process that stands still between them holds locks that nobody
   * could pass by: the server ends the transaction after a while (see {@link #BOUND_IDLE}).
   */
  <T> T transaction(Work<T> work) throws SQLException {
    return begun(c -> {
      try (Statement statement = c.createStatement()) {
        statement.execute("SELECT " + BOUND_IDLE);
      }
      return work.in(c);
    });
  }

  /** The same for work that selects {@link #BOUND_IDLE} itself. */
  <T> T begun(Work<T> work) throws SQLException {
    try (Connection connection = source.getConnection()) {
      connection.setAutoCommit(false);
      try {
        T result = work.in(connection);
        connection.commit();
        return result;
      } catch (SQLException | RuntimeException e) {
        try {
          connection.rollback();
        } catch (SQLException also) {
          e.addSuppressed(also);
        }
        throw e;
      }
    }
  }

  /** Reads with several statements what one moment had; writes nothing. */
  <T> T snapshot(Work<T> work) throws SQLException {
    return begun(c -> {
      try (Statement statement = c.createStatement()) {
        statement.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");
      }
      return work.in(c);
    });
  }

  /** Work of one statement, which needs no transaction around it. */
  <T> T statement(Work<T> work) throws SQLException {
    try (Connection connection = source.getConnection()) {
      T result = work.in(connection);
      if (!connection.getAutoCommit()) {
        connection.commit();
      }
      return result;
    }
  }

  <T> List<T> query(Row<T> row, String sql, @Nullable Object... values) throws SQLException {
    try (Connection connection = source.getConnection()) {
      return query(connection, row, sql, values);
    }
  }

  <T> List<T> query(Connection connection, Row<T> row, String sql, @Nullable Object... values)
      throws SQLException {
    try (PreparedStatement statement = prepare(connection, sql, values);
        ResultSet rows = statement.executeQuery()) {
      List<T> all = new ArrayList<>();
      while (rows.next()) {
        all.add(row.read(rows));
      }
      return all;
    } catch (SQLException e) {
      throw explained(e);
    }
  }

  /**
   * Several statements in one round trip.
   *
   * @param which the one whose rows are wanted, from 0
   * @param sql with {@code ;} between statements
   */
  <T> List<T> queryOf(
      Connection connection, int which, Row<T> row, String sql, @Nullable Object... values)
      throws SQLException {
    try (PreparedStatement statement = prepare(connection, sql, values)) {
      statement.execute();
      for (int i = 0; i < which; i++) {
        statement.getMoreResults();
      }
      try (ResultSet rows = statement.getResultSet()) {
        List<T> all = new ArrayList<>();
        while (rows.next()) {
          all.add(row.read(rows));
        }
        return all;
      }
    } catch (SQLException e) {
      throw explained(e);
    }
  }

  int update(Connection connection, String sql, @Nullable Object... values) throws SQLException {
    try (PreparedStatement statement = prepare(connection, sql, values)) {
      return statement.executeUpdate();
    } catch (SQLException e) {
      throw explained(e);
    }
  }

  /** A newcomer's first error: what to do about tables that are not there. */
  private SQLException explained(SQLException e) {
    boolean missing = "42P01".equals(e.getSQLState()) || "3F000".equals(e.getSQLState());
    return missing
        ? new SQLException(
            "schema %s has not the engine's tables: call GraphSchema.install, or correct the name"
                .formatted(schema),
            e.getSQLState(),
            e)
        : e;
  }

  /** {@code ~.} in the statement stands for the schema; the result is given back as it is. */
  String text(String sql) {
    return sql.replace("~.", '"' + schema + "\".");
  }

  /** With its values set; strings, numbers, flags and ids may come as arrays. */
  PreparedStatement prepare(Connection connection, String sql, @Nullable Object... values)
      throws SQLException {
    PreparedStatement statement = connection.prepareStatement(text(sql));
    for (int i = 0; i < values.length; i++) {
      Object value = values[i];
      if (value instanceof String[] texts) {
        statement.setArray(i + 1, connection.createArrayOf("text", texts));
      } else if (value instanceof Long[] numbers) {
        statement.setArray(i + 1, connection.createArrayOf("bigint", numbers));
      } else if (value instanceof Boolean[] flags) {
        statement.setArray(i + 1, connection.createArrayOf("boolean", flags));
      } else if (value instanceof UUID[] ids) {
        statement.setArray(i + 1, connection.createArrayOf("uuid", ids));
      } else if (value == NO_TEXT) {
        statement.setNull(i + 1, Types.VARCHAR);
      } else {
        statement.setObject(i + 1, value);
      }
    }
    return statement;
  }
}
