package io.bellfounder.graph;

import static org.assertj.core.api.Assertions.assertThat;

import io.bellfounder.graph.testing.FailingDataSource;
import io.bellfounder.graph.testing.InvariantChecker;
import io.bellfounder.testing.Await;
import io.bellfounder.testing.TemporaryDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class RetentionTest {
  @RegisterExtension final TemporaryDatabase database = new TemporaryDatabase();

  private static final Channel<List<String>> LOG = Channel.append("log", String.class);
  private static final Channel<String> DOCUMENT = Channel.last("document", String.class);
  private static final RetentionPolicy NOTHING =
      new RetentionPolicy(Duration.ZERO, 1, Duration.ZERO, Duration.ZERO);

  /** Has several snapshots, large values of which only the last is needed at the end, an effect. */
  private static final Graph LONG =
      Graph.named("long")
          .channels(LOG, DOCUMENT)
          .node(
              "a",
              c -> {
                int n = c.get(LOG).size();
                Update update = Update.of(DOCUMENT, c.once("e", () -> n) + "d".repeat(10_000));
                for (int i = 0; i < 5; i++) {
                  update = update.and(LOG, List.of("x".repeat(8000)));
                }
                return update;
              })
          .start("a")
          .branch("a", s -> s.get(LOG).size() < 30 ? Next.to("a") : Next.end(), "a", Graph.END)
          .build();

  private Database db;
  private Runs runs;
  private History history;
  private Retention retention;
  private @Nullable Worker worker;

  @BeforeEach
  void install() throws SQLException {
    GraphSchema.install(database.owner(), "g");
    db = new Database(database.owner(), "g");
    runs = new Runs(database.owner(), "g");
    history = new History(database.owner(), "g");
    retention = new Retention(database.owner(), "g");
    worker = Worker.start(database.owner(), "g", WorkerOptions.named("w"), List.of(LONG));
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

  private RunRequest in(String tenant) {
    return RunRequest.of(LONG, tenant, Update.none());
  }

  private UUID done(RunRequest request) throws SQLException {
    UUID run = start(request);
    awaits(run, "completed");
    return run;
  }

  private void awaits(UUID run, String status) {
    Await.value(
        run + " is " + status,
        Duration.ofSeconds(30),
        () -> runs.find(run).orElseThrow().status(),
        status::equals);
  }

  private void endedBefore(UUID run, int days) throws SQLException {
    db.transaction(c ->
        db.update(
            c,
            "UPDATE ~.run SET ended_at = now() - make_interval(days => ?) WHERE id = ?",
            days,
            run));
  }

  private long count(String table) throws SQLException {
    return db.query(r -> r.getLong(1), "SELECT count(*) FROM ~." + table).getFirst();
  }

  @Test
  void history_is_thinned_after_thirty_days_to_what_the_last_state_needs() throws Exception {
    UUID old = done(in("t"));
    UUID young = done(in("t"));
    final Object state = runs.state(old, LONG).data();
    endedBefore(old, 31);
    endedBefore(young, 29);
    final long all = history.checkpoints(old, 0, 1000).size();
    final DiskSize before = retention.size(old);

    Pruned pruned = retention.prune(100);

    List<Checkpoint> left = history.checkpoints(old, 0, 1000);
    assertThat(pruned.checkpoints()).isEqualTo(all - left.size()).isGreaterThan(all / 2);
    assertThat(pruned.more()).isFalse();
    assertThat(left.getLast().n()).isEqualTo(all);
    assertThat(runs.state(old, LONG).data()).isEqualTo(state);
    assertThat(history.replay(old, List.of(LONG)))
        .isEqualTo(new Replay.Equal(left.getFirst().n(), all, runs.state(old, LONG)));
    assertThat(history.state(old, 1)).isEmpty();
    assertThat(runs.events(old, 0, 1000)).hasSize((int) runs.find(old).orElseThrow().seq());
    assertThat(retention.size(old).largeBytes()).isLessThan(before.largeBytes() / 2);
    assertThat(history.checkpoints(young, 0, 1000)).hasSize((int) all);
    assertThat(retention.prune(100)).isEqualTo(Pruned.NOTHING);
  }

  @Test
  void events_go_when_their_time_is_over_but_for_the_one_that_says_how_the_run_ended()
      throws Exception {
    UUID run = done(in("t"));
    retention.set("t", "", RetentionPolicy.DEFAULT.eventsFor(Duration.ofDays(1)));
    assertThat(retention.prune(100).events()).isZero();
    endedBefore(run, 2);
    retention.set("t", "", RetentionPolicy.DEFAULT.eventsFor(Duration.ofDays(1)));

    long seq = runs.find(run).orElseThrow().seq();
    assertThat(retention.prune(100).events()).isEqualTo(seq - 1);
    assertThat(runs.events(run, 0, 100)).extracting(Event::seq).containsExactly(seq);
  }

  @Test
  void a_run_goes_with_all_it_has_but_not_the_last_of_its_thread() throws Exception {
    retention.set("t", "", RetentionPolicy.DEFAULT.runsFor(Duration.ZERO));
    UUID alone = done(in("t"));
    UUID first = done(in("t").thread("chat"));
    UUID last = done(in("t").thread("chat"));
    UUID other = done(in("other"));

    assertThat(retention.prune(100).runs()).isEqualTo(2);

    assertThat(runs.find(alone)).isEmpty();
    assertThat(runs.find(first)).isEmpty();
    assertThat(runs.state(last, LONG).get(LOG)).hasSize(35);
    assertThat(runs.find(other)).isPresent();
    UUID next = done(in("t").thread("chat"));
    assertThat(runs.state(next, LONG).get(LOG)).hasSize(40);
    // Once a day is asked whether it still is the last.
    db.transaction(c ->
        db.update(
            c,
            "UPDATE ~.run SET prune_at = prune_at - interval '1 day' WHERE ended_at IS NOT NULL"));
    assertThat(retention.prune(100).runs()).isEqualTo(1);
    assertThat(runs.find(last)).isEmpty();
  }

  @Test
  void a_run_that_is_deleted_by_hand_leaves_rows_that_the_checker_finds() throws Exception {
    UUID run = done(in("t"));
    db.transaction(c -> {
      db.update(c, "DELETE FROM ~.run WHERE id = ?", run);
      return 1;
    });
    String left = "broken: of a run that is gone nothing is left (" + run + ")";
    assertThat(InvariantChecker.problems(database.owner(), "g")).contains(left);
    for (String table : List.of("checkpoint", "channel_delta", "event")) {
      assertThat(count(table)).isPositive();
      db.transaction(c -> db.update(c, "DELETE FROM ~." + table + " WHERE run = ?", run));
    }
    // Its large values had a use by it, which went by a foreign key.
    db.transaction(c -> db.update(c, "DELETE FROM ~.blob"));
  }

  @Test
  void the_policy_of_the_tenant_goes_before_that_of_the_graph_and_holds_for_ended_runs_too()
      throws Exception {
    UUID mine = done(in("mine"));
    UUID other = done(in("other"));
    assertThat(retention.prune(100)).isEqualTo(Pruned.NOTHING);
    retention.set("", "long", NOTHING);
    retention.set("mine", "", RetentionPolicy.DEFAULT);

    assertThat(retention.prune(100).runs()).isEqualTo(1);
    assertThat(runs.find(mine)).isPresent();
    assertThat(runs.find(other)).isEmpty();
    assertThat(retention.policy("mine", "")).contains(RetentionPolicy.DEFAULT);
    assertThat(retention.policy("", "long")).contains(NOTHING);
    retention.clear("mine", "");
    assertThat(retention.policy("mine", "")).isEmpty();
    assertThat(retention.prune(100).runs()).isEqualTo(1);
    assertThat(List.of(count("run"), count("blob"), count("checkpoint"), count("task")))
        .containsOnly(0L);
  }

  @Test
  void a_long_run_is_pruned_while_it_goes_on_and_comes_to_the_same_end() throws Exception {
    retention.set("", "endless", RetentionPolicy.DEFAULT.checkpointsMax(20));
    AtomicBoolean stop = new AtomicBoolean();
    Channel<Long> count = Channel.counter("n");
    Channel<Boolean> over = Channel.last("over", Boolean.class, false);
    Graph endless =
        Graph.named("endless")
            .channels(LOG, count, over)
            .stepLimit(1_000_000)
            .node(
                "a",
                c ->
                    Update.of(count, 1L)
                        .and(over, stop.get())
                        .and(LOG, List.of((String) c.once("e", () -> "x".repeat(2000)))))
            .start("a")
            .branch("a", s -> s.get(over) ? Next.end() : Next.to("a"), "a", Graph.END)
            .build();
    UUID run = start(RunRequest.of(endless, "t", Update.none()));
    try (Worker _ =
        Worker.start(database.owner(), "g", WorkerOptions.named("e"), List.of(endless))) {
      long pruned = 0;
      while (pruned < 100) {
        pruned += retention.prune(10).checkpoints();
        assertThat(InvariantChecker.problems(database.owner(), "g")).isEmpty();
      }
      stop.set(true);
      awaits(run, "completed");
    }
    long steps = runs.find(run).orElseThrow().step();
    assertThat(runs.state(run, endless).get(count)).isEqualTo(steps);
    assertThat(runs.state(run, endless).get(LOG)).hasSize((int) steps);
    List<Checkpoint> left = history.checkpoints(run, 0, 1000);
    assertThat(left.size()).isGreaterThanOrEqualTo(20);
    assertThat(left.getFirst().n()).isGreaterThan(100);
    assertThat(history.replay(run, List.of(endless))).isInstanceOf(Replay.Equal.class);
  }

  @Test
  void pruning_that_fails_at_any_statement_leaves_everything_whole_and_goes_on() throws Exception {
    retention.set("", "", NOTHING);
    FailingDataSource failing = new FailingDataSource(database.owner());
    Retention broken = new Retention(failing.dataSource(), "g");
    boolean failed = true;
    for (int n = 1; failed; n++) {
      UUID run = done(in("t"));
      failing.failAt(n, n % 2 == 0);
      try {
        broken.prune(100);
      } catch (SQLException e) {
        assertThat(InvariantChecker.problems(database.owner(), "g")).isEmpty();
        broken.prune(100);
      }
      failed = failing.failed();
      assertThat(runs.find(run)).isEmpty();
    }
    assertThat(count("blob")).isZero();
  }

  @Test
  void runs_share_a_large_value_while_others_that_have_it_are_deleted() throws Exception {
    retention.set("t", "", NOTHING);
    List<UUID> kept = new ArrayList<>();
    AtomicBoolean stop = new AtomicBoolean();
    Thread prunes =
        Thread.ofVirtual()
            .start(() -> {
              while (!stop.get()) {
                try {
                  retention.prune(100);
                } catch (SQLException e) {
                  throw new IllegalStateException(e);
                }
              }
            });
    for (int i = 0; i < 8; i++) {
      start(in("t"));
      kept.add(start(in("t").thread("thread " + i)));
    }
    for (UUID run : kept) {
      awaits(run, "completed");
    }
    stop.set(true);
    prunes.join();

    while (retention.prune(100).more()) {
      assertThat(InvariantChecker.problems(database.owner(), "g")).isEmpty();
    }
    Await.until(
        "only the last of threads are left", () -> retention.prune(100).equals(Pruned.NOTHING));
    assertThat(count("run")).isEqualTo(kept.size());
    for (UUID run : kept) {
      assertThat(runs.state(run, LONG).get(LOG)).hasSize(30);
    }
  }

  @Test
  void what_a_deferred_task_did_is_known_after_pruning_when_its_run_is_resumed() throws Exception {
    AtomicBoolean mended = new AtomicBoolean();
    AtomicInteger effects = new AtomicInteger();
    Graph graph =
        Graph.named("deferred")
            .channels(LOG)
            .node("first", _ -> Update.none())
            .node(
                "loop",
                _ -> {
                  Update update = Update.none();
                  for (int i = 0; i < 10; i++) {
                    update = update.and(LOG, List.of("x".repeat(8000)));
                  }
                  return update;
                })
            .node(
                "last",
                NodeOptions.DEFAULT.asDeferred(),
                c -> {
                  Object effect = c.once("pay", () -> "" + effects.incrementAndGet());
                  if (!mended.get()) {
                    throw new IllegalStateException("broken on purpose");
                  }
                  return Update.of(LOG, List.of("paid " + effect));
                })
            .start("first")
            .edge("first", "last")
            .edge("first", "loop")
            .branch(
                "loop",
                s -> s.get(LOG).size() < 30 ? Next.to("loop") : Next.end(),
                "loop",
                Graph.END)
            .build();
    retention.set("", "", RetentionPolicy.DEFAULT.historyFor(Duration.ZERO));
    try (Worker _ = Worker.start(database.owner(), "g", WorkerOptions.named("d"), List.of(graph))) {
      UUID run = start(RunRequest.of(graph, "t", Update.none()));
      awaits(run, "failed");
      assertThat(retention.prune(10).checkpoints()).isPositive();
      mended.set(true);
      runs.resume(run);
      awaits(run, "completed");
      assertThat(runs.state(run, graph).get(LOG)).hasSize(31).endsWith("paid 1");
    }
  }

  @Test
  void a_thread_is_deleted_with_its_runs_and_only_once_all_have_ended() throws Exception {
    Graph asks =
        Graph.named("asks")
            .channels(LOG)
            .node("a", c -> Update.of(LOG, List.of("" + c.interrupt("?"))))
            .start("a")
            .build();
    UUID first = done(in("t").thread("chat"));
    UUID waits = start(RunRequest.of(asks, "t", Update.none()).thread("chat"));
    UUID alone = done(in("t"));
    try (Worker _ = Worker.start(database.owner(), "g", WorkerOptions.named("a"), List.of(asks))) {
      awaits(waits, "waiting");
      assertThat(retention.threads("t", "", 10)).containsExactly("chat");
      assertThat(retention.size("t", "chat").runs()).isEqualTo(2);
      assertThat(retention.size("t", "chat").bytes()).isGreaterThan(retention.size(first).bytes());

      assertThat(retention.deleteThread("t", "chat")).isFalse();
      assertThat(retention.delete(first)).isFalse();
      assertThat(retention.delete(waits)).isFalse();
      runs.cancel(waits);
      assertThat(retention.deleteThread("t", "chat")).isTrue();
      assertThat(retention.delete(alone)).isTrue();
    }
    assertThat(List.of(count("run"), count("thread"), count("blob"), count("event")))
        .containsOnly(0L);
    assertThat(retention.size("t", "chat")).isEqualTo(new DiskSize(0, 0, 0, 0, 0));
  }
}
