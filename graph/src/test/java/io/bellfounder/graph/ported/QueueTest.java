package io.bellfounder.graph.ported;

import static io.bellfounder.graph.ported.Engine.LOG;
import static io.bellfounder.graph.ported.Engine.NOTHING;
import static io.bellfounder.graph.ported.Engine.SCHEMA;
import static io.bellfounder.graph.ported.Engine.log;
import static io.bellfounder.graph.ported.Engine.options;
import static io.bellfounder.graph.ported.Engine.pass;
import static org.assertj.core.api.Assertions.assertThat;

import io.bellfounder.graph.Channel;
import io.bellfounder.graph.Graph;
import io.bellfounder.graph.Limits;
import io.bellfounder.graph.RunRequest;
import io.bellfounder.graph.Started;
import io.bellfounder.graph.ThreadPolicy;
import io.bellfounder.graph.Update;
import io.bellfounder.graph.Worker;
import io.bellfounder.testing.Await;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Which run goes when, how many at a time, and what is not in the queue any more. */
class QueueTest {
  @RegisterExtension static final Engine engine = new Engine();

  private static final Channel<String> NAME = Channel.last("name", String.class, "");
  private final Queue<String> order = new ConcurrentLinkedQueue<>();
  private final AtomicInteger now = new AtomicInteger();
  private final AtomicInteger most = new AtomicInteger();
  private final CountDownLatch go = new CountDownLatch(1);
  private Limits limits;

  @BeforeEach
  void open() {
    limits = new Limits(engine.database(), SCHEMA);
  }

  private Graph named(String graph) {
    return Graph.named(graph)
        .channels(NAME)
        .node(
            "n",
            c -> {
              most.accumulateAndGet(now.incrementAndGet(), Math::max);
              order.add(c.get(NAME));
              Thread.yield();
              now.decrementAndGet();
              return Update.none();
            })
        .start("n")
        .build();
  }

  /** Waits inside until it may go on. */
  private Graph held(String graph) {
    return Graph.named(graph)
        .channels(NAME)
        .node(
            "n",
            c -> {
              order.add(c.get(NAME));
              most.accumulateAndGet(now.incrementAndGet(), Math::max);
              pass(go);
              now.decrementAndGet();
              return Update.none();
            })
        .start("n")
        .build();
  }

  private static RunRequest as(Graph graph, String tenant, String name) {
    return RunRequest.of(graph, tenant, Update.of(NAME, name));
  }

  @Test
  void with_one_place_runs_go_by_priority_and_then_in_the_order_in_which_they_came()
      throws Exception {
    Graph graph = named("priority");
    limits.running("single", 1);
    List<UUID> runs = new ArrayList<>();
    for (String name : List.of("low", "first", "second", "high", "third")) {
      int points = name.equals("low") ? -5 : name.equals("high") ? 5 : 0;
      runs.add(engine.start(as(graph, "single", name).priority(points)));
    }
    engine.worker(graph);
    engine.worker(graph);
    for (UUID run : runs) {
      engine.awaits(run, "completed");
    }

    assertThat(order).containsExactly("high", "first", "second", "third", "low");
    assertThat(most).hasValue(1);
  }

  @Test
  void a_worker_holds_no_more_than_it_may_and_two_hold_twice_as_many() throws Exception {
    Graph graph = held("workers");
    for (int i = 0; i < 6; i++) {
      engine.start(as(graph, "workers", "r" + i));
    }
    Worker one = engine.worker(options("one").runsMax(2), graph);
    Await.until("two", () -> now.get() == 2);
    Worker two = engine.worker(options("two").runsMax(2), graph);
    Await.until("four", () -> now.get() == 4);
    assertThat(one.running()).isEqualTo(2);
    assertThat(two.running()).isEqualTo(2);
    go.countDown();
    Await.until("all", () -> order.size() == 6 && now.get() == 0);

    assertThat(most.get()).isLessThanOrEqualTo(4);
  }

  @Test
  void lanes_are_queues_side_by_side_and_a_full_one_holds_up_no_other() throws Exception {
    Graph held = held("held");
    Graph free = named("free");
    limits.running("lanes", "mail", 1);
    UUID first = engine.start(as(held, "lanes", "held").lane("mail"));
    engine.worker(held, free);
    Await.until("it is at work", () -> order.contains("held"));
    UUID second = engine.start(as(free, "lanes", "mail").lane("mail"));
    UUID other = engine.start(as(free, "lanes", "other").lane("other"));
    UUID none = engine.start(as(free, "lanes", "none"));

    engine.awaits(other, "completed");
    engine.awaits(none, "completed");
    assertThat(engine.runs().explain(second)).isEqualTo("The 1 places of its lane mail are taken.");
    go.countDown();
    engine.awaits(first, "completed");
    engine.awaits(second, "completed");
  }

  @Test
  void a_limit_that_is_raised_or_lowered_holds_from_then_on() throws Exception {
    Graph graph = held("changes");
    limits.running("changes", 1);
    for (int i = 0; i < 5; i++) {
      engine.start(as(graph, "changes", "r" + i));
    }
    engine.worker(graph);
    Await.until("one", () -> now.get() == 1);
    limits.running("changes", 3);
    Await.until("three", () -> now.get() == 3);
    limits.running("changes", 3);
    go.countDown();
    Await.until("all", () -> order.size() == 5);
    assertThat(most).hasValue(3);
    limits.reset("changes");
  }

  @Test
  void a_lost_run_keeps_its_place_until_it_is_taken_over_and_is_not_overtaken() throws Exception {
    Graph graph = named("recovered");
    limits.running("recovered", 1);
    UUID lost = engine.start(as(graph, "recovered", "lost"));
    UUID next = engine.start(as(graph, "recovered", "next"));
    engine.sql(
        "UPDATE g.run SET status = 'running', owner = 'dead', epoch = 1, fresh = false,"
            + " lease_until = clock_timestamp() + interval '600 ms' WHERE id = '"
            + lost
            + "'");
    assertThat(engine.runs().explain(next)).isEqualTo("Its tenant's 1 places are taken.");
    engine.worker(graph);
    engine.awaits(next, "completed");

    assertThat(order).containsExactly("lost", "next");
    engine.awaits(lost, "completed");
  }

  @Test
  void a_queued_run_that_is_cancelled_never_runs_and_one_that_is_paused_runs_when_resumed()
      throws Exception {
    Graph graph = named("cancelled");
    UUID cancelled = engine.start(as(graph, "t", "cancelled"));
    UUID paused = engine.start(as(graph, "t", "paused"));
    UUID other = engine.start(as(graph, "t", "other"));
    assertThat(engine.runs().cancel(cancelled)).isTrue();
    assertThat(engine.runs().pause(paused)).isTrue();
    engine.worker(graph);
    engine.awaits(other, "completed");
    assertThat(engine.runs().resume(cancelled)).isFalse();
    assertThat(engine.runs().resume(paused)).isTrue();
    engine.awaits(paused, "completed");

    assertThat(order).containsExactly("other", "paused");
    assertThat(engine.runs().find(cancelled).orElseThrow().status()).isEqualTo("cancelled");
  }

  @Test
  void a_key_starts_once_however_many_ask_at_the_same_time_and_also_after_the_end()
      throws Exception {
    Graph graph = named("once");
    RunRequest request = as(graph, "t", "once").key("order-7").thread("orders");
    Queue<Started> started = new ConcurrentLinkedQueue<>();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      threads.add(
          Thread.ofVirtual()
              .start(() -> {
                try {
                  started.add(engine.runs().start(request));
                } catch (java.sql.SQLException e) {
                  throw new IllegalStateException(e);
                }
              }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    engine.worker(graph);
    UUID run = started.element().orThrow();
    engine.awaits(run, "completed");

    assertThat(started).hasSize(12).allSatisfy(s -> assertThat(s.orThrow()).isEqualTo(run));
    assertThat(started.stream().filter(s -> s instanceof Started.Created)).hasSize(1);
    assertThat(engine.runs().start(request)).isEqualTo(new Started.Same(run));
    assertThat(engine.runs().start(as(graph, "u", "once").key("order-7").thread("orders")))
        .isInstanceOf(Started.Created.class);
    Await.until("both ran", () -> order.size() == 2);
  }

  @Test
  void a_delayed_run_has_its_key_at_once_and_can_be_cancelled_before_its_time() throws Exception {
    Graph graph = named("delayed");
    RunRequest request = as(graph, "t", "delayed").key("later").delay(Duration.ofHours(1));
    UUID run = engine.start(request);
    engine.worker(graph);

    assertThat(engine.runs().start(request)).isEqualTo(new Started.Same(run));
    assertThat(engine.runs().start(as(graph, "t", "delayed").key("later")))
        .isEqualTo(new Started.Conflict(run));
    assertThat(engine.runs().cancel(run)).isTrue();
    engine.awaits(run, "cancelled");
    UUID soon = engine.start(as(graph, "t", "soon").delay(Duration.ofMillis(20)));
    engine.awaits(soon, "completed");

    assertThat(order).containsExactly("soon");
  }

  @Test
  void of_a_busy_thread_the_next_run_is_queued_refused_or_takes_its_place() throws Exception {
    Graph graph = held("busy");
    RunRequest request = as(graph, "t", "first").thread("busy");
    UUID first = engine.start(request);
    engine.worker(graph);
    Await.until("it is at work", () -> now.get() == 1);
    UUID queued = engine.start(as(graph, "t", "queued").thread("busy"));
    assertThat(engine.runs().start(request.ifBusy(ThreadPolicy.REFUSE)))
        .isEqualTo(new Started.Busy());
    UUID place =
        engine.start(as(graph, "t", "place").thread("busy").ifBusy(ThreadPolicy.INTERRUPT));
    engine.awaits(first, "cancelled");
    engine.awaits(queued, "cancelled");
    go.countDown();
    engine.awaits(place, "completed");

    assertThat(order).containsExactly("first", "place");
  }

  @Test
  void runs_of_many_threads_side_by_side_keep_their_own_state() throws Exception {
    Graph graph =
        Graph.named("chat")
            .channels(LOG)
            .node("n", NOTHING)
            .node("m", c -> log("seen " + c.get(LOG).size()))
            .start("n")
            .edge("n", "m")
            .build();
    List<UUID> last = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      for (int j = 0; j < 3; j++) {
        UUID run = engine.start(RunRequest.of(graph, "t", log(i + "/" + j)).thread("chat" + i));
        if (j == 2) {
          last.add(run);
        }
      }
    }
    engine.worker(graph);
    engine.worker(graph);
    for (int i = 0; i < 10; i++) {
      engine.awaits(last.get(i), "completed");
      assertThat(engine.log(last.get(i), graph))
          .containsExactly(i + "/0", "seen 1", i + "/1", "seen 3", i + "/2", "seen 5");
    }
  }
}
