package io.bellfounder.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

final class TemporaryDatabaseTest {
  @RegisterExtension final TemporaryDatabase database = new TemporaryDatabase();

  @Test
  void the_application_reads_and_writes_what_the_owner_made() throws SQLException {
    execute(database.owner(), "CREATE TABLE t (a int)");

    execute(database.app(), "INSERT INTO t VALUES (1)");

    assertThat(number(database.app(), "SELECT a FROM t")).isEqualTo(1);
  }

  @Test
  void the_application_cannot_make_a_table_or_pass_by_row_level_security() throws SQLException {
    execute(database.owner(), "CREATE TABLE t (a int); ALTER TABLE t ENABLE ROW LEVEL SECURITY");
    execute(database.owner(), "INSERT INTO t VALUES (1)");

    assertThat(number(database.app(), "SELECT count(*) FROM t")).isZero();
    assertThatThrownBy(() -> execute(database.app(), "CREATE TABLE u (a int)"))
        .hasMessageContaining("permission denied");
  }

  @Test
  void a_dropped_database_comes_back_empty() throws SQLException {
    execute(database.owner(), "CREATE TABLE t (a int)");

    database.drop();

    assertThat(number(database.owner(), "SELECT count(*) FROM pg_tables WHERE tablename = 't'"))
        .isZero();
  }

  private static void execute(DataSource source, String sql) throws SQLException {
    try (Connection connection = source.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static int number(DataSource source, String sql) throws SQLException {
    try (Connection connection = source.getConnection();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      assertThat(rows.next()).isTrue();
      return rows.getInt(1);
    }
  }
}
