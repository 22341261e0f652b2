package io.bellfounder.graph.ported;

import static io.bellfounder.graph.ported.Engine.LOG;
import static io.bellfounder.graph.ported.Engine.log;
import static io.bellfounder.graph.ported.Engine.pass;
import static io.bellfounder.graph.ported.Engine.says;
import static org.assertj.core.api.Assertions.assertThat;

import io.bellfounder.graph.Channel;
import io.bellfounder.graph.Event;
import io.bellfounder.graph.GiveUp;
import io.bellfounder.graph.Graph;
import io.bellfounder.graph.Node;
import io.bellfounder.graph.NodeOptions;
import io.bellfounder.graph.Replay;
import io.bellfounder.graph.RetryPolicy;
import io.bellfounder.graph.RunRequest;
import io.bellfounder.graph.Runs;
import io.bellfounder.graph.Subgraph;
import io.bellfounder.graph.Update;
import io.bellfounder.graph.Worker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Tasks that fail, hang, are tried again or handled, and what their siblings had done. */
class FailureTest {
  @RegisterExtension static final Engine engine = new Engine();

  private static final Channel<Long> VALUE = Channel.counter("value");
  private static final NodeOptions TWICE =
      NodeOptions.DEFAULT.retry(new RetryPolicy(2, Duration.ofMillis(1), Duration.ofMillis(1)));

  private static Node fails() {
    return _ -> {
      throw new IllegalStateException("I'm not good");
    };
  }

  private static Graph one(NodeOptions options, Node node) {
    return Graph.named("one").channels(LOG).node("n", options, node).start("n").build();
  }

  @Test
  void a_finished_task_does_not_run_again_while_its_sibling_fails_and_is_tried_on()
      throws Exception {
    AtomicInteger good = new AtomicInteger();
    AtomicInteger bad = new AtomicInteger();
    Graph graph =
        Graph.named("siblings")
            .channels(VALUE)
            .node(
                "one",
                _ -> {
                  good.incrementAndGet();
                  return Update.of(VALUE, 2L);
                })
            .node(
                "two",
                TWICE,
                _ -> {
                  if (bad.incrementAndGet() < 5) {
                    throw new IllegalStateException("I'm not good");
                  }
                  return Update.of(VALUE, 3L);
                })
            .start("one", "two")
            .build();
    Runs runs = engine.runs();
    UUID run = engine.start(graph, Update.of(VALUE, 1L));
    engine.worker(graph);
    for (int times = 1; times <= 2; times++) {
      engine.awaits(run, "failed");
      assertThat(runs.find(run).orElseThrow().errorCode()).isEqualTo("node_failed");
      assertThat(good).hasValue(1);
      assertThat(bad).hasValue(2 * times);
      assertThat(runs.state(run, graph).get(VALUE)).as("nothing of the step").isEqualTo(1);
      assertThat(engine.checkpoints(run)).hasSize(1);
      assertThat(engine.checkpoints(run).getFirst().nodes()).containsExactly("one", "two");
      assertThat(runs.resume(run)).isTrue();
    }
    engine.awaits(run, "completed");

    assertThat(runs.state(run, graph).get(VALUE)).isEqualTo(6);
    assertThat(good).hasValue(1);
    assertThat(bad).hasValue(5);
    assertThat(engine.checkpoints(run)).hasSize(2);
  }

  @Test
  void a_sibling_of_what_failed_ends_first_so_that_its_work_is_kept() throws Exception {
    CountDownLatch failed = new CountDownLatch(1);
    AtomicInteger works = new AtomicInteger();
    AtomicInteger broken = new AtomicInteger();
    Graph graph =
        Graph.named("kept")
            .channels(LOG)
            .node(
                "long",
                _ -> {
                  pass(failed);
                  works.incrementAndGet();
                  return log("long");
                })
            .node(
                "bad",
                _ -> {
                  failed.countDown();
                  if (broken.getAndIncrement() == 0) {
                    throw new IllegalStateException("I am bad");
                  }
                  return log("good");
                })
            .start("long", "bad")
            .build();
    UUID run = engine.start(graph);
    engine.worker(graph);
    engine.awaits(run, "failed");
    assertThat(engine.runs().find(run).orElseThrow().errorMessage()).startsWith("bad: ");
    engine.runs().resume(run);
    engine.awaits(run, "completed");

    assertThat(engine.log(run, graph)).containsExactly("long", "good");
    assertThat(works).hasValue(1);
  }

  @Test
  void each_attempt_knows_its_number_and_its_run() throws Exception {
    List<String> seen = new ArrayList<>();
    Graph graph =
        one(
            NodeOptions.DEFAULT.retry(new RetryPolicy(3, Duration.ZERO, Duration.ZERO)),
            c -> {
              seen.add(c.runId() + " " + c.path() + " " + c.attempt());
              if (seen.size() < 3) {
                throw new IllegalStateException("not yet");
              }
              return log("done");
            });
    UUID run = engine.start(graph);
    engine.worker(graph);
    engine.awaits(run, "completed");

    assertThat(seen).containsExactly(run + " 1.0:n 1", run + " 1.0:n 2", run + " 1.0:n 3");
  }

  @Test
  void what_an_attempt_did_that_took_too_long_does_not_count_though_it_comes_back()
      throws Exception {
    CountDownLatch back = new CountDownLatch(1);
    CountDownLatch second = new CountDownLatch(1);
    Graph graph =
        one(
            TWICE.timeout(Duration.ofMillis(300)),
            c -> {
              c.event("told", "by attempt " + c.attempt());
              if (c.attempt() > 1) {
                second.countDown();
                pass(back);
                return log("second");
              }
              // Neither looks at interrupts nor at the clock.
              while (second.getCount() > 0) {
                LockSupport.parkNanos(1_000_000);
              }
              back.countDown();
              return log("first");
            });
    UUID run = engine.start(graph);
    engine.worker(graph);
    engine.awaits(run, "completed");

    assertThat(engine.log(run, graph)).containsExactly("second");
    assertThat(engine.runs().events(run, 0, 100))
        .filteredOn(e -> e.kind().equals("told"))
        .extracting(Event::data)
        .containsExactly("by attempt 2");
  }

  @Test
  void a_time_out_cannot_be_swallowed() throws Exception {
    Graph graph =
        one(
            NodeOptions.DEFAULT.timeout(Duration.ofMillis(30)),
            _ -> {
              try {
                new CountDownLatch(1).await();
              } catch (InterruptedException e) {
                return log("as if nothing had happened");
              }
              return log("never");
            });
    UUID run = engine.start(graph);
    engine.worker(graph);
    engine.awaits(run, "failed");

    assertThat(engine.runs().find(run).orElseThrow().errorCode()).isEqualTo("timed_out");
    assertThat(engine.log(run, graph)).isEmpty();
  }

  @Test
  void a_node_that_says_it_was_cancelled_or_breaks_in_any_other_way_has_failed() throws Exception {
    List<Node> nodes =
        List.of(
            _ -> {
              throw new CancellationException("by myself");
            },
            _ -> {
              throw new InterruptedException("by myself");
            },
            _ -> {
              throw new AssertionError("broken");
            },
            _ -> {
              throw new StackOverflowError();
            },
            c -> c.input(Update.class));
    for (Node node : nodes) {
      Graph graph = one(NodeOptions.DEFAULT, node);
      UUID run = engine.start(graph);
      engine.worker(graph);
      engine.awaits(run, "failed");
      assertThat(engine.runs().find(run).orElseThrow().errorCode()).isEqualTo("node_failed");
    }
  }

  @Test
  @SuppressWarnings("NullAway")
  void a_node_that_returns_null_has_failed_and_is_told_what_to_return() throws Exception {
    Graph graph = one(NodeOptions.DEFAULT, _ -> null);
    UUID run = engine.start(graph);
    engine.worker(graph);
    engine.awaits(run, "failed");

    assertThat(engine.runs().find(run).orElseThrow().errorMessage())
        .isEqualTo("n: it returned null: return Update.none()");
  }

  @Test
  void the_node_for_failures_runs_after_the_last_attempt_and_may_lead_anywhere() throws Exception {
    AtomicInteger tries = new AtomicInteger();
    Graph graph =
        Graph.named("handled")
            .channels(LOG)
            .node(
                "bad",
                TWICE.onFailure("mend"),
                _ -> {
                  tries.incrementAndGet();
                  throw new IllegalStateException("bad");
                })
            .node("never", says("never"))
            .node("mend", _ -> log("mend").go("recover"))
            .node("recover", says("recover"))
            .start("bad")
            .edge("bad", "never")
            .build();

    assertThat(engine.completes(graph, Update.none()).get(LOG)).containsExactly("mend", "recover");
    assertThat(tries).hasValue(2);
  }

  @Test
  void each_failure_goes_to_its_own_node_and_a_node_for_failures_that_fails_fails_the_run()
      throws Exception {
    Graph graph =
        Graph.named("handlers")
            .channels(LOG)
            .node("one", NodeOptions.DEFAULT.onFailure("mend-one"), fails())
            .node("two", NodeOptions.DEFAULT.onFailure("mend-two"), fails())
            .node("mend-one", says("mend-one"))
            .node("mend-two", says("mend-two"))
            .node("breaks", NodeOptions.DEFAULT.onFailure("breaks-too"), fails())
            .node("breaks-too", fails())
            .start("one", "two")
            .join(List.of("mend-one", "mend-two"), "breaks")
            .build();
    UUID run = engine.start(graph);
    engine.worker(graph);
    engine.awaits(run, "failed");

    assertThat(engine.log(run, graph)).containsExactly("mend-one", "mend-two");
    assertThat(engine.runs().find(run).orElseThrow().errorMessage()).startsWith("breaks-too: ");
  }

  @Test
  void a_failure_inside_a_subgraph_is_handled_inside_or_fails_the_run() throws Exception {
    for (boolean handled : new boolean[] {true, false}) {
      NodeOptions options = handled ? NodeOptions.DEFAULT.onFailure("mend") : NodeOptions.DEFAULT;
      Graph inner =
          Graph.named("inner")
              .channels(LOG)
              .node("bad", options, fails())
              .node("mend", says("mend"))
              .start("bad")
              .build();
      Graph graph =
          Graph.named("outer" + handled)
              .channels(LOG)
              .subgraph("inner", inner, Subgraph.sharing())
              .node("after", says("after"))
              .start("inner")
              .edge("inner", "after")
              .build();
      UUID run = engine.start(graph);
      engine.worker(graph);
      engine.awaits(run, handled ? "completed" : "failed");
      assertThat(engine.log(run, graph)).isEqualTo(handled ? List.of("mend", "after") : List.of());
    }
  }

  @Test
  void a_failure_anywhere_in_a_subgraph_goes_to_the_node_that_the_subgraph_has_for_it()
      throws Exception {
    Graph deepest =
        Graph.named("deepest")
            .channels(LOG)
            .node("good", says("lost"))
            .node("bad", fails())
            .start("good")
            .edge("good", "bad")
            .build();
    Graph deep =
        Graph.named("deep")
            .channels(LOG)
            .node("asks", c -> log("asks " + c.interrupt("void?")))
            .subgraph("deepest", deepest, Subgraph.sharing())
            .node("before", says("lost too"))
            .start("before")
            .edge("before", "deepest")
            .edge("before", "asks")
            .build();
    Graph graph =
        Graph.named("outer")
            .channels(LOG)
            .subgraph("deep", NodeOptions.DEFAULT.onFailure("mend"), deep, Subgraph.sharing())
            .node("never", says("never"))
            .node("mend", says("mend"))
            .node("beside", says("beside"))
            .start("deep", "beside")
            .edge("deep", "never")
            .build();
    UUID run = engine.start(graph);
    engine.worker(graph);
    // Two nodes of the subgraph's second step: one asks, and its sibling has not failed yet.
    engine.answer(run, "now it fails");
    engine.awaits(run, "completed");

    assertThat(engine.log(run, graph)).containsExactly("beside", "mend");
    assertThat(engine.history().replay(run, List.of(graph))).isInstanceOf(Replay.Equal.class);
  }

  @Test
  void who_gives_up_is_not_tried_again() throws Exception {
    AtomicInteger tries = new AtomicInteger();
    Graph graph =
        Graph.named("gives-up")
            .channels(LOG)
            .node(
                "n",
                NodeOptions.DEFAULT.retry(RetryPolicy.times(5)),
                _ -> {
                  tries.incrementAndGet();
                  throw new GiveUp(new java.io.FileNotFoundException("secret"));
                })
            .start("n")
            .build();
    UUID run = engine.start(graph);
    engine.worker(graph);
    engine.awaits(run, "failed");

    assertThat(tries).hasValue(1);
    assertThat(engine.runs().find(run).orElseThrow().errorCode()).isEqualTo("gave_up");
    assertThat(engine.runs().find(run).orElseThrow().errorMessage())
        .matches("n: java.io.FileNotFoundException at FailureTest.java:\\d+");
  }

  @Test
  void handling_a_failure_swallows_no_question_that_is_asked_beside_it() throws Exception {
    Graph graph =
        Graph.named("both")
            .channels(LOG)
            .node("bad", NodeOptions.DEFAULT.onFailure("mend"), fails())
            .node("asks", c -> log("asks " + c.interrupt("sure?")))
            .node("mend", says("mend"))
            .start("bad", "asks")
            .build();
    UUID run = engine.start(graph);
    engine.worker(graph);
    engine.answer(run, "yes");
    engine.awaits(run, "completed");

    assertThat(engine.log(run, graph)).containsExactly("asks yes", "mend");
  }

  @Test
  void a_node_for_failures_goes_on_elsewhere_when_its_worker_is_lost_and_what_failed_does_not()
      throws Exception {
    AtomicInteger failures = new AtomicInteger();
    AtomicInteger mends = new AtomicInteger();
    CountDownLatch inside = new CountDownLatch(1);
    Graph graph =
        Graph.named("handler")
            .channels(LOG)
            .node(
                "bad",
                NodeOptions.DEFAULT.onFailure("mend"),
                _ -> {
                  failures.incrementAndGet();
                  throw new IllegalStateException("bad");
                })
            .node(
                "mend",
                _ -> {
                  if (mends.incrementAndGet() == 1) {
                    inside.countDown();
                    new CountDownLatch(1).await();
                  }
                  return log("mended");
                })
            .start("bad")
            .build();
    UUID run = engine.start(graph);
    Worker first = engine.worker(graph);
    pass(inside);
    first.close();
    engine.worker(graph);
    engine.awaits(run, "completed");

    assertThat(engine.log(run, graph)).containsExactly("mended");
    assertThat(failures).hasValue(1);
    assertThat(mends).hasValue(2);
  }

  @Test
  void runs_that_fail_and_runs_that_do_not_leave_each_other_alone() throws Exception {
    Graph graph =
        Graph.named("mixed")
            .channels(VALUE)
            .node(
                "n",
                c -> {
                  if (c.get(VALUE) % 2 == 1) {
                    throw new IllegalStateException("odd");
                  }
                  return Update.of(VALUE, 100L);
                })
            .start("n")
            .build();
    List<UUID> all = new ArrayList<>();
    for (long i = 0; i < 20; i++) {
      all.add(engine.start(RunRequest.of(graph, "t", Update.of(VALUE, i)).thread("mixed" + i)));
    }
    engine.worker(graph);
    for (int i = 0; i < 20; i++) {
      engine.awaits(all.get(i), i % 2 == 1 ? "failed" : "completed");
      assertThat(engine.runs().state(all.get(i), graph).get(VALUE))
          .isEqualTo(i % 2 == 1 ? i : i + 100);
    }
  }
}
