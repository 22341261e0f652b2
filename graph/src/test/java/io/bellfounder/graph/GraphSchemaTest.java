package io.bellfounder.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bellfounder.testing.TemporaryDatabase;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class GraphSchemaTest {
  @RegisterExtension final TemporaryDatabase database = new TemporaryDatabase();

  @Test
  void several_processes_install_at_once_and_each_migration_is_applied_once() throws Exception {
    List<Future<?>> installs = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 8; i++) {
        installs.add(
            threads.submit(() -> {
              GraphSchema.install(database.owner(), "g");
              return null;
            }));
      }
    }
    for (Future<?> install : installs) {
      install.get();
    }
    assertThat(numbers()).hasSize(GraphSchema.latest()).doesNotHaveDuplicates();
    GraphSchema.require(database.owner(), "g");
  }

  @Test
  void migrations_applied_by_hand_are_as_good() throws Exception {
    Database db = new Database(database.owner(), "mine");
    assertThat(GraphSchema.version(database.owner(), "mine")).isZero();
    db.transaction(c -> {
      db.update(c, "CREATE SCHEMA mine");
      for (String sql : GraphSchema.sql("mine")) {
        db.update(c, sql);
      }
      return true;
    });
    GraphSchema.require(database.owner(), "mine");
    GraphSchema.install(database.owner(), "mine");
    assertThat(GraphSchema.version(database.owner(), "mine")).isEqualTo(GraphSchema.latest());
    assertThat(GraphSchema.sql("mine", GraphSchema.latest())).isEmpty();
  }

  @Test
  void a_newer_schema_is_refused_and_left_as_it_is() throws Exception {
    GraphSchema.install(database.owner(), "g");
    Database db = new Database(database.owner(), "g");
    db.transaction(c -> db.update(c, "INSERT INTO ~.migration (n, name) VALUES (999, 'later')"));

    assertThatThrownBy(() -> GraphSchema.install(database.owner(), "g"))
        .hasMessageContaining("schema g is at migration 999")
        .hasMessageContaining("use the newer library");
    WorkerOptions options = WorkerOptions.named("w");
    assertThatThrownBy(() -> Worker.start(database.owner(), "g", options, List.of()))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void a_worker_says_what_to_do_when_the_tables_are_missing() {
    WorkerOptions options = WorkerOptions.named("w");
    assertThatThrownBy(() -> Worker.start(database.owner(), "none", options, List.of()))
        .hasMessageContaining(
            "call GraphSchema.install, or apply what GraphSchema.sql(\"none\", 0)");
  }

  private List<Integer> numbers() throws SQLException {
    return new Database(database.owner(), "g")
        .query(r -> r.getInt(1), "SELECT n FROM ~.migration ORDER BY n");
  }
}
