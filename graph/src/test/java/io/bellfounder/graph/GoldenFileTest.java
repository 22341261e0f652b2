package io.bellfounder.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bellfounder.graph.testing.InvariantChecker;
import io.bellfounder.testing.TemporaryDatabase;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What any version stored, this one reads and carries on. */
class GoldenFileTest {
  private static final Path FILES = Path.of("src/test/resources/golden");

  @RegisterExtension final TemporaryDatabase database = new TemporaryDatabase();

  @Test
  void
      every_format_that_was_ever_stored_is_read_and_its_run_goes_on_to_the_same_end_and_is_replayed()
          throws Exception {
    List<Path> files;
    try (Stream<Path> all = Files.list(FILES)) {
      files = all.sorted().toList();
    }
    assertThat(files)
        .extracting(f -> f.getFileName().toString())
        .contains("format-1.json", "format-" + Large.FORMAT + ".json");
    for (Path file : files) {
      Map<String, Object> golden = Json.object(Json.read(Files.readString(file)));
      restore(golden);
      UUID run = UUID.fromString((String) golden.get("run"));
      Graph graph = GoldenFiles.graph();
      Runs runs = new Runs(database.owner(), "g");

      assertThat(Json.write(runs.state(run, graph).data()))
          .as(file.toString())
          .isEqualTo(Json.write(Json.tree(golden.get("waiting"))));
      try (Worker _ =
          Worker.start(database.owner(), "g", WorkerOptions.named("w"), List.of(graph))) {
        runs.answer(runs.questions(run).getFirst().id(), "yes");
        GoldenFiles.awaits(runs, run, "completed");
      }
      assertThat(Json.write(runs.state(run, graph).data()))
          .as(file.toString())
          .isEqualTo(Json.write(Json.tree(golden.get("completed"))));
      assertThat(new History(database.owner(), "g").replay(run, List.of(graph)))
          .as(file.toString())
          .isInstanceOf(Replay.Equal.class);
      assertThat(InvariantChecker.problems(database.owner(), "g")).isEmpty();
      database.drop();
    }
  }

  @Test
  void what_this_version_stores_is_what_the_golden_file_of_its_format_has() throws Exception {
    Map<String, Object> now = GoldenFiles.record(database);
    Path file = FILES.resolve("format-" + Large.FORMAT + ".json");
    Map<String, Object> golden = Json.object(Json.read(Files.readString(file)));
    assertThat(GoldenFiles.stored(now))
        .as("the stored form has changed: raise Large.FORMAT and add a golden file for it")
        .isEqualTo(GoldenFiles.stored(golden));
  }

  @Test
  void a_golden_file_is_never_overwritten() throws Exception {
    String wanted = System.getProperty("golden");
    if (wanted != null) {
      GoldenFiles.write(database, Path.of(wanted));
    }
    Path there = FILES.resolve("format-1.json");
    String before = Files.readString(there);
    assertThatThrownBy(() -> GoldenFiles.write(database, there))
        .hasMessageContaining("never changed");
    assertThat(Files.readString(there)).isEqualTo(before);
  }

  /** Puts the rows into the tables of that time, and then brings those up to date. */
  private void restore(Map<String, Object> golden) throws SQLException {
    int then = ((Number) java.util.Objects.requireNonNull(golden.get("migrations"))).intValue();
    try (Connection connection = database.superuser().getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE SCHEMA g AUTHORIZATION " + database.ownerRole());
      statement.execute("SET ROLE " + database.ownerRole());
      for (String sql : GraphSchema.sql("g").subList(0, then)) {
        statement.execute(sql);
      }
      statement.execute("RESET ROLE");
      // Rows come in the order of tables' names, which is not that of their references.
      statement.execute("SET session_replication_role = replica");
      for (Map.Entry<String, Object> table :
          Json.object(golden.getOrDefault("tables", Map.of())).entrySet()) {
        for (Object row : Json.array(table.getValue())) {
          String columns = String.join(", ", Json.object(row).keySet());
          try (var insert =
              connection.prepareStatement(
                  "INSERT INTO g.%s (%s) SELECT %s FROM json_populate_record(NULL::g.%s, ?::json)"
                      .formatted(table.getKey(), columns, columns, table.getKey()))) {
            insert.setString(1, Json.write(row));
            insert.executeUpdate();
          }
        }
      }
    }
    GraphSchema.install(database.owner(), "g");
  }
}
