package io.bellfounder.testing;

import io.bellfounder.postgres.PostgresAddress;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * An empty database with two roles: an owner that makes tables, and an application role that owns
 * nothing and cannot pass by row-level security. Registered in a static field with
 * {@code @RegisterExtension} it lives for the test class, in an instance field for one test; it
 * appears on first use. Without JUnit, call {@link #drop}.
 *
 * <p>The cluster behind it is one per JVM, see {@link TemporaryPostgres}.
 */
public final class TemporaryDatabase
    implements BeforeAllCallback, AfterEachCallback, AfterAllCallback {
  private static final AtomicInteger COUNT = new AtomicInteger();

  private final String name =
      "t_" + Long.toString(System.nanoTime(), 36) + "_" + COUNT.incrementAndGet();
  private final String password = "p" + Long.toString(System.nanoTime(), 36);
  private boolean forClass;
  private boolean made;

  /** The database's name, unique in the cluster. */
  public String name() {
    return name;
  }

  /** Signs in as the owner, who runs migrations. Each connection is a new one. */
  public DataSource owner() {
    return dataSource(ownerRole());
  }

  /** Signs in as the application. Each connection is a new one. */
  public DataSource app() {
    return dataSource(appRole());
  }

  /** Signs in as the cluster's superuser. */
  public DataSource superuser() {
    PostgresAddress address = address();
    return dataSource(address.user(), address.password());
  }

  /** May create roles, as a real installation's owner may. */
  public String ownerRole() {
    return name + "_owner";
  }

  /** Has {@code SELECT, INSERT, UPDATE, DELETE} on every table that the owner makes. */
  public String appRole() {
    return name + "_app";
  }

  /** The password of both roles. */
  public String password() {
    return password;
  }

  /** Without user and password. */
  public String jdbcUrl() {
    return address().jdbcUrl(name);
  }

  /** For {@code BELL_DATABASE_URL}, signing in as the owner. */
  public String url() {
    return "postgres://%s:%s@127.0.0.1:%d/%s"
        .formatted(ownerRole(), password, address().port(), name);
  }

  /**
   * From now on a commit of the owner outlives a crash of the server, which is else not so in this
   * cluster.
   */
  public void commitDurably() throws SQLException {
    try (Connection connection = superuser().getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute("ALTER ROLE " + ownerRole() + " SET synchronous_commit = on");
    }
  }

  /** Cuts all connections and deletes the database and its roles. A later use makes it anew. */
  public synchronized void drop() {
    if (!made) {
      return;
    }
    made = false;
    try (Connection connection = TemporaryPostgres.shared().connect("postgres");
        Statement statement = connection.createStatement()) {
      statement.execute("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)");
      statement.execute("DROP ROLE IF EXISTS " + appRole());
      statement.execute("DROP ROLE IF EXISTS " + ownerRole());
    } catch (SQLException e) {
      throw new IllegalStateException("database " + name + " cannot be dropped", e);
    }
  }

  private synchronized PostgresAddress address() {
    PostgresAddress address = TemporaryPostgres.shared().address();
    if (!made) {
      make();
      made = true;
    }
    return address;
  }

  private void make() {
    TemporaryPostgres postgres = TemporaryPostgres.shared();
    try (Connection connection = postgres.connect("postgres");
        Statement statement = connection.createStatement()) {
      String login = " LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD '" + password + "'";
      statement.execute("CREATE ROLE " + ownerRole() + login + " CREATEROLE");
      statement.execute("CREATE ROLE " + appRole() + login);
      statement.execute("GRANT " + appRole() + " TO " + ownerRole() + " WITH ADMIN OPTION");
      statement.execute("CREATE DATABASE " + name + " OWNER " + ownerRole());
    } catch (SQLException e) {
      throw new IllegalStateException("database " + name + " cannot be made", e);
    }
    try (Connection connection = postgres.connect(name);
        Statement statement = connection.createStatement()) {
      String defaults = "ALTER DEFAULT PRIVILEGES FOR ROLE " + ownerRole() + " GRANT ";
      statement.execute("GRANT USAGE ON SCHEMA public TO " + appRole());
      statement.execute(defaults + "SELECT, INSERT, UPDATE, DELETE ON TABLES TO " + appRole());
      statement.execute(defaults + "USAGE, SELECT ON SEQUENCES TO " + appRole());
    } catch (SQLException e) {
      throw new IllegalStateException("database " + name + " cannot be prepared", e);
    }
  }

  private DataSource dataSource(String user) {
    return dataSource(user, password);
  }

  private PGSimpleDataSource dataSource(String user, @Nullable String secret) {
    PGSimpleDataSource source = new PGSimpleDataSource();
    source.setUrl(jdbcUrl());
    source.setUser(user);
    source.setPassword(secret);
    return source;
  }

  @Override
  public void beforeAll(ExtensionContext context) {
    forClass = true;
  }

  @Override
  public void afterEach(ExtensionContext context) {
    if (!forClass) {
      drop();
    }
  }

  @Override
  public void afterAll(ExtensionContext context) {
    drop();
  }
}
