package io.bellfounder.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bellfounder.graph.testing.InvariantChecker;
import io.bellfounder.testing.Await;
import io.bellfounder.testing.TemporaryDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** How a worker treats nodes that fail, hang or must not run twice, and runs beyond help. */
class DriverTest {
  @RegisterExtension final TemporaryDatabase database = new TemporaryDatabase();

  private static final Channel<List<String>> LOG = Channel.append("log", String.class);
  private final List<Worker> workers = new ArrayList<>();
  private final CountDownLatch inside = new CountDownLatch(1);
  private final CountDownLatch go = new CountDownLatch(1);
  private final Heard heard = new Heard();
  private Database db;
  private Runs runs;

  /** What a metrics library would be told. */
  private static final class Heard implements RunMetrics {
    private final AtomicInteger claimed = new AtomicInteger();
    private final AtomicInteger steps = new AtomicInteger();
    private final AtomicInteger retried = new AtomicInteger();
    private final AtomicInteger takenOver = new AtomicInteger();
    private final AtomicInteger died = new AtomicInteger();
    private final AtomicLong lag = new AtomicLong(-1);

    @Override
    public void claimed(int runs, Duration took) {
      claimed.addAndGet(runs);
    }

    @Override
    public void step(String graph, String status, Duration took) {
      assertThat(took).isPositive();
      steps.incrementAndGet();
    }

    @Override
    public void retried(String graph, String node) {
      retried.incrementAndGet();
    }

    @Override
    public void takenOver(int runs) {
      takenOver.addAndGet(runs);
    }

    @Override
    public void died(int runs) {
      died.addAndGet(runs);
    }

    @Override
    public void eventLag(Duration behind) {
      lag.set(behind.toNanos());
    }
  }

  @BeforeEach
  void install() throws SQLException {
    GraphSchema.install(database.owner(), "g");
    db = new Database(database.owner(), "g");
    runs = new Runs(database.owner(), "g");
  }

  @AfterEach
  void check() throws SQLException {
    go.countDown();
    workers.forEach(Worker::close);
    assertThat(InvariantChecker.problems(database.owner(), "g")).isEmpty();
  }

  private Worker worker(Graph graph) {
    WorkerOptions options =
        WorkerOptions.named("w").lease(Duration.ofSeconds(2)).takeoversMax(2).metrics(heard);
    Worker worker = Worker.start(database.owner(), "g", options, List.of(graph));
    workers.add(worker);
    return worker;
  }

  private static Graph one(NodeOptions options, Node node) {
    return Graph.named("one").channels(LOG).node("n", options, node).start("n").build();
  }

  private UUID start(Graph graph) throws SQLException {
    return ((Started.Created) runs.start(RunRequest.of(graph, "t", Update.none()))).run();
  }

  private void awaits(UUID run, String status) {
    Await.value(
        run + " is " + status,
        Duration.ofSeconds(30),
        () -> runs.find(run).orElseThrow().status(),
        status::equals);
  }

  private void change(UUID run, String set) throws SQLException {
    int _ = db.transaction(c -> db.update(c, "UPDATE ~.run SET " + set + " WHERE id = ?", run));
  }

  @Test
  void a_failed_task_is_tried_again_as_often_as_its_policy_says() throws Exception {
    AtomicInteger tries = new AtomicInteger();
    RetryPolicy policy = new RetryPolicy(3, Duration.ofMillis(1), Duration.ofMillis(2));
    Graph graph =
        one(
            NodeOptions.DEFAULT.retry(policy),
            c -> {
              tries.incrementAndGet();
              assertThat(c.attempt()).isEqualTo(tries.get());
              throw new IllegalStateException("always");
            });
    UUID run = start(graph);
    worker(graph);
    awaits(run, "failed");
    assertThat(tries).hasValue(3);
    assertThat(heard.retried).hasValue(2);
    assertThat(runs.find(run).orElseThrow().errorCode()).isEqualTo("node_failed");
    assertThat(runs.events(run, 0, 10))
        .extracting(Event::kind)
        .containsExactly("step", "superseded", "superseded", "failed");
  }

  @Test
  void waits_between_attempts_double_up_to_the_longest() {
    RetryPolicy policy = new RetryPolicy(9, Duration.ofMillis(100), Duration.ofMillis(500));
    assertThat(List.of(1, 2, 3, 4, 99))
        .extracting(attempt -> policy.waitAfter(attempt).toMillis())
        .containsExactly(100L, 200L, 400L, 500L, 500L);
  }

  @Test
  void a_node_that_takes_too_long_is_interrupted_and_fails() throws Exception {
    CountDownLatch interrupted = new CountDownLatch(1);
    Graph graph =
        one(
            NodeOptions.DEFAULT.timeout(Duration.ofMillis(50)),
            _ -> {
              try {
                go.await();
              } catch (InterruptedException e) {
                interrupted.countDown();
              }
              return Update.none();
            });
    UUID run = start(graph);
    worker(graph);
    awaits(run, "failed");
    assertThat(runs.find(run).orElseThrow().errorCode()).isEqualTo("timed_out");
    assertThat(interrupted.await(20, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void a_run_whose_workers_die_again_and_again_is_dead_until_it_is_resumed() throws Exception {
    Graph graph = one(NodeOptions.DEFAULT, _ -> Update.of(LOG, List.of("done")));
    UUID run = start(graph);
    Claims claims =
        new Claims(
            db,
            WorkerOptions.named("dies").takeoversMax(2),
            List.of(graph.hash()),
            Claims.POSTGRES);
    Leases leases =
        new Leases(db, WorkerOptions.named("w").takeoversMax(2).metrics(heard), Claims.POSTGRES);
    for (int lost = 1; lost <= 2; lost++) {
      assertThat(claims.claim(1).runs()).hasSize(1);
      change(run, "lease_until = now() - interval '1 s'");
      assertThat(runs.figures().overdue()).isEqualTo(1);
      leases.sweep();
      assertThat(runs.find(run).orElseThrow().status()).isEqualTo(lost == 1 ? "queued" : "dead");
    }
    assertThat(heard.takenOver).hasValue(1);
    assertThat(heard.died).hasValue(1);
    assertThat(claims.claim(1).runs()).isEmpty();
    assertThat(runs.figures().runs()).containsEntry("dead", 1L);

    assertThat(runs.resume(run)).isTrue();
    worker(graph);
    awaits(run, "completed");
    assertThat(runs.events(run, 0, 10))
        .extracting(Event::kind)
        .containsExactly("superseded", "dead", "resumed", "step", "completed");
  }

  @Test
  void a_dead_run_can_be_cancelled_and_lets_its_thread_go() throws Exception {
    Graph graph = one(NodeOptions.DEFAULT, _ -> Update.none());
    RunRequest request = RunRequest.of(graph, "t", Update.none()).thread("chat");
    UUID dead = ((Started.Created) runs.start(request)).run();
    UUID next = ((Started.Created) runs.start(request)).run();
    change(dead, "status = 'dead'");
    assertThat(runs.explain(next))
        .isEqualTo("Run " + dead + " of its thread comes first and is dead.");
    assertThat(runs.cancel(dead)).isTrue();
    worker(graph);
    awaits(next, "completed");
  }

  @Test
  void a_run_that_cannot_be_read_is_parked_says_why_and_goes_on_when_that_is_put_right()
      throws Exception {
    Graph graph = one(NodeOptions.DEFAULT.askingBefore(), _ -> Update.of(LOG, List.of("done")));
    UUID run = start(graph);
    Worker first = worker(graph);
    awaits(run, "waiting");
    first.close();
    int _ =
        db.transaction(
            c -> db.update(c, "UPDATE ~.checkpoint SET format = format + 100 WHERE run = ?", run));
    runs.answer(runs.questions(run).getFirst().id(), "yes");
    worker(graph);
    awaits(run, "parked");
    assertThat(runs.find(run).orElseThrow().errorCode()).isEqualTo("unreadable");
    assertThat(runs.explain(run)).startsWith("It was parked: ");

    int _ =
        db.transaction(
            c -> db.update(c, "UPDATE ~.checkpoint SET format = format - 100 WHERE run = ?", run));
    assertThat(runs.resume(run)).isTrue();
    awaits(run, "completed");
    assertThat(runs.state(run, graph).get(LOG)).containsExactly("done");
  }

  @Test
  void a_node_that_runs_at_most_once_asks_a_person_after_its_process_is_lost() throws Exception {
    AtomicInteger times = new AtomicInteger();
    Graph graph =
        Graph.named("once")
            .channels(LOG)
            .node(
                "n",
                NodeOptions.DEFAULT.asOnce(),
                _ -> {
                  if (times.incrementAndGet() == 1) {
                    inside.countDown();
                    go.await();
                  }
                  return Update.of(LOG, List.of("done " + times.get()));
                })
            .start("n")
            .build();
    UUID byHand = start(graph);
    Worker first = worker(graph);
    assertThat(inside.await(20, TimeUnit.SECONDS)).isTrue();
    first.close();
    worker(graph);
    awaits(byHand, "waiting");
    assertThat(runs.questions(byHand).getFirst().payload()).isEqualTo(Map.of("unknown", "(node)"));
    runs.answer(runs.questions(byHand).getFirst().id(), Map.of("retry", true));
    awaits(byHand, "completed");
    assertThat(times).hasValue(2);
    assertThat(runs.state(byHand, graph).get(LOG)).containsExactly("done 2");
  }

  @Test
  void who_lets_an_effect_happen_again_allows_it_once_only() throws Exception {
    AtomicInteger times = new AtomicInteger();
    Graph graph =
        one(
            NodeOptions.DEFAULT.asOnce(),
            _ -> {
              times.incrementAndGet();
              throw new IllegalStateException("after the effect, or before");
            });
    UUID run = start(graph);
    worker(graph);
    for (int allowed = 1; allowed <= 2; allowed++) {
      awaits(run, "failed");
      assertThat(times).hasValue(allowed);
      runs.resume(run);
      awaits(run, "waiting");
      runs.answer(runs.questions(run).getFirst().id(), Map.of("retry", true));
    }
    awaits(run, "failed");
    assertThat(times).hasValue(3);
  }

  @Test
  void a_node_that_failed_once_counts_as_done_when_a_person_says_so() throws Exception {
    AtomicInteger times = new AtomicInteger();
    Graph graph =
        one(
            NodeOptions.DEFAULT.asOnce(),
            _ -> {
              times.incrementAndGet();
              throw new IllegalStateException("after the effect, or before");
            });
    UUID run = start(graph);
    worker(graph);
    awaits(run, "failed");
    runs.resume(run);
    awaits(run, "waiting");
    runs.answer(runs.questions(run).getFirst().id(), "I have looked: it is done");
    awaits(run, "completed");
    assertThat(times).hasValue(1);
  }

  @Test
  void a_node_that_runs_at_most_once_is_nothing_else_beside() {
    assertThatThrownBy(() -> NodeOptions.DEFAULT.asOnce().retry(RetryPolicy.times(2)))
        .hasMessageContaining("not transactional and not tried again");
    assertThatThrownBy(() -> NodeOptions.DEFAULT.asOnce().asTransactional())
        .hasMessageContaining("not transactional and not tried again");
  }

  @Test
  void a_thread_that_is_interrupted_goes_on_from_what_was_committed() throws Exception {
    assertThat(policy(ThreadPolicy.INTERRUPT)).containsExactly("a", "a", "b");
  }

  @Test
  void a_thread_that_is_rolled_back_goes_on_from_before() throws Exception {
    assertThat(policy(ThreadPolicy.ROLL_BACK)).containsExactly("a", "b");
  }

  /** A first run hangs after its first step; a second one takes its place. */
  private List<String> policy(ThreadPolicy policy) throws Exception {
    AtomicInteger hangs = new AtomicInteger();
    Graph graph =
        Graph.named("chat")
            .channels(LOG)
            .node("a", _ -> Update.of(LOG, List.of("a")))
            .node(
                "b",
                _ -> {
                  if (hangs.incrementAndGet() == 1) {
                    inside.countDown();
                    go.await();
                  }
                  return Update.of(LOG, List.of("b"));
                })
            .start("a")
            .edge("a", "b")
            .build();
    RunRequest request = RunRequest.of(graph, "t", Update.none()).thread("chat");
    UUID first = ((Started.Created) runs.start(request)).run();
    worker(graph);
    assertThat(inside.await(20, TimeUnit.SECONDS)).isTrue();
    UUID second = ((Started.Created) runs.start(request.ifBusy(policy))).run();
    awaits(first, "cancelled");
    awaits(second, "completed");
    return runs.state(second, graph).get(LOG);
  }

  @Test
  void figures_and_metrics_tell_what_happens() throws Exception {
    Graph graph = one(NodeOptions.DEFAULT, _ -> Update.of(LOG, List.of("done")));
    UUID run = start(graph);
    change(run, "queue_at = queue_at - interval '1 h'");
    Figures before = runs.figures();
    assertThat(before.runs()).containsEntry("queued", 1L);
    assertThat(before.claimable()).isEqualTo(1);
    assertThat(before.oldestClaimable()).isBetween(Duration.ofHours(1), Duration.ofHours(2));
    assertThat(before.workers()).isZero();
    assertThat(before.overdue()).isZero();
    assertThat(before.schedulesLate()).isZero();
    assertThat(before.bytes()).containsKeys("run", "event", "checkpoint");

    worker(graph);
    awaits(run, "completed");
    try (Feed feed = Feed.open(database.owner(), "g", Duration.ofMillis(50), heard);
        Subscription reader = feed.subscribe(run, 0)) {
      assertThat(reader.next(Duration.ofSeconds(20))).hasSize(2);
    }

    Await.until("the worker is there", () -> runs.figures().workers() == 1);
    assertThat(heard.claimed).hasValue(1);
    assertThat(heard.steps).hasValue(2);
    assertThat(heard.lag.get()).isPositive();
    assertThat(runs.figures().claimable()).isZero();
    assertThat(runs.figures().oldestClaimable()).isZero();
  }
}
