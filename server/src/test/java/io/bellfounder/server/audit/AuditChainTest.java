package io.bellfounder.server.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bellfounder.server.Browser;
import io.bellfounder.server.TestServer;
import io.bellfounder.server.tenant.Tenants;
import io.bellfounder.testing.TemporaryDatabase;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

final class AuditChainTest {
  @RegisterExtension final TemporaryDatabase database = new TemporaryDatabase();
  @TempDir Path data;
  private TestServer server;
  private Browser administrator;

  @BeforeEach
  void start() throws InterruptedException {
    server = TestServer.start(database, data);
    administrator = server.administrator();
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void changes_at_the_same_time_make_one_unbroken_chain() throws Exception {
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Callable<Integer>> changes =
          IntStream.range(0, 20)
              .mapToObj(n ->
                  (Callable<Integer>)
                      () -> administrator().post("/keys", Map.of("name", "k" + n)).status())
              .toList();
      for (var done : threads.invokeAll(changes)) {
        assertThat(done.get()).isEqualTo(201);
      }
    }

    assertThat(firstBroken()).isEmpty();
    assertThat(count("action = 'key.created'")).isEqualTo(20);
  }

  /** A browser is for one thread. */
  private Browser administrator() {
    Browser same = server.browser();
    return same.with("cookie", administrator.cookie());
  }

  @Test
  void a_record_that_was_changed_or_taken_out_shows() throws Exception {
    for (int i = 0; i < 4; i++) {
      administrator.post("/keys", Map.of("name", "k" + i)).mustBe(201);
    }
    assertThat(firstBroken()).isEmpty();

    execute("UPDATE audit_record SET detail = 'name=other' WHERE sequence = 4");
    assertThat(firstBroken()).hasValue(4);

    execute("DELETE FROM audit_record WHERE sequence = 2");
    assertThat(firstBroken()).hasValue(3);
  }

  @Test
  void what_cannot_be_written_down_does_not_happen() throws Exception {
    execute("REVOKE INSERT ON audit_record FROM " + database.appRole());

    assertThat(administrator.post("/keys", Map.of("name", "unseen")).status()).isEqualTo(500);

    assertThat(administrator.get("/keys").json().path("items")).isEmpty();
  }

  @Test
  void a_record_outside_of_a_transaction_is_refused() {
    AuditLog log = server.bean(AuditLog.class);

    assertThatThrownBy(
            () -> log.record(new AuditEntry(Tenants.FIRST, new Actor.Server(), "nothing", "x")))
        .isInstanceOf(IllegalStateException.class);
  }

  private OptionalLong firstBroken() {
    return server
        .bean(Tenants.class)
        .in(Tenants.FIRST, () -> server.bean(AuditLog.class).firstBroken(Tenants.FIRST));
  }

  private int count(String condition) throws SQLException {
    try (Connection connection = database.superuser().getConnection();
        var rows =
            connection
                .createStatement()
                .executeQuery("SELECT count(*) FROM audit_record WHERE " + condition)) {
      rows.next();
      return rows.getInt(1);
    }
  }

  private void execute(String sql) throws SQLException {
    try (Connection connection = database.superuser().getConnection()) {
      connection.createStatement().execute(sql);
    }
  }
}
