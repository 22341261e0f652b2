package io.bellfounder.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bellfounder.graph.testing.InvariantChecker;
import io.bellfounder.testing.Await;
import io.bellfounder.testing.Seeds;
import io.bellfounder.testing.TemporaryDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class StateOnDiskTest {
  @RegisterExtension final TemporaryDatabase database = new TemporaryDatabase();

  private static final Channel<List<String>> LOG = Channel.append("log", String.class);
  private static final Channel<String> DOCUMENT = Channel.last("document", String.class);
  private static final int STEPS = 300;
  private static final int STEP_BYTES = 1024;
  private static final long DISK_MAX = 1_500_000;
  private Database db;
  private Runs runs;
  private @Nullable Worker worker;

  @BeforeEach
  void install() throws SQLException {
    GraphSchema.install(database.owner(), "g");
    db = new Database(database.owner(), "g");
    runs = new Runs(database.owner(), "g");
  }

  @AfterEach
  void check() throws SQLException {
    if (worker != null) {
      worker.close();
    }
    assertThat(InvariantChecker.problems(database.owner(), "g")).isEmpty();
  }

  private UUID start(RunRequest request) throws SQLException {
    return ((Started.Created) runs.start(request)).run();
  }

  private void work(Graph... graphs) {
    worker = Worker.start(database.owner(), "g", WorkerOptions.named("w"), List.of(graphs));
  }

  private void awaits(UUID run, String status) {
    Await.value(
        run + " is " + status,
        Duration.ofSeconds(60),
        () -> runs.find(run).orElseThrow().status(),
        status::equals);
  }

  private long one(String sql, Object... values) throws SQLException {
    return db.query(r -> r.getLong(1), sql, values).getFirst();
  }

  private long diskBytes() throws SQLException {
    return one(
        "SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c JOIN pg_namespace n"
            + " ON n.oid = c.relnamespace WHERE n.nspname = 'g' AND c.relkind = 'r'");
  }

  /** Text that does not compress, so that nothing is won by that. */
  private static String noise(RandomGenerator random, int characters) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < characters; i++) {
      char c = (char) (' ' + random.nextInt(95));
      text.append(c == '"' || c == '\\' ? '_' : c);
    }
    return text.toString();
  }

  @Test
  void three_hundred_steps_of_a_kilobyte_take_no_more_than_one_and_a_half_megabytes()
      throws Exception {
    RandomGenerator random = Seeds.random("three_hundred_steps");
    Graph graph =
        Graph.named("steps")
            .channels(LOG)
            .node("a", _ -> Update.of(LOG, List.of(noise(random, STEP_BYTES))))
            .start("a")
            .branch("a", s -> s.get(LOG).size() < STEPS ? Next.to("a") : Next.end(), "a", Graph.END)
            .build();
    final long before = diskBytes();
    UUID run = start(RunRequest.of(graph, "t", Update.none()));
    work(graph);
    awaits(run, "completed");

    long disk = diskBytes() - before;
    List<String> log = runs.state(run, graph).get(LOG);
    long began = System.nanoTime();
    for (int i = 0; i < 20; i++) {
      runs.state(run, graph);
    }
    long readMicros = (System.nanoTime() - began) / 20_000;
    System.out.printf(
        "%d steps: %d bytes written by nodes, %d on disk in all tables and indexes, read in %d µs,"
            + " %d snapshots, %d large values%n",
        STEPS,
        log.stream().mapToLong(String::length).sum(),
        disk,
        readMicros,
        one("SELECT count(*) FROM ~.checkpoint WHERE snapshot IS NOT NULL"),
        one("SELECT count(*) FROM ~.blob"));
    assertThat(log).hasSize(STEPS).allMatch(text -> text.length() == STEP_BYTES);
    assertThat(disk).isLessThanOrEqualTo(DISK_MAX);
    // Never more than a snapshot's worth of deltas is read.
    assertThat(
            one(
                """
                SELECT max(w) FROM (SELECT sum(length(d.value::text)) AS w FROM ~.channel_delta d
                  JOIN ~.checkpoint c ON c.run = d.run AND c.n = d.n
                  CROSS JOIN LATERAL (SELECT max(s.n) AS base FROM ~.checkpoint s
                    WHERE s.run = d.run AND s.n < d.n AND s.snapshot IS NOT NULL) b
                  GROUP BY d.run, b.base) x\
                """))
        .isLessThanOrEqualTo(Journal.SNAPSHOT_WEIGHT + 2 * STEP_BYTES);
  }

  @Test
  void a_thread_of_many_runs_grows_by_what_each_adds() throws Exception {
    RandomGenerator random = Seeds.random("a_thread_of_many_runs");
    Graph graph =
        Graph.named("talk")
            .channels(LOG)
            .node("a", _ -> Update.of(LOG, List.of(noise(random, 20_000))))
            .start("a")
            .build();
    work(graph);
    final long before = diskBytes();
    UUID last = null;
    for (int i = 0; i < 20; i++) {
      last = start(RunRequest.of(graph, "t", Update.none()).thread("chat"));
    }
    awaits(java.util.Objects.requireNonNull(last), "completed");

    assertThat(runs.state(last, graph).get(LOG)).hasSize(20);
    assertThat(one("SELECT sum(length(value)) FROM ~.blob")).isLessThan(2 * 20 * 20_000);
    long disk = diskBytes() - before;
    System.out.println("20 runs of one thread, 20 kB each: " + disk + " bytes on disk");
    assertThat(disk).isLessThan(2_000_000);
  }

  @Test
  void a_large_value_is_stored_once_for_a_tenant_and_never_shared_between_tenants()
      throws Exception {
    String large = noise(Seeds.random("a_large_value"), 100_000);
    Graph graph =
        Graph.named("large")
            .channels(DOCUMENT, LOG)
            .node(
                "a",
                c -> {
                  c.event("note", Map.of("text", large));
                  return Update.of(DOCUMENT, large);
                })
            .node("b", _ -> Update.of(LOG, List.of(large)))
            .node("c", c -> Update.of(LOG, List.of((String) c.once("e", () -> large))))
            .start("a")
            .edge("a", "b")
            .edge("a", "c")
            .build();
    work(graph);
    List<UUID> all = new ArrayList<>();
    for (String tenant : List.of("one", "one", "two")) {
      UUID run = start(RunRequest.of(graph, tenant, Update.none()));
      awaits(run, "completed");
      all.add(run);
    }

    assertThat(one("SELECT count(*) FROM ~.blob")).isEqualTo(2);
    assertThat(one("SELECT count(*) FROM ~.blob_use")).isEqualTo(3);
    for (UUID run : all) {
      assertThat(runs.state(run, graph).get(DOCUMENT)).isEqualTo(large);
      assertThat(runs.state(run, graph).get(LOG)).containsExactly(large, large);
      assertThat(runs.events(run, 0, 100))
          .anyMatch(e -> e.kind().equals("note") && e.data().equals(Map.of("text", large)));
    }
    for (String table : List.of("channel_delta", "task", "event", "checkpoint")) {
      assertThat(one("SELECT max(length(t::text)) FROM ~." + table + " t")).isLessThan(2_000);
    }
  }

  @Test
  void any_tree_is_read_as_it_was_written_however_large_its_parts() throws Exception {
    RandomGenerator random = Seeds.random("any_tree_is_read");
    Graph graph = Graph.named("g").channels(LOG).node("a", _ -> Update.none()).start("a").build();
    UUID run = start(RunRequest.of(graph, "t", Update.none()));
    for (int i = 0; i < 60; i++) {
      Object tree = Json.tree(tree(random, 0));
      boolean _ =
          db.transaction(c -> {
            Large large = new Large();
            String text = large.write(tree);
            new Blobs(db).put(c, run, large.found());
            Blobs.Reader reader = new Blobs(db).reader(c, run);
            int number = reader.add(Large.FORMAT, text);
            reader.fetch();
            assertThat(text.length()).isLessThan(Large.FROM);
            assertThat(Json.write(reader.get(number))).isEqualTo(Json.write(tree));
            large.found().values().forEach(t -> assertThat(t.length()).isLessThan(40 * Large.FROM));
            return true;
          });
    }
  }

  private static Object tree(RandomGenerator random, int depth) {
    int kind = random.nextInt(depth > 4 ? 4 : 7);
    return switch (kind) {
      case 0 -> random.nextLong();
      case 1 -> noise(random, random.nextInt(40));
      case 2 -> noise(random, random.nextInt(20_000));
      case 3 -> random.nextBoolean() ? JsonNull.NULL : random.nextDouble();
      case 4, 5 -> {
        List<Object> list = new ArrayList<>();
        for (int i = random.nextInt(depth == 0 ? 60 : 12); i > 0; i--) {
          list.add(tree(random, depth + 1));
        }
        yield list;
      }
      default -> {
        Map<String, Object> map = new LinkedHashMap<>();
        List<String> keys = List.of("$blob", "$part", "$$blob", "$", "$$", "a", "$blobs", "x$part");
        for (int i = random.nextInt(6); i > 0; i--) {
          map.put(keys.get(random.nextInt(keys.size())), tree(random, depth + 1));
        }
        yield map;
      }
    };
  }

  @Test
  void state_that_cannot_be_read_parks_the_run_and_says_why_and_the_run_goes_on_once_mended()
      throws Exception {
    Graph graph =
        Graph.named("asks")
            .channels(DOCUMENT)
            .node("a", _ -> Update.of(DOCUMENT, "d".repeat(10_000)))
            .node("b", c -> Update.of(DOCUMENT, String.valueOf(c.interrupt("sure?"))))
            .start("a")
            .edge("a", "b")
            .build();
    work(graph);
    record Case(String breaks, String mends, String says) {}
    for (Case broken :
        List.of(
            new Case(
                "UPDATE ~.checkpoint SET format = 3 WHERE run = ? AND n = 3",
                "UPDATE ~.checkpoint SET format = 2 WHERE run = ? AND n = 3",
                "stored format 3 is unknown to this version, which reads 1 to 2"),
            new Case(
                "UPDATE ~.channel_delta SET value = '17' WHERE run = ?",
                "UPDATE ~.channel_delta SET value = '\"mended\"' WHERE run = ?",
                "channel document of graph asks is not as its type has it (ClassCastException)"),
            new Case(
                "UPDATE ~.blob SET value = value || ' ' WHERE tenant = (SELECT tenant FROM ~.run"
                    + " WHERE id = ?)",
                "UPDATE ~.blob SET value = rtrim(value) WHERE tenant = (SELECT tenant FROM ~.run"
                    + " WHERE id = ?)",
                "is not what was stored"),
            new Case(
                "UPDATE ~.checkpoint SET control = '{\"status\": [\"gone\"]}', results = control"
                    + " WHERE run = ? AND n = 3",
                "UPDATE ~.checkpoint SET control = results, results = NULL WHERE run = ? AND n = 3",
                "unknown status in a checkpoint"))) {
      UUID run = start(RunRequest.of(graph, "t" + broken.says().length(), Update.none()));
      awaits(run, "waiting");
      db.transaction(c -> db.update(c, broken.breaks(), run));
      runs.answer(runs.questions(run).getFirst().id(), "yes");
      awaits(run, "parked");

      assertThat(runs.find(run).orElseThrow().errorCode()).isEqualTo("unreadable");
      assertThat(runs.find(run).orElseThrow().errorMessage()).contains(broken.says());
      assertThat(runs.explain(run)).contains(broken.says());

      db.transaction(c -> db.update(c, broken.mends(), run));
      assertThat(runs.resume(run)).isTrue();
      awaits(run, "completed");
      assertThat(runs.state(run, graph).get(DOCUMENT)).isEqualTo("yes");
    }
  }

  @Test
  void a_value_that_a_run_needs_cannot_be_deleted() throws Exception {
    Graph graph =
        Graph.named("large")
            .channels(DOCUMENT)
            .node("a", _ -> Update.of(DOCUMENT, "d".repeat(10_000)))
            .start("a")
            .build();
    work(graph);
    awaits(start(RunRequest.of(graph, "t", Update.none())), "completed");
    assertThatThrownBy(() -> db.transaction(c -> db.update(c, "DELETE FROM ~.blob")))
        .isInstanceOf(SQLException.class)
        .hasMessageContaining("blob_use");
  }
}
