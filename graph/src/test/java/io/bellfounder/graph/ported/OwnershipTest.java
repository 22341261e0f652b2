package io.bellfounder.graph.ported;

import static io.bellfounder.graph.ported.Engine.LOG;
import static io.bellfounder.graph.ported.Engine.log;
import static io.bellfounder.graph.ported.Engine.options;
import static io.bellfounder.graph.ported.Engine.pass;
import static io.bellfounder.graph.ported.Engine.says;
import static org.assertj.core.api.Assertions.assertThat;

import io.bellfounder.graph.Answered;
import io.bellfounder.graph.Event;
import io.bellfounder.graph.Graph;
import io.bellfounder.graph.Question;
import io.bellfounder.graph.RunRequest;
import io.bellfounder.graph.Update;
import io.bellfounder.graph.Worker;
import io.bellfounder.testing.Await;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Whose a run is, how it passes to another, and how it is stopped. */
class OwnershipTest {
  @RegisterExtension static final Engine engine = new Engine();

  private final CountDownLatch inside = new CountDownLatch(1);
  private final CountDownLatch go = new CountDownLatch(1);
  private final AtomicInteger times = new AtomicInteger();

  /** Says "before", then waits inside "held" the first time, then says "after". */
  private Graph held() {
    return Graph.named("held")
        .channels(LOG)
        .node("before", says("before"))
        .node(
            "held",
            _ -> {
              if (times.incrementAndGet() == 1) {
                inside.countDown();
                pass(go);
              }
              return log("held");
            })
        .node("after", says("after"))
        .start("before")
        .edge("before", "held")
        .edge("held", "after")
        .build();
  }

  @Test
  void two_workers_of_one_name_leave_each_others_runs_alone() throws Exception {
    Graph graph = held();
    UUID run = engine.start(graph);
    Worker first = engine.worker(options("local"), graph);
    pass(inside);
    Worker second = engine.worker(options("local"), graph);
    UUID another = engine.start(graph);
    engine.awaits(another, "completed");
    Await.until("only the first is at work", () -> first.running() == 1);
    go.countDown();
    engine.awaits(run, "completed");
    second.close();

    assertThat(engine.log(run, graph)).containsExactly("before", "held", "after");
    assertThat(times).hasValue(2);
    assertThat(engine.runs().events(run, 0, 100)).noneMatch(e -> e.kind().equals(Event.SUPERSEDED));
  }

  @Test
  void who_goes_on_with_a_run_is_its_owner_and_finished_steps_are_not_run_again() throws Exception {
    Graph graph = held();
    UUID run = engine.start(graph);
    Worker first = engine.worker(options("first"), graph);
    pass(inside);
    assertThat(engine.runs().explain(run)).isEqualTo("It runs on first.");
    first.close();
    assertThat(engine.runs().find(run).orElseThrow().status()).isEqualTo("queued");
    engine.worker(options("second"), graph);
    engine.awaits(run, "completed");

    assertThat(engine.log(run, graph)).containsExactly("before", "held", "after");
    assertThat(times).hasValue(2);
  }

  @Test
  void a_worker_that_lost_a_run_hears_of_it_at_its_heartbeat_and_stops_its_task() throws Exception {
    AtomicBoolean stopped = new AtomicBoolean();
    Graph graph =
        Graph.named("stale")
            .channels(LOG)
            .node(
                "n",
                c -> {
                  if (times.incrementAndGet() == 1) {
                    inside.countDown();
                    while (!c.cancelled()) {
                      LockSupport.parkNanos(1_000_000);
                    }
                    stopped.set(true);
                    return log("lost");
                  }
                  return log("kept");
                })
            .start("n")
            .build();
    UUID run = engine.start(graph);
    engine.worker(graph);
    pass(inside);
    engine.sql(
        "UPDATE g.run SET epoch = epoch + 1, status = 'queued', owner = NULL, lease_until = NULL"
            + " WHERE id = '"
            + run
            + "'");
    Await.until("it hears of it", stopped::get);
    engine.awaits(run, "completed");

    assertThat(engine.log(run, graph)).containsExactly("kept");
  }

  @Test
  void connections_that_are_cut_again_and_again_cost_no_run_its_end() throws Exception {
    Graph graph =
        Graph.named("chaos")
            .channels(LOG)
            .node("a", says("a"))
            .node("b", says("b"))
            .node("c", says("c"))
            .start("a")
            .edge("a", "b")
            .edge("b", "c")
            .build();
    List<UUID> runs = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      runs.add(engine.start(graph));
    }
    Worker worker = engine.fragile(options("fragile").runsMax(4).takeoversMax(50), graph);
    String ended = "SELECT count(*) FROM g.run WHERE graph = 'chaos' AND ended_at IS NOT NULL";
    for (int cut = 1; cut <= 4; cut++) {
      long enough = 8L * cut;
      Await.until("some have ended", () -> engine.number(ended) >= enough);
      engine.cut();
    }
    for (UUID run : runs) {
      engine.awaits(run, "completed");
      assertThat(engine.log(run, graph)).containsExactly("a", "b", "c");
    }
    worker.close();
  }

  @Test
  void a_task_that_does_not_listen_is_left_behind_by_a_cancelled_run() throws Exception {
    CountDownLatch back = new CountDownLatch(1);
    Graph graph =
        Graph.named("deaf")
            .channels(LOG)
            .node("before", says("before"))
            .node(
                "deaf",
                _ -> {
                  inside.countDown();
                  while (go.getCount() > 0) {
                    LockSupport.parkNanos(1_000_000);
                  }
                  back.countDown();
                  return log("late");
                })
            .start("before")
            .edge("before", "deaf")
            .build();
    UUID run = engine.start(RunRequest.of(graph, "t", Update.none()).thread("deaf"));
    engine.worker(graph);
    pass(inside);
    assertThat(engine.runs().cancel(run)).isTrue();
    assertThat(engine.runs().cancel(run)).as("asked again").isTrue();
    engine.awaits(run, "cancelled");
    go.countDown();
    pass(back);
    UUID next = engine.start(RunRequest.of(graph, "t", log("next")).thread("deaf"));
    engine.awaits(next, "completed");

    assertThat(engine.log(run, graph)).containsExactly("before");
    assertThat(engine.log(next, graph)).containsExactly("before", "next", "before", "late");
    assertThat(engine.runs().events(run, 0, 100).getLast().kind()).isEqualTo("cancelled");
  }

  @Test
  void what_has_ended_cannot_be_cancelled_paused_or_resumed() throws Exception {
    Graph graph = Graph.named("short").channels(LOG).node("n", says("n")).start("n").build();
    UUID run = engine.start(graph);
    engine.worker(graph);
    engine.awaits(run, "completed");
    List<Event> events = engine.runs().events(run, 0, 100);

    assertThat(engine.runs().cancel(run)).isFalse();
    assertThat(engine.runs().pause(run)).isFalse();
    assertThat(engine.runs().resume(run)).isFalse();
    assertThat(engine.runs().cancel(UUID.randomUUID())).isFalse();

    assertThat(engine.runs().find(run).orElseThrow().status()).isEqualTo("completed");
    assertThat(engine.runs().events(run, 0, 100)).isEqualTo(events);
  }

  @Test
  void a_waiting_run_that_is_cancelled_takes_no_answer_any_more_and_can_be_forked()
      throws Exception {
    Graph graph =
        Graph.named("asks")
            .channels(LOG)
            .node("before", says("before"))
            .node("ask", c -> log("ask " + c.interrupt("sure?")))
            .start("before")
            .edge("before", "ask")
            .build();
    UUID run = engine.start(graph);
    engine.worker(graph);
    Question question = engine.question(run);
    long n = engine.checkpoints(run).getLast().n();
    assertThat(engine.runs().cancel(run)).isTrue();
    engine.awaits(run, "cancelled");
    assertThat(engine.runs().questions(run)).isEmpty();
    assertThat(engine.runs().answer(question.id(), "late")).isEqualTo(Answered.CONFLICT);
    assertThat(engine.runs().resume(run)).isFalse();

    UUID fork = engine.history().fork(run, n, RunRequest.of(graph, "t", Update.none())).orThrow();
    engine.answer(fork, "yes");
    engine.awaits(fork, "completed");
    assertThat(engine.log(fork, graph)).containsExactly("before", "ask yes");
  }

  @Test
  void a_run_that_is_paused_in_a_step_ends_the_step_and_goes_on_after_it() throws Exception {
    Graph graph = held();
    UUID run = engine.start(graph);
    engine.worker(options("w").lease(Duration.ofMillis(600)), graph);
    pass(inside);
    assertThat(engine.runs().pause(run)).isTrue();
    engine.beats();
    go.countDown();
    engine.awaits(run, "paused");
    assertThat(engine.log(run, graph)).containsExactly("before", "held");
    assertThat(engine.runs().resume(run)).isTrue();
    engine.awaits(run, "completed");

    assertThat(engine.log(run, graph)).containsExactly("before", "held", "after");
    assertThat(times).hasValue(1);
  }

  @Test
  void a_worker_hears_at_once_what_is_asked_though_it_would_look_for_itself_much_later()
      throws Exception {
    Graph asks =
        Graph.named("asks")
            .channels(LOG)
            .node("ask", c -> log("ask " + c.interrupt("sure?")))
            .start("ask")
            .build();
    Graph hangs =
        Graph.named("hangs")
            .channels(LOG)
            .node(
                "hangs",
                _ -> {
                  inside.countDown();
                  new CountDownLatch(1).await();
                  return Update.none();
                })
            .start("hangs")
            .build();
    UUID asking = engine.start(asks);
    UUID hanging = engine.start(hangs);
    // Beats once a minute, and looks for runs as rarely.
    engine.worker(
        options("deaf").lease(Duration.ofMinutes(3)).poll(Duration.ofMinutes(1)), asks, hangs);
    Await.until(
        "it listens",
        () ->
            engine.number(
                    "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%asked'"
                        + " AND datname = current_database()")
                > 0);
    pass(inside);
    engine.answer(asking, "yes");
    engine.awaits(asking, "completed");
    engine.runs().cancel(hanging);
    engine.awaits(hanging, "cancelled");
  }

  @Test
  void a_drain_lets_a_step_end_with_all_its_tasks_and_hands_the_run_over() throws Exception {
    AtomicInteger children = new AtomicInteger();
    Graph graph =
        Graph.named("drain")
            .channels(LOG)
            .node(
                "a",
                _ -> {
                  inside.countDown();
                  pass(go);
                  return log("a " + children.incrementAndGet());
                })
            .node("b", _ -> log("b"))
            .node("after", says("after"))
            .start("a", "b")
            .join(List.of("a", "b"), "after")
            .build();
    UUID run = engine.start(graph);
    Worker first = engine.worker(graph);
    pass(inside);
    Thread drain = Thread.ofVirtual().start(() -> first.drain(Duration.ofSeconds(20)));
    go.countDown();
    drain.join();
    String status = engine.runs().find(run).orElseThrow().status();
    assertThat(status).isIn("queued", "completed");
    engine.worker(graph);
    engine.awaits(run, "completed");

    assertThat(engine.log(run, graph)).containsExactly("a 1", "b", "after");
    assertThat(engine.runs().events(run, 0, 100)).noneMatch(e -> e.kind().equals(Event.SUPERSEDED));
  }
}
