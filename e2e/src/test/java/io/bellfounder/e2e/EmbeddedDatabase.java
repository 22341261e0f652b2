package io.bellfounder.e2e;

import io.bellfounder.postgres.PostgresAddress;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;

/** The database below a data directory, entered as its superuser and so past every policy. */
final class EmbeddedDatabase {

  private final PostgresAddress address;

  private EmbeddedDatabase(PostgresAddress address) {
    this.address = address;
  }

  static EmbeddedDatabase below(Path data) {
    try {
      return new EmbeddedDatabase(
          PostgresAddress.of(data.resolve("postgres")).orElseThrow(() -> new AssertionError(data)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Connection connect(String database) throws SQLException {
    return DriverManager.getConnection(
        address.jdbcUrl(database), address.user(), address.password());
  }

  /** Changes rows of the product's own tables, and says how many. */
  int change(String sql) {
    try (Connection connection = connect("bellfounder");
        Statement statement = connection.createStatement()) {
      return statement.executeUpdate(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }
}
