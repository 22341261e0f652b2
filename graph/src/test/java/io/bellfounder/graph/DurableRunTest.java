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
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class DurableRunTest {
  @RegisterExtension final TemporaryDatabase database = new TemporaryDatabase();

  private static final Channel<List<String>> LOG = Channel.append("log", String.class);
  private static final Graph LINE =
      Graph.named("line")
          .channels(LOG)
          .node("a", says("a"))
          .node("b", says("b"))
          .node("c", says("c"))
          .start("a")
          .edge("a", "b")
          .edge("b", "c")
          .build();
  private Runs runs;
  private final List<Worker> workers = new ArrayList<>();

  private static Node says(String word) {
    return _ -> Update.of(LOG, List.of(word));
  }

  @BeforeEach
  void install() throws SQLException {
    GraphSchema.install(database.owner(), "g");
    runs = new Runs(database.owner(), "g");
  }

  @AfterEach
  void check() throws SQLException {
    workers.forEach(Worker::close);
    assertThat(InvariantChecker.problems(database.owner(), "g")).isEmpty();
  }

  private Worker worker(Graph... graphs) {
    WorkerOptions options = WorkerOptions.named("w").lease(Duration.ofSeconds(2));
    Worker worker = Worker.start(database.owner(), "g", options, List.of(graphs));
    workers.add(worker);
    return worker;
  }

  private UUID start(RunRequest request) throws SQLException {
    return ((Started.Created) runs.start(request)).run();
  }

  private void awaits(UUID run, String status) {
    Await.value(
        run + " is " + status,
        Duration.ofSeconds(30),
        () -> runs.find(run).orElseThrow().status(),
        status::equals);
  }

  @Test
  void a_run_goes_from_step_to_step_and_numbers_its_events_without_gaps() throws Exception {
    UUID run = start(RunRequest.of(LINE, "t", Update.of(LOG, List.of("in"))));
    worker(LINE);
    awaits(run, "completed");

    assertThat(runs.state(run, LINE).get(LOG)).containsExactly("in", "a", "b", "c");
    List<Event> events = runs.events(run, 0, 100);
    assertThat(events)
        .extracting(Event::seq)
        .isEqualTo(LongStream.rangeClosed(1, 4).boxed().toList());
    assertThat(events.getLast().kind()).isEqualTo("completed");
    assertThat(runs.events(run, 2, 100)).hasSize(2);
  }

  @Test
  void the_same_start_happens_once_and_another_body_conflicts() throws Exception {
    RunRequest request = RunRequest.of(LINE, "t", Update.none()).key("k");
    UUID run = start(request);
    assertThat(runs.start(request)).isEqualTo(new Started.Same(run));
    assertThat(runs.start(RunRequest.of(LINE, "t", Update.of(LOG, List.of("x"))).key("k")))
        .isEqualTo(new Started.Conflict(run));
  }

  @Test
  void parallel_questions_wait_for_all_answers_and_each_counts_once() throws Exception {
    AtomicInteger siblings = new AtomicInteger();
    Node asks = c -> Update.of(LOG, List.of(c.path() + "=" + c.interrupt("sure?")));
    Graph graph =
        Graph.named("asks")
            .channels(LOG)
            .node("a", asks)
            .node("b", asks)
            .node(
                "c",
                _ -> {
                  siblings.incrementAndGet();
                  return Update.none();
                })
            .start("a", "b", "c")
            .build();
    UUID run = start(RunRequest.of(graph, "t", Update.none()));
    worker(graph);
    awaits(run, "waiting");
    List<Question> questions = runs.questions(run);
    assertThat(questions).hasSize(2);
    assertThat(runs.explain(run)).isEqualTo("It waits for 2 answers.");

    assertThat(runs.answer(questions.get(0).id(), "yes")).isEqualTo(Answered.ACCEPTED);
    assertThat(runs.find(run).orElseThrow().status()).isEqualTo("waiting");
    assertThat(runs.answer(questions.get(0).id(), "yes")).isEqualTo(Answered.REPEATED);
    assertThat(runs.answer(questions.get(0).id(), "no")).isEqualTo(Answered.CONFLICT);
    assertThat(runs.answer(UUID.randomUUID(), "no")).isEqualTo(Answered.UNKNOWN);
    assertThat(runs.answer(questions.get(1).id(), "no")).isEqualTo(Answered.ACCEPTED);
    awaits(run, "completed");

    assertThat(runs.state(run, graph).get(LOG)).containsExactly("1.0:a=yes", "1.1:b=no");
    assertThat(siblings).hasValue(1);
  }

  @Test
  void a_run_survives_a_failure_at_every_statement() throws Exception {
    FailingDataSource failing = new FailingDataSource(database.owner());
    WorkerOptions options = WorkerOptions.named("w").lease(Duration.ofMillis(900));
    Worker worker = Worker.start(failing.dataSource(), "g", options, List.of(LINE));
    workers.add(worker);
    for (int n = 1; n <= 10; n++) {
      for (boolean after : new boolean[] {false, true}) {
        failing.failAt(n, after);
        UUID run = start(RunRequest.of(LINE, "t", Update.none()));
        awaits(run, "completed");
        assertThat(runs.state(run, LINE).get(LOG)).containsExactly("a", "b", "c");
      }
    }
  }

  @Test
  void an_effect_that_nobody_knows_about_waits_for_a_person_and_never_repeats() throws Exception {
    AtomicInteger effects = new AtomicInteger();
    CountDownLatch stuck = new CountDownLatch(1);
    Graph graph =
        Graph.named("effect")
            .channels(LOG)
            .node(
                "pay",
                c ->
                    Update.of(
                        LOG,
                        List.of(
                            (String)
                                c.once(
                                    "pay",
                                    () -> {
                                      effects.incrementAndGet();
                                      stuck.countDown();
                                      new CountDownLatch(1).await();
                                      return "paid";
                                    }))))
            .start("pay")
            .build();
    UUID run = start(RunRequest.of(graph, "t", Update.none()));
    Worker first = worker(graph);
    assertThat(stuck.await(20, TimeUnit.SECONDS)).isTrue();
    first.close();
    worker(graph);
    awaits(run, "waiting");

    Question question = runs.questions(run).getFirst();
    assertThat(question.payload()).isEqualTo(Map.of("unknown", "pay"));
    runs.answer(question.id(), "paid by hand");
    awaits(run, "completed");

    assertThat(effects).hasValue(1);
    assertThat(runs.state(run, graph).get(LOG)).containsExactly("paid by hand");
  }

  @Test
  void a_drain_hands_a_run_over_in_less_than_a_second() throws Exception {
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    Graph graph =
        Graph.named("slow")
            .channels(LOG)
            .node(
                "a",
                _ -> {
                  inside.countDown();
                  go.await();
                  return Update.of(LOG, List.of("a"));
                })
            .node("b", says("b"))
            .start("a")
            .edge("a", "b")
            .build();
    UUID run = start(RunRequest.of(graph, "t", Update.none()));
    Worker first = worker(graph);
    assertThat(inside.await(20, TimeUnit.SECONDS)).isTrue();
    worker(graph);
    go.countDown();
    first.drain(Duration.ofSeconds(10));
    awaits(run, "completed");
    assertThat(runs.events(run, 0, 100)).noneMatch(e -> e.kind().equals("superseded"));
    assertThat(runs.state(run, graph).get(LOG)).containsExactly("a", "b");
  }

  @Test
  void a_zombie_is_taken_over_and_its_write_changes_nothing() throws Exception {
    // A claim whose worker never beats again, as after kill -9.
    UUID run = start(RunRequest.of(LINE, "t", Update.none()));
    Database db = new Database(database.owner(), "g");
    db.transaction(c ->
        db.update(
            c,
            "UPDATE ~.run SET status = 'running', owner = 'dead', epoch = 1, fresh = false, lease_until = now()"
                + " - interval '1 s' WHERE id = ?",
            run));
    Journal zombie =
        new Journal(
            db,
            new Commits(db, Duration.ofSeconds(15)),
            new Journal.Claim(run, "t", 1, LINE.hash(), "{}", 0, 0, 0, null));
    worker(LINE);
    awaits(run, "completed");

    Decision late = Kernel.start(LINE, Map.of(), Update.none());
    boolean written = db.transaction(c -> zombie.commit(c, late, Map.of(), "running", List.of()));

    assertThat(written).isFalse();
    assertThat(zombie.record("1.0:a", "", Map.of())).isFalse();
    assertThat(runs.events(run, 0, 100).getFirst().kind()).isEqualTo("superseded");
    assertThat(runs.state(run, LINE).get(LOG)).containsExactly("a", "b", "c");
  }

  @Test
  void a_thread_has_one_run_at_a_time_and_each_goes_on_from_the_last() throws Exception {
    UUID one = start(RunRequest.of(LINE, "t", Update.none()).thread("chat"));
    UUID two = start(RunRequest.of(LINE, "t", Update.of(LOG, List.of("again"))).thread("chat"));
    assertThat(
            runs.start(
                RunRequest.of(LINE, "t", Update.none()).thread("chat").ifBusy(ThreadPolicy.REFUSE)))
        .isEqualTo(new Started.Busy());
    assertThat(runs.explain(two))
        .isEqualTo("Run " + one + " of its thread comes first and is queued.");
    worker(LINE);
    awaits(one, "completed");
    awaits(two, "completed");
    assertThat(runs.state(two, LINE).get(LOG))
        .containsExactly("a", "b", "c", "again", "a", "b", "c");
  }

  @Test
  void a_tenant_never_runs_more_than_its_limit() throws Exception {
    AtomicInteger now = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    Graph graph =
        Graph.named("capped")
            .channels(LOG)
            .node(
                "a",
                _ -> {
                  most.accumulateAndGet(now.incrementAndGet(), Math::max);
                  new CountDownLatch(1).await(20, TimeUnit.MILLISECONDS);
                  now.decrementAndGet();
                  return Update.none();
                })
            .start("a")
            .build();
    new Limits(database.owner(), "g").running("t", 3);
    List<UUID> all = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      all.add(start(RunRequest.of(graph, "t", Update.none())));
    }
    worker(graph);
    worker(graph);
    for (UUID run : all) {
      awaits(run, "completed");
    }
    assertThat(most.get()).isBetween(1, 3);
  }

  @Test
  void cancel_pause_resume_and_failure_are_states_of_their_own() throws Exception {
    AtomicInteger tries = new AtomicInteger();
    CountDownLatch inside = new CountDownLatch(1);
    Graph fails =
        Graph.named("fails")
            .channels(LOG)
            .node("a", says("a"))
            .node(
                "b",
                _ -> {
                  if (tries.incrementAndGet() == 1) {
                    throw new IllegalStateException("secret");
                  }
                  return Update.of(LOG, List.of("b"));
                })
            .start("a")
            .edge("a", "b")
            .build();
    Graph hangs =
        Graph.named("hangs")
            .channels(LOG)
            .node(
                "a",
                _ -> {
                  inside.countDown();
                  new CountDownLatch(1).await();
                  return Update.none();
                })
            .start("a")
            .build();
    UUID failed = start(RunRequest.of(fails, "t", Update.none()));
    UUID hanging = start(RunRequest.of(hangs, "t", Update.none()));
    UUID paused = start(RunRequest.of(LINE, "t", Update.none()));
    assertThat(runs.pause(paused)).isTrue();
    worker(fails, hangs, LINE);

    awaits(failed, "failed");
    assertThat(runs.find(failed).flatMap(r -> Optional.ofNullable(r.errorMessage())).orElseThrow())
        .contains("b: java.lang.IllegalStateException")
        .doesNotContain("secret");
    assertThat(runs.resume(failed)).isTrue();
    awaits(failed, "completed");
    assertThat(runs.state(failed, fails).get(LOG)).containsExactly("a", "b");
    assertThat(inside.await(20, TimeUnit.SECONDS)).isTrue();
    assertThat(runs.cancel(hanging)).isTrue();
    awaits(hanging, "cancelled");
    assertThat(runs.explain(paused)).isEqualTo("It is paused; resume it.");
    runs.resume(paused);
    awaits(paused, "completed");
  }

  @Test
  void a_request_to_cancel_holds_while_the_run_comes_to_rest() throws Exception {
    Graph graph =
        Graph.named("asks")
            .channels(LOG)
            .node(
                "a",
                c -> {
                  assertThat(runs.cancel(UUID.fromString(c.runId()))).isTrue();
                  try {
                    return Update.of(LOG, List.of(String.valueOf(c.interrupt("sure?"))));
                  } catch (RuntimeException e) {
                    return Update.none();
                  }
                })
            .start("a")
            .build();
    UUID run = start(RunRequest.of(graph, "t", Update.none()));
    worker(graph);
    awaits(run, "cancelled");
    assertThat(runs.questions(run)).isEmpty();
  }

  @Test
  void a_question_stands_although_the_node_catches_everything() throws Exception {
    Graph graph =
        Graph.named("catches")
            .channels(LOG)
            .node(
                "a",
                c -> {
                  try {
                    return Update.of(LOG, List.of(String.valueOf(c.interrupt("sure?"))));
                  } catch (RuntimeException e) {
                    return Update.none();
                  }
                })
            .start("a")
            .build();
    UUID run = start(RunRequest.of(graph, "t", Update.none()));
    worker(graph);
    awaits(run, "waiting");
    runs.answer(runs.questions(run).getFirst().id(), "yes");
    awaits(run, "completed");
    assertThat(runs.state(run, graph).get(LOG)).containsExactly("yes");
  }

  @Test
  void a_transactional_node_writes_with_the_step_or_not_at_all() throws Exception {
    Database db = new Database(database.owner(), "g");
    db.transaction(c -> db.update(c, "CREATE TABLE ~.ledger (run text)"));
    Graph graph =
        Graph.named("tx")
            .channels(LOG)
            .node(
                "a",
                NodeOptions.DEFAULT.asTransactional(),
                c -> {
                  db.update(c.connection(), "INSERT INTO ~.ledger VALUES (?)", c.runId());
                  return Update.of(LOG, List.of("written"));
                })
            .node(
                "b",
                NodeOptions.DEFAULT.asTransactional(),
                c -> {
                  db.update(c.connection(), "INSERT INTO ~.ledger VALUES (?)", c.runId());
                  throw new IllegalStateException("no");
                })
            .start("a")
            .edge("a", "b")
            .build();
    UUID run = start(RunRequest.of(graph, "t", Update.none()));
    worker(graph);
    awaits(run, "failed");
    assertThat(db.query(r -> r.getInt(1), "SELECT count(*) FROM ~.ledger")).containsExactly(1);
  }
}
