package io.bellfounder.server.launch;

import io.bellfounder.postgres.PostgresAddress;
import io.bellfounder.server.config.BellConfig.Database;
import io.bellfounder.server.config.DatabaseUrl;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/**
 * The two sides from which a database is used: an owner, who runs the migrations, and the
 * application's own role, {@code <database>_app}, which owns nothing and cannot pass by row-level
 * security. Its password is derived from the master key, so that every node knows it.
 */
public final class DatabaseAccess {
  /** The database in the embedded cluster. */
  static final String EMBEDDED = "bellfounder";

  private static final int NAME_LENGTH_MAX = 63;
  private static final String INSUFFICIENT_PRIVILEGE = "42501";
  private static final String NO_SUCH_DATABASE = "3D000";
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final String jdbcUrl;
  private final @Nullable String owner;
  private final @Nullable String ownerPassword;
  private final String appPassword;
  private final byte[] keyCheck;
  private final @Nullable PostgresAddress embedded;
  private final String database;

  private DatabaseAccess(
      String jdbcUrl,
      @Nullable String owner,
      @Nullable String ownerPassword,
      MasterKey masterKey,
      @Nullable PostgresAddress embedded) {
    this.jdbcUrl = jdbcUrl;
    this.owner = owner;
    this.ownerPassword = ownerPassword;
    this.appPassword = password(masterKey, "app");
    this.keyCheck = masterKey.derive("database check");
    this.embedded = embedded;
    String path = jdbcUrl.substring(jdbcUrl.lastIndexOf('/') + 1);
    this.database = path.replaceFirst("\\?.*$", "");
  }

  /** An existing PostgreSQL. */
  public static DatabaseAccess external(Database config, MasterKey masterKey) {
    if (config.url() == null) {
      throw new IllegalArgumentException("no database.url");
    }
    DatabaseUrl url = DatabaseUrl.parse(config.url());
    return new DatabaseAccess(
        url.jdbc(),
        config.user() != null ? config.user() : url.user(),
        config.password() != null ? config.password().value() : url.password(),
        masterKey,
        null);
  }

  /** The embedded one. */
  public static DatabaseAccess embedded(PostgresAddress address, MasterKey masterKey) {
    return new DatabaseAccess(
        address.jdbcUrl(EMBEDDED),
        EMBEDDED + "_owner",
        password(masterKey, "owner"),
        masterKey,
        address);
  }

  private static String password(MasterKey masterKey, String role) {
    return HexFormat.of().formatHex(masterKey.derive("database role " + role));
  }

  public String jdbcUrl() {
    return jdbcUrl;
  }

  public String appRole() {
    String name = database + "_app";
    return name.length() <= NAME_LENGTH_MAX
        ? name
        : name.substring(name.length() - NAME_LENGTH_MAX);
  }

  String appPassword() {
    return appPassword;
  }

  /** A new connection of the owner; the caller closes it. */
  public Connection owner() throws SQLException {
    return connect(jdbcUrl, owner, ownerPassword, PATIENCE);
  }

  /** A new connection of the application's role, outside the pool; the caller closes it. */
  public Connection app() throws SQLException {
    return connect(jdbcUrl, appRole(), appPassword, PATIENCE);
  }

  private static Connection connect(
      String url, @Nullable String user, @Nullable String password, Duration patience)
      throws SQLException {
    Properties properties = new Properties();
    if (user != null) {
      properties.setProperty("user", user);
    }
    if (password != null) {
      properties.setProperty("password", password);
    }
    properties.setProperty("connectTimeout", "5");
    // Of the whole greeting: a database may accept a connection and then say nothing.
    properties.setProperty("loginTimeout", Long.toString(patience.toSeconds()));
    properties.setProperty("ApplicationName", "bellfounder");
    try {
      return DriverManager.getConnection(url, properties);
    } catch (SQLException e) {
      throw placed(url, e);
    }
  }

  /** The driver says of some failures only that there was one. */
  private static SQLException placed(String url, SQLException failure) {
    String why =
        switch (failure.getCause()) {
          case UnknownHostException _ -> "its host name was not found";
          case SocketTimeoutException _ -> "it did not answer within 5 s";
          case ConnectException _ -> "the connection was refused";
          case null, default -> null;
        };
    // Without the options, which may hold a secret.
    return why == null
        ? failure
        : new SQLException(
            "the database %s cannot be reached: %s".formatted(url.replaceFirst("\\?.*", ""), why),
            failure.getSQLState(),
            failure);
  }

  /**
   * Compares the master key with the one the database was made with. Says nothing of a database
   * that was never migrated.
   *
   * @throws LaunchRefused if they differ
   */
  void requireSameMasterKey(Duration patience) throws SQLException {
    // The embedded owner's password comes from the master key itself.
    try (Connection connection =
        embedded == null
            ? connect(jdbcUrl, owner, ownerPassword, patience)
            : connect(jdbcUrl, embedded.user(), embedded.password(), patience)) {
      connection.setNetworkTimeout(Runnable::run, Math.toIntExact(patience.toMillis()));
      requireSameMasterKey(connection);
    } catch (SQLException e) {
      if (embedded == null || !NO_SUCH_DATABASE.equals(e.getSQLState())) {
        throw e;
      }
    }
  }

  private void requireSameMasterKey(Connection connection) throws SQLException {
    if (!exists(
        connection, "SELECT 1 WHERE to_regclass(?) IS NOT NULL", "public.master_key_check")) {
      return;
    }
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("SELECT value FROM public.master_key_check")) {
      if (rows.next()
          && !MessageDigest.isEqual(rows.getBytes(1), keyCheck)
          && isBound(connection)) {
        throw new LaunchRefused(
            "the database %s belongs to another master key: put the key it was made with into master.key in the data directory, or set security.masterKey to it; all nodes on one database share it"
                .formatted(database));
      }
    }
  }

  /** A database in which no key was ever made, and which no node is using, loses nothing. */
  private boolean isBound(Connection connection) throws SQLException {
    // The table's size, as row-level security hides the rows from their owner too.
    try (PreparedStatement query =
        connection.prepareStatement(
            "SELECT pg_relation_size('public.api_key') > 0 OR EXISTS (SELECT FROM pg_stat_activity"
                + " WHERE datname = current_database() AND usename = ?)")) {
      query.setString(1, appRole());
      try (ResultSet rows = query.executeQuery()) {
        rows.next();
        return rows.getBoolean(1);
      }
    }
  }

  /**
   * Lets the application in, after the migrations. Of several nodes that start first at once under
   * different keys, one wins: the check and the role's password are written together or not at all.
   *
   * @throws LaunchRefused if the database was made under another master key
   */
  void open() throws SQLException {
    try (Connection connection = owner()) {
      connection.setAutoCommit(false);
      open(connection);
      connection.commit();
    } catch (SQLException e) {
      throw roleRefused(e);
    }
  }

  private void open(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        PreparedStatement write =
            connection.prepareStatement(
                "INSERT INTO public.master_key_check (value) VALUES (?)"
                    + " ON CONFLICT (only_row) DO UPDATE SET value = EXCLUDED.value")) {
      statement.execute("SET LOCAL lock_timeout = '10s'");
      statement.execute("LOCK TABLE public.master_key_check IN SHARE ROW EXCLUSIVE MODE");
      requireSameMasterKey(connection);
      write.setBytes(1, keyCheck);
      write.executeUpdate();
      // The same password on every node, so all of them may do this.
      statement.execute(
          "ALTER ROLE " + quoted(appRole()) + " LOGIN PASSWORD '" + appPassword + "'");
    }
  }

  /**
   * Makes what the migrations stand on: in the embedded cluster database and owner, everywhere the
   * application's role, which cannot sign in yet. May be repeated.
   */
  void prepare() throws SQLException {
    if (embedded != null) {
      prepareEmbedded(embedded);
    }
    try (Connection connection = owner();
        Statement statement = connection.createStatement()) {
      prepareAppRole(connection, statement);
      String role = quoted(appRole());
      statement.execute("GRANT CONNECT ON DATABASE " + quoted(database) + " TO " + role);
      statement.execute("GRANT USAGE ON SCHEMA public TO " + role);
      // What the owner makes from here on, the application may use; a migration takes back what it
      // must not do, such as changing the audit log.
      String defaults = "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ";
      statement.execute(defaults + "SELECT, INSERT, UPDATE, DELETE ON TABLES TO " + role);
      statement.execute(defaults + "USAGE, SELECT ON SEQUENCES TO " + role);
    }
  }

  private void prepareEmbedded(PostgresAddress address) throws SQLException {
    try (Connection connection =
            connect(address.jdbcUrl("postgres"), address.user(), address.password(), PATIENCE);
        Statement statement = connection.createStatement()) {
      String role = quoted(EMBEDDED + "_owner");
      if (!exists(connection, "SELECT 1 FROM pg_roles WHERE rolname = ?", EMBEDDED + "_owner")) {
        statement.execute("CREATE ROLE " + role + " NOSUPERUSER CREATEROLE NOBYPASSRLS");
      }
      statement.execute("ALTER ROLE " + role + " LOGIN PASSWORD '" + ownerPassword + "'");
      if (!exists(connection, "SELECT 1 FROM pg_database WHERE datname = ?", EMBEDDED)) {
        statement.execute("CREATE DATABASE " + quoted(EMBEDDED) + " OWNER " + role);
      }
    }
  }

  private void prepareAppRole(Connection connection, Statement statement) throws SQLException {
    String role = quoted(appRole());
    try {
      if (!exists(connection, "SELECT 1 FROM pg_roles WHERE rolname = ?", appRole())) {
        statement.execute("CREATE ROLE " + role + " NOSUPERUSER NOBYPASSRLS");
      }
    } catch (SQLException e) {
      throw roleRefused(e);
    }
  }

  private SQLException roleRefused(SQLException e) {
    return !INSUFFICIENT_PRIVILEGE.equals(e.getSQLState())
        ? e
        : new SQLException(
            "the user of database.url may not make or change the role %s: as an administrator, ALTER ROLE <that user> CREATEROLE, and drop the role if another user made it"
                .formatted(appRole()),
            e.getSQLState(),
            e);
  }

  private static boolean exists(Connection connection, String query, String name)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(query)) {
      statement.setString(1, name);
      try (ResultSet rows = statement.executeQuery()) {
        return rows.next();
      }
    }
  }

  private static String quoted(String name) {
    return '"' + name.replace("\"", "\"\"") + '"';
  }

  @Override
  public String toString() {
    return "DatabaseAccess[" + database + "]";
  }
}
