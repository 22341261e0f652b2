package io.bellfounder.e2e;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/** Looks for a text in every row of every table, as the superuser and so past every policy. */
final class DatabaseScan {

  private static final String TABLES =
      """
      SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname)
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
        AND n.nspname NOT LIKE 'pg_toast%'\
      """;

  private DatabaseScan() {}

  /** What was looked at and where the text was found, table by table. */
  record Found(List<String> tables, long rows, List<String> hits) {}

  /** Scans the embedded database below a data directory. */
  static Found inEmbedded(Path data, String text) {
    try {
      EmbeddedDatabase embedded = EmbeddedDatabase.below(data);
      List<String> tables = new ArrayList<>();
      List<String> hits = new ArrayList<>();
      long rows = 0;
      for (String database : databases(embedded)) {
        try (Connection connection = embedded.connect(database)) {
          for (String table : strings(connection, TABLES)) {
            tables.add(database + ":" + table);
            rows +=
                Long.parseLong(
                    strings(connection, "SELECT count(*)::text FROM " + table).getFirst());
            if (holds(connection, table, text)) {
              hits.add(database + ":" + table);
            }
          }
        }
      }
      return new Found(tables, rows, hits);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static List<String> databases(EmbeddedDatabase embedded) throws SQLException {
    try (Connection connection = embedded.connect("postgres")) {
      return strings(connection, "SELECT datname FROM pg_database WHERE datallowconn");
    }
  }

  private static boolean holds(Connection connection, String table, String text)
      throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            "SELECT 1 FROM " + table + " t WHERE position(? IN t::text) > 0 LIMIT 1")) {
      statement.setString(1, text);
      try (ResultSet rows = statement.executeQuery()) {
        return rows.next();
      }
    }
  }

  private static List<String> strings(Connection connection, String query) throws SQLException {
    List<String> found = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(query)) {
      while (rows.next()) {
        found.add(rows.getString(1));
      }
    }
    return found;
  }
}
