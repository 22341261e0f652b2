package io.bellfounder.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bellfounder.graph.testing.FailingDataSource;
import io.bellfounder.graph.testing.InvariantChecker;
import io.bellfounder.testing.Await;
import io.bellfounder.testing.TemporaryDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class MigrationTest {
  @RegisterExtension final TemporaryDatabase database = new TemporaryDatabase();

  record Name(String given, String family) {}

  private static final Channel<List<String>> LOG = Channel.append("log", String.class);
  private static final Channel<String> OLD_NAME = Channel.last("name", String.class);
  private static final Channel<Name> NAME =
      Channel.last("person", Name.class)
          .formerly("name")
          .upcast(json -> {
            String[] words = ((String) json).split(" ", 2);
            return Map.of("given", words[0], "family", words[1]);
          });

  private static final Graph OLD =
      asks(
          OLD_NAME,
          b ->
              b.node("first", _ -> Update.of(OLD_NAME, "Ada Lovelace").and(LOG, List.of("first"))));
  private static final Graph NEW =
      asks(NAME, b -> b.node("first", _ -> Update.of(NAME, new Name("Mary", "Shelley"))));
  private Database db;
  private Runs runs;
  private Migration migration;
  private final List<Worker> workers = new ArrayList<>();

  private static Graph asks(Channel<?> name, UnaryOperator<Graph.Builder> first) {
    return first
        .apply(Graph.named("asks").channels(LOG, name))
        .node("ask", c -> Update.of(LOG, List.of(c.interrupt("sure?") + " " + name(c, name))))
        .start("first")
        .edge("first", "ask")
        .build();
  }

  private static Object name(NodeContext c, Channel<?> name) {
    return c.get(name);
  }

  @BeforeEach
  void install() throws SQLException {
    GraphSchema.install(database.owner(), "g");
    db = new Database(database.owner(), "g");
    runs = new Runs(database.owner(), "g");
    migration = new Migration(database.owner(), "g", NEW);
  }

  @AfterEach
  void check() throws SQLException {
    workers.forEach(Worker::close);
    assertThat(InvariantChecker.problems(database.owner(), "g")).isEmpty();
  }

  private UUID start(Graph graph, String tenant) throws SQLException {
    return ((Started.Created) runs.start(RunRequest.of(graph, tenant, Update.none()))).run();
  }

  private void work(Graph... graphs) {
    String name = "w" + workers.size();
    workers.add(Worker.start(database.owner(), "g", WorkerOptions.named(name), List.of(graphs)));
  }

  private void awaits(UUID run, String status) {
    Await.value(
        run + " is " + status,
        Duration.ofSeconds(30),
        () -> runs.find(run).orElseThrow().status(),
        status::equals);
  }

  private void answer(UUID run) throws SQLException {
    runs.answer(runs.questions(run).getFirst().id(), "yes");
  }

  @Test
  void a_waiting_run_goes_on_under_the_newer_version_with_its_values_brought_forward()
      throws Exception {
    work(OLD, NEW);
    UUID run = start(OLD, "t");
    awaits(run, "waiting");
    Object before = new History(database.owner(), "g").state(run, 3).orElseThrow().values();

    assertThat(migration.dryRun(run)).isEqualTo(new Migration.Verdict.Goes(run, OLD.hash()));
    assertThat(runs.state(run, OLD).get(OLD_NAME)).isEqualTo("Ada Lovelace");
    assertThat(migration.migrate(run)).isEqualTo(new Migration.Verdict.Goes(run, OLD.hash()));
    assertThat(migration.migrate(run)).isEqualTo(new Migration.Verdict.There(run));
    answer(run);
    awaits(run, "completed");

    assertThat(runs.state(run, NEW).get(NAME)).isEqualTo(new Name("Ada", "Lovelace"));
    assertThat(runs.state(run, NEW).get(LOG))
        .containsExactly("first", "yes Name[given=Ada, family=Lovelace]");
    History history = new History(database.owner(), "g");
    assertThat(history.state(run, 3).orElseThrow().values()).isEqualTo(before);
    assertThat(history.checkpoints(run, 0, 10))
        .extracting(Checkpoint::specHash)
        .containsExactly(OLD.hash(), OLD.hash(), OLD.hash(), NEW.hash(), NEW.hash());
    assertThat(history.replay(run, List.of(OLD, NEW))).isInstanceOf(Replay.Equal.class);
    assertThat(history.replay(run, List.of(NEW))).isEqualTo(new Replay.Missing(2, OLD.hash()));
  }

  @Test
  void a_dry_run_says_which_runs_would_go_and_why_the_others_would_not_and_changes_nothing()
      throws Exception {
    Channel<Long> gone = Channel.counter("gone");
    Graph other =
        Graph.named("asks")
            .channels(LOG, gone)
            .node("removed", c -> Update.of(gone, 1L).and(LOG, List.of("" + c.interrupt("?"))))
            .node("before", _ -> Update.of(gone, 5L))
            .start("before")
            .edge("before", "removed")
            .build();
    CountDownLatch free = new CountDownLatch(1);
    CountDownLatch busy = new CountDownLatch(1);
    Graph slow =
        Graph.named("asks")
            .channels(LOG)
            .node(
                "slow",
                _ -> {
                  busy.countDown();
                  free.await();
                  return Update.none();
                })
            .start("slow")
            .build();
    work(OLD, other, slow);
    UUID waits = start(OLD, "t");
    UUID lost = start(other, "t");
    UUID ended = start(slow, "t");
    awaits(waits, "waiting");
    awaits(lost, "waiting");
    busy.await();

    assertThat(migration.candidates(Optional.empty(), 10))
        .containsExactlyInAnyOrder(waits, lost, ended);
    assertThat(migration.dryRun(waits)).isInstanceOf(Migration.Verdict.Goes.class);
    assertThat(migration.dryRun(lost))
        .isEqualTo(
            new Migration.Verdict.Stays(
                lost,
                other.hash(),
                List.of(
                    "channel gone has a value, and graph asks has no such channel: keep it, say"
                        + " formerly, or drop it",
                    "it is at node removed, which graph asks lacks: bring the node back, or let"
                        + " the run pass it")));
    assertThat(((Migration.Verdict.Stays) migration.migrate(lost)).why()).hasSize(2);
    assertThat(((Migration.Verdict.Stays) migration.dropping("gone").dryRun(lost)).why())
        .hasSize(1);
    assertThat(((Migration.Verdict.Stays) migration.dryRun(ended)).why())
        .containsExactly("it is being worked on: pause it, and migrate it when it is paused");
    free.countDown();
    awaits(ended, "completed");
    assertThat(((Migration.Verdict.Stays) migration.dryRun(ended)).why())
        .containsExactly("it has ended: completed");
    assertThat(migration.candidates(Optional.of(waits), 10)).doesNotContain(waits, ended);
    assertThat(
            db.query(
                r -> r.getLong(1), "SELECT count(*) FROM ~.run WHERE spec_hash = ?", NEW.hash()))
        .containsExactly(0L);
  }

  @Test
  void a_run_that_has_not_begun_just_begins_with_the_newer_version() throws Exception {
    UUID run = start(OLD, "t");
    assertThat(migration.migrate(run)).isInstanceOf(Migration.Verdict.Goes.class);
    work(NEW);
    awaits(run, "waiting");
    assertThat(runs.state(run, NEW).get(NAME)).isEqualTo(new Name("Mary", "Shelley"));
  }

  @Test
  void a_result_that_waits_for_its_siblings_goes_along_unless_its_channel_has_changed()
      throws Exception {
    UnaryOperator<Graph.Builder> nodes =
        b ->
            b.node("ask", c -> Update.of(LOG, List.of("asked " + c.interrupt("?"))))
                .node("beside", _ -> Update.of(LOG, List.of("beside")))
                .start("ask", "beside");
    Graph before = nodes.apply(Graph.named("two").channels(LOG)).build();
    Graph same = nodes.apply(Graph.named("two").channels(LOG).stepLimit(7)).build();
    Graph changed = nodes.apply(Graph.named("two").channels(LOG.upcast(json -> json))).build();
    work(before, same);
    UUID run = start(before, "t");
    awaits(run, "waiting");

    assertThat(
            ((Migration.Verdict.Stays) new Migration(database.owner(), "g", changed).migrate(run))
                .why())
        .containsExactly(
            "a finished task's write to channel log, which has changed, waits for its step: let it"
                + " end first");
    assertThat(new Migration(database.owner(), "g", same).migrate(run))
        .isInstanceOf(Migration.Verdict.Goes.class);
    answer(run);
    awaits(run, "completed");
    assertThat(runs.state(run, same).get(LOG)).containsExactly("asked yes", "beside");
  }

  @Test
  void the_next_run_of_a_thread_reads_what_the_last_left_in_an_older_version() throws Exception {
    work(OLD, NEW);
    UUID first =
        ((Started.Created) runs.start(RunRequest.of(OLD, "t", Update.none()).thread("chat"))).run();
    awaits(first, "waiting");
    answer(first);
    awaits(first, "completed");

    UUID second =
        ((Started.Created)
                runs.start(RunRequest.of(NEW, "t", Update.none().go("ask")).thread("chat")))
            .run();
    awaits(second, "waiting");

    assertThat(runs.state(second, NEW).get(NAME)).isEqualTo(new Name("Ada", "Lovelace"));
    assertThat(runs.state(first, NEW).get(NAME)).isEqualTo(new Name("Ada", "Lovelace"));
  }

  @Test
  void a_graph_from_data_has_versions_and_former_names_too() throws Exception {
    GraphData code =
        new GraphData()
            .node("first", _ -> Update.none())
            .node("ask", c -> Update.ofData(Map.of("log", List.of(c.interrupt("sure?")))));
    assertThatThrownBy(() -> code.read(NEW.spec()))
        .hasMessageContaining("channel person uses upcaster person/1, which is not registered");
    Graph read =
        code.upcaster("person", 1, json -> Map.of("given", json, "family", "")).read(NEW.spec());
    assertThat(read.hash()).isEqualTo(NEW.hash());
    work(OLD);
    UUID run = start(OLD, "t");
    awaits(run, "waiting");

    assertThat(new Migration(database.owner(), "g", read).migrate(run))
        .isInstanceOf(Migration.Verdict.Goes.class);

    assertThat(runs.state(run, read).data().get("person"))
        .isEqualTo(Map.of("given", "Ada Lovelace", "family", ""));
  }

  @Test
  void a_run_that_its_own_version_cannot_read_any_more_is_mended_by_a_version_that_can()
      throws Exception {
    Graph typed = asks(Channel.last("name", Name.class), b -> b.node("first", _ -> Update.none()));
    Graph mended =
        asks(
            Channel.last("name", Name.class)
                .upcast(json ->
                    json instanceof String text ? Map.of("given", text, "family", "") : json),
            b -> b.node("first", _ -> Update.none()));
    assertThat(typed.hash()).as("a type is no part of a spec").isEqualTo(OLD.hash());
    work(OLD);
    UUID run = start(OLD, "t");
    awaits(run, "waiting");
    workers.removeFirst().close();

    work(typed);
    answer(run);
    awaits(run, "parked");
    assertThat(runs.find(run).orElseThrow().errorMessage())
        .contains("channel name", "upcaster")
        .doesNotContain("Lovelace");

    Migration way = new Migration(database.owner(), "g", mended);
    assertThat(way.migrate(run)).isInstanceOf(Migration.Verdict.Goes.class);
    work(mended);
    assertThat(runs.resume(run)).isTrue();
    awaits(run, "completed");
  }

  @Test
  void migrations_and_forks_that_fail_at_any_statement_have_happened_wholly_or_not_at_all()
      throws Exception {
    work(OLD, NEW);
    int statements = 20;
    List<UUID> all = new ArrayList<>();
    for (int i = 0; i < 2 * statements; i++) {
      all.add(start(OLD, "t"));
    }
    UUID forked = all.getLast();
    for (UUID run : all) {
      awaits(run, "waiting");
    }
    FailingDataSource failing = new FailingDataSource(database.owner());
    Migration broken = new Migration(failing.dataSource(), "g", NEW);
    History history = new History(failing.dataSource(), "g");
    boolean failed = true;
    for (int i = 0; i < all.size(); i++) {
      int n = 1 + i / 2;
      boolean after = i % 2 == 0;
      RunRequest as = RunRequest.of(OLD, "t", Update.none()).key("fork " + i);
      failing.failAt(n, after);
      assertThat(repeated(() -> history.fork(forked, 2, as)))
          .isNotInstanceOf(Started.Conflict.class);
      failed = failing.failed();

      UUID run = all.get(i);
      failing.failAt(n, after);
      assertThat(repeated(() -> broken.migrate(run)))
          .isNotInstanceOf(Migration.Verdict.Stays.class);
      failed |= failing.failed();
      answer(run);
    }
    assertThat(failed).as("there are more statements than were made to fail").isFalse();
    for (UUID run : all) {
      awaits(run, "completed");
      assertThat(runs.state(run, NEW).get(NAME)).isEqualTo(new Name("Ada", "Lovelace"));
    }
    assertThat(db.query(r -> r.getLong(1), "SELECT count(*) FROM ~.run"))
        .containsExactly(2L * all.size());
  }

  private interface Try<T> {
    T now() throws SQLException;
  }

  private static <T> T repeated(Try<T> action) throws SQLException {
    try {
      return action.now();
    } catch (SQLException e) {
      return action.now();
    }
  }
}
