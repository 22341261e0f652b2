package io.bellfounder.graph;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.stream.IntStream;
import javax.sql.DataSource;

/**
 * The tables, as plain numbered SQL. Nothing is created unless {@link #install} is called; workers
 * only look whether the schema is theirs. The table {@code migration} says which numbers have been
 * applied, whoever applied them.
 */
public final class GraphSchema {
  private static final List<String> MIGRATIONS =
      List.of("001-runs.sql", "002-state.sql", "003-references.sql");

  private GraphSchema() {}

  /** The number of the last migration that this version of the library knows. */
  public static int latest() {
    return MIGRATIONS.size();
  }

  /** All migrations in order, for a migration tool of the caller's; each notes that it is done. */
  public static List<String> sql(String schema) {
    return sql(schema, 0);
  }

  /**
   * The migrations that follow a number, in order. Each is to be applied in a transaction of its
   * own or with others, as a role that may create in the schema.
   *
   * @param applied the last one that is in the schema, 0 for none; see {@link #version}
   */
  public static List<String> sql(String schema, int applied) {
    check(schema);
    return IntStream.rangeClosed(applied + 1, latest())
        .mapToObj(n -> migration(schema, n))
        .toList();
  }

  /**
   * Brings the schema up to date, creating it if need be: all that is missing in one transaction,
   * under an advisory lock, so that several processes may do it at once.
   *
   * @throws IllegalStateException if the schema is newer than this library
   */
  public static void install(DataSource database, String schema) throws SQLException {
    check(schema);
    new Database(database, schema)
        .transaction(c -> {
          try (Statement statement = c.createStatement()) {
            // Also keeps two from creating the schema at once, which IF NOT EXISTS does not.
            statement.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended('bellfounder-graph/%s', 0))"
                    .formatted(schema));
            statement.execute("CREATE SCHEMA IF NOT EXISTS " + quoted(schema));
            int applied = version(c, schema);
            refuseNewer(schema, applied);
            for (String sql : sql(schema, applied)) {
              statement.execute(sql);
            }
          }
          return latest();
        });
  }

  /** The number of the last migration in the schema; 0 if there is none. */
  public static int version(DataSource database, String schema) throws SQLException {
    check(schema);
    try (Connection connection = database.getConnection()) {
      return version(connection, schema);
    }
  }

  /**
   * Refuses a schema that is not exactly this library's, saying what to do.
   *
   * @throws IllegalStateException if it is older or newer
   */
  public static void require(DataSource database, String schema) throws SQLException {
    int applied = version(database, schema);
    refuseNewer(schema, applied);
    if (applied < latest()) {
      throw new IllegalStateException(
          ("schema %s is at migration %d and this library needs %d: call GraphSchema.install, or"
                  + " apply what GraphSchema.sql(\"%s\", %d) gives")
              .formatted(schema, applied, latest(), schema, applied));
    }
  }

  private static void refuseNewer(String schema, int applied) {
    if (applied > latest()) {
      throw new IllegalStateException(
          ("schema %s is at migration %d and this library knows only %d: use the newer library;"
                  + " nothing was changed")
              .formatted(schema, applied, latest()));
    }
  }

  private static int version(Connection connection, String schema) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      String table = quoted(schema) + ".migration";
      try (var row = statement.executeQuery("SELECT to_regclass('" + table + "') IS NOT NULL")) {
        if (!row.next() || !row.getBoolean(1)) {
          return 0;
        }
      }
      try (var row = statement.executeQuery("SELECT coalesce(max(n), 0) FROM " + table)) {
        return row.next() ? row.getInt(1) : 0;
      }
    }
  }

  private static String migration(String schema, int n) {
    String file = MIGRATIONS.get(n - 1);
    return read(file).replace("${schema}", quoted(schema))
        + "\nINSERT INTO %s.migration (n, name) VALUES (%d, '%s');\n"
            .formatted(quoted(schema), n, file);
  }

  /** Any name will do, also one that is a word of SQL, such as {@code order}. */
  private static String quoted(String schema) {
    return '"' + schema + '"';
  }

  static void check(String schema) {
    if (!schema.matches("[a-z_][a-z0-9_]{0,62}")) {
      throw new IllegalArgumentException(
          ("schema name \"%s\": use small letters, digits and '_', no digit at its beginning, at most"
                  + " 63 characters")
              .formatted(schema));
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
