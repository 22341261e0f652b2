package io.bellfounder.server.dataplane;

import java.sql.SQLException;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DataAccessException;
import org.springframework.transaction.TransactionException;

/** Tells a record that the database will never take from a database that cannot take any. */
final class FinalRefusal {
  /**
   * Classes of SQLSTATE that speak of values: data exception, cardinality violation, integrity
   * constraint violation, program limit exceeded (such as a value too long for an index).
   */
  private static final Set<String> OF_VALUES = Set.of("21", "22", "23", "54");

  private static final int CAUSES_MAX = 20;

  private FinalRefusal() {}

  /**
   * Whether the next attempt would end the same way. A failure of ours on the way to the database,
   * such as a value that cannot be bound, counts as the record's.
   */
  static boolean isFinal(RuntimeException failure) {
    String state = sqlState(failure);
    return state == null
        ? !(failure instanceof DataAccessException || failure instanceof TransactionException)
        : state.length() == 5 && OF_VALUES.contains(state.substring(0, 2));
  }

  /** For the log: names no value. */
  static String code(RuntimeException failure) {
    String state = sqlState(failure);
    return state == null ? failure.getClass().getSimpleName() : "SQLSTATE " + state;
  }

  /** For the log: one line, without the statement and without the row. */
  static String line(Exception failure) {
    SQLException sql = sql(failure);
    if (sql == null) {
      return failure.toString();
    }
    String message = String.valueOf(sql.getMessage()).lines().findFirst().orElse("");
    return "SQLSTATE " + sql.getSQLState() + ": " + message;
  }

  /** For the file beside the record, which holds the values anyway. */
  static String words(RuntimeException failure) {
    SQLException sql = sql(failure);
    String message = sql == null ? failure.toString() : sql.getMessage();
    return code(failure) + ": " + message;
  }

  private static @Nullable String sqlState(Throwable failure) {
    SQLException sql = sql(failure);
    return sql == null ? null : sql.getSQLState();
  }

  private static @Nullable SQLException sql(Throwable failure) {
    Throwable cause = failure;
    for (int depth = 0; cause != null && depth < CAUSES_MAX; depth++, cause = cause.getCause()) {
      if (cause instanceof SQLException sql) {
        return sql;
      }
    }
    return null;
  }
}
