package io.bellfounder.graph;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import javax.sql.DataSource;

/** The tables, as plain numbered SQL. Nothing is created unless {@link #install} is called. */
public final class GraphSchema {
  private static final List<String> MIGRATIONS = List.of("001-runs.sql");

  private GraphSchema() {}

  /** All migrations in order, for a migration tool of the caller's. */
  public static List<String> sql(String schema) {
    check(schema);
    return MIGRATIONS.stream().map(file -> read(file).replace("${schema}", schema)).toList();
  }

  /** Creates schema and tables in one transaction; for a schema that has none of them yet. */
  public static void install(DataSource database, String schema) throws SQLException {
    check(schema);
    try (Connection connection = database.getConnection();
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.execute("CREATE SCHEMA IF NOT EXISTS " + schema);
      for (String sql : sql(schema)) {
        statement.execute(sql);
      }
      connection.commit();
    }
  }

  static void check(String schema) {
    if (!schema.matches("[a-z_][a-z0-9_]{0,62}")) {
      throw new IllegalArgumentException(
          "schema name: small letters, digits and '_', at most 63 characters");
    }
  }

  private static String read(String file) {
    try (InputStream in = GraphSchema.class.getResourceAsStream(file)) {
      if (in == null) {
        throw new IllegalStateException(file + " is missing from the jar");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
