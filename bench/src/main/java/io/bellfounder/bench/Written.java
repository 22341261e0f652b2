package io.bellfounder.bench;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import javax.sql.DataSource;

/**
 * What a database has written.
 *
 * @param walBytes of the whole cluster's log
 * @param diskBytes the database's tables and indexes
 */
record Written(long walBytes, long diskBytes) {
  static Written in(DataSource source) throws SQLException {
    try (Connection connection = source.getConnection();
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT pg_current_wal_insert_lsn() - '0/0', pg_database_size(current_database())")) {
      row.next();
      return new Written(row.getLong(1), row.getLong(2));
    }
  }

  Written since(Written before) {
    return new Written(walBytes - before.walBytes, diskBytes - before.diskBytes);
  }
}
