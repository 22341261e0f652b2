package io.bellfounder.server.tenant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bellfounder.server.Browser;
import io.bellfounder.server.TestServer;
import io.bellfounder.testing.TemporaryDatabase;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.web.bind.annotation.RequestMethod;
import org.springframework.web.servlet.mvc.method.RequestMappingInfo;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerMapping;
import tools.jackson.databind.JsonNode;

/**
 * No tenant sees another: generated from the database's own list of tables and the server's own
 * list of endpoints, so that what is added later is held to it too.
 */
final class TenantSeparationTest {
  private static final UUID OTHER = UUID.fromString("00000000-0000-7000-8000-0000000000f1");
  private static final UUID OTHER_ID = UUID.fromString("00000000-0000-7000-8000-0000000000f2");

  /** Public facts and numbers that grow; everything else belongs to somebody. */
  private static final Set<String> OF_NOBODY =
      Set.of("price_version", "revision", "master_key_check");

  @RegisterExtension static final TemporaryDatabase DATABASE = new TemporaryDatabase();
  @TempDir static Path data;
  private static TestServer server;
  private static Browser administrator;

  @BeforeAll
  static void start() throws Exception {
    server = TestServer.start(DATABASE, data);
    administrator = server.administrator();
    try (Connection connection = DATABASE.superuser().getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute("SET session_replication_role = replica");
      for (String table : tables(connection)) {
        if (!OF_NOBODY.contains(table)) {
          statement.execute(rowOf(connection, table));
        }
      }
    }
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Test
  void every_table_is_under_forced_row_level_security_or_of_nobody() throws SQLException {
    try (Connection connection = DATABASE.superuser().getConnection();
        ResultSet rows =
            connection
                .createStatement()
                .executeQuery(
                    """
                    SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
                        AND NOT (relrowsecurity AND relforcerowsecurity)
                    """)) {
      Set<String> open = new TreeSet<>();
      while (rows.next()) {
        open.add(rows.getString(1));
      }
      assertThat(open)
          .containsExactlyInAnyOrder(
              "flyway_schema_history", "price_version", "revision", "master_key_check");
    }
  }

  @Test
  void another_tenant_and_a_forgotten_one_see_and_change_nothing() throws SQLException {
    try (Connection superuser = DATABASE.superuser().getConnection();
        Connection app = server.bean(DataSource.class).getConnection();
        Statement statement = app.createStatement()) {
      app.setAutoCommit(false);
      List<String> tables = tables(superuser);
      assertThat(tables).hasSizeGreaterThan(10);
      for (String table : tables) {
        if (OF_NOBODY.contains(table)) {
          continue;
        }
        String theirs =
            (table.equals("organisation") ? "id" : "organisation_id") + " = '" + OTHER + "'";
        assertThat(count(superuser, table, theirs)).as(table).isEqualTo(1);
        for (String tenant : List.of(Tenants.FIRST.toString(), "")) {
          String set = "SELECT set_config('app.organisation', '" + tenant + "', true)";
          statement.execute(set);
          assertThat(count(app, table, theirs)).as("select " + table).isZero();
          app.rollback();
          mustTouchNothing(
              app,
              set,
              "UPDATE " + table + " SET " + anyColumn(superuser, table) + " WHERE " + theirs);
          mustTouchNothing(app, set, "DELETE FROM " + table + " WHERE " + theirs);
          statement.execute(set);
          assertThatThrownBy(() -> statement.execute(rowOf(superuser, table)))
              .as("insert " + table)
              .isInstanceOf(SQLException.class)
              .hasMessageMatching("(?s).*(row-level security|permission denied).*");
          app.rollback();
        }
      }
    }
  }

  @Test
  void the_value_that_tells_master_keys_apart_is_the_owners_alone() throws SQLException {
    try (Connection app = server.bean(DataSource.class).getConnection();
        Statement statement = app.createStatement()) {
      assertThatThrownBy(() -> statement.executeQuery("SELECT * FROM master_key_check"))
          .hasMessageContaining("permission denied");
      assertThatThrownBy(() -> statement.execute("DELETE FROM master_key_check"))
          .hasMessageContaining("permission denied");
    }
  }

  @Test
  void partitions_are_reached_through_their_parent_only() throws SQLException {
    try (Connection app = server.bean(DataSource.class).getConnection();
        Statement statement = app.createStatement()) {
      for (String partition : List.of("call_default", "attempt_default")) {
        assertThatThrownBy(() -> statement.executeQuery("SELECT * FROM " + partition))
            .hasMessageContaining("permission denied");
      }
    }
  }

  @Test
  void the_application_may_ask_for_months_to_come_and_they_are_sealed_too() throws SQLException {
    try (Connection app = server.bean(DataSource.class).getConnection();
        Statement statement = app.createStatement()) {
      statement.execute("SELECT prepare_partitions('2031-05-15', 2)");
      for (String partition : List.of("call_2031_05", "attempt_2031_06")) {
        assertThatThrownBy(() -> statement.executeQuery("SELECT * FROM " + partition))
            .hasMessageContaining("permission denied");
      }
    }
  }

  @Test
  void what_was_audited_cannot_be_changed_by_the_application() throws SQLException {
    try (Connection app = server.bean(DataSource.class).getConnection();
        Statement statement = app.createStatement()) {
      for (String change :
          List.of(
              "UPDATE audit_record SET action = 'x'",
              "DELETE FROM audit_record",
              "TRUNCATE audit_record")) {
        assertThatThrownBy(() -> statement.execute(change))
            .hasMessageContaining("permission denied");
      }
    }
  }

  @Test
  void every_endpoint_with_an_id_of_another_tenant_answers_404() {
    List<String> tried = new ArrayList<>();
    for (RequestMappingInfo endpoint : endpoints()) {
      for (String pattern : endpoint.getPatternValues()) {
        if (pattern.startsWith("/api/v1/") && pattern.contains("{")) {
          for (RequestMethod method : endpoint.getMethodsCondition().getMethods()) {
            String path =
                pattern.substring("/api/v1".length()).replaceAll("\\{[^}]+}", OTHER_ID.toString());
            administrator
                .send(
                    method.name(),
                    path,
                    method == RequestMethod.GET || method == RequestMethod.DELETE ? null : "{}")
                .mustBeProblem(404, "not_found");
            tried.add(method + " " + pattern);
          }
        }
      }
    }
    assertThat(tried).hasSizeGreaterThanOrEqualTo(2);
    administrator.get("/sessions/tree?sessionId=" + OTHER_ID).mustBeProblem(404, "not_found");
  }

  @Test
  void no_list_holds_anything_of_another_tenant() {
    for (String path :
        List.of(
            "/keys",
            "/calls",
            "/sessions",
            "/overview?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z&groupBy=key")) {
      JsonNode answer = administrator.get(path).mustBe(200).json();
      assertThat(answer.toString()).doesNotContain(OTHER_ID.toString()).doesNotContain("theirs");
    }
    assertThat(administrator.get("/connect").json().path("firstCall").isNull()).isTrue();
  }

  @Test
  void every_endpoint_but_the_open_ones_wants_a_signed_in_member() {
    Set<String> open =
        Set.of(
            "GET /api/v1/session",
            "POST /api/v1/session",
            "POST /api/v1/session/link",
            "DELETE /api/v1/session");
    int tried = 0;
    for (RequestMappingInfo endpoint : endpoints()) {
      for (String pattern : endpoint.getPatternValues()) {
        for (RequestMethod method : endpoint.getMethodsCondition().getMethods()) {
          if (pattern.startsWith("/api/v1/")
              && !pattern.startsWith("/api/v1/openapi")
              && !open.contains(method + " " + pattern)) {
            String path =
                pattern.substring("/api/v1".length()).replaceAll("\\{[^}]+}", OTHER_ID.toString());
            server
                .browser()
                .send(method.name(), path, method == RequestMethod.GET ? null : "{}")
                .mustBeProblem(401, "not_signed_in");
            tried++;
          }
        }
      }
    }
    assertThat(tried).isGreaterThan(8);
  }

  private static Set<RequestMappingInfo> endpoints() {
    return server
        .launched()
        .context()
        .getBean("requestMappingHandlerMapping", RequestMappingHandlerMapping.class)
        .getHandlerMethods()
        .keySet();
  }

  private static void mustTouchNothing(Connection app, String tenant, String change)
      throws SQLException {
    try (Statement statement = app.createStatement()) {
      statement.execute(tenant);
      assertThat(statement.executeUpdate(change)).as(change).isZero();
    } catch (SQLException refused) {
      assertThat(refused.getMessage()).contains("permission denied");
    } finally {
      app.rollback();
    }
  }

  private static int count(Connection connection, String table, String condition)
      throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery("SELECT count(*) FROM " + table + " WHERE " + condition)) {
      row.next();
      return row.getInt(1);
    }
  }

  /** Those that are no partition of another. */
  private static List<String> tables(Connection connection) throws SQLException {
    List<String> tables = new ArrayList<>();
    try (ResultSet rows =
        connection
            .createStatement()
            .executeQuery(
                """
                SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition
                    AND relnamespace = 'public'::regnamespace AND relname <> 'flyway_schema_history' ORDER BY 1
                """)) {
      while (rows.next()) {
        tables.add(rows.getString(1));
      }
    }
    return tables;
  }

  private static String anyColumn(Connection connection, String table) throws SQLException {
    String column = columns(connection, table).keySet().iterator().next();
    return column + " = " + column;
  }

  private static Map<String, String> columns(Connection connection, String table)
      throws SQLException {
    Map<String, String> columns = new java.util.LinkedHashMap<>();
    try (ResultSet rows =
        connection
            .createStatement()
            .executeQuery(
                "SELECT column_name, udt_name FROM information_schema.columns WHERE table_schema = 'public'"
                    + " AND is_nullable = 'NO' AND table_name = '"
                    + table
                    + "' ORDER BY ordinal_position")) {
      while (rows.next()) {
        columns.put(rows.getString(1), rows.getString(2));
      }
    }
    return columns;
  }

  /** An insertion of the other tenant's one row: every column that must be there. */
  private static String rowOf(Connection connection, String table) throws SQLException {
    Map<String, String> columns = columns(connection, table);
    List<String> values = new ArrayList<>();
    columns.forEach((column, type) ->
        values.add(
            column.equals("organisation_id") || table.equals("organisation") && column.equals("id")
                ? "'" + OTHER + "'"
                : value(column, type)));
    return "INSERT INTO %s (%s) VALUES (%s)"
        .formatted(table, String.join(", ", columns.keySet()), String.join(", ", values));
  }

  private static String value(String column, String type) {
    return switch (type) {
      case "uuid" -> "'" + OTHER_ID + "'";
      case "timestamptz" -> "'2026-01-01T12:00:00Z'";
      case "bool" -> "true";
      case "int4", "int8", "numeric" -> "1";
      case "bytea" -> "decode(repeat('ab', 32), 'hex')";
      case "_int8" -> "'{1}'";
      case "_text" -> "'{theirs}'";
      case "text" ->
          switch (column) {
            case "role" -> "'member'";
            case "session_id" -> "'" + OTHER_ID + "'";
            default -> "'theirs'";
          };
      default -> throw new IllegalStateException("no example of type " + type);
    };
  }
}
