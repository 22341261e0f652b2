package io.bellfounder.graph.ported;

import static io.bellfounder.graph.ported.Engine.LOG;
import static io.bellfounder.graph.ported.Engine.log;
import static io.bellfounder.graph.ported.Engine.says;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bellfounder.graph.Answered;
import io.bellfounder.graph.Channel;
import io.bellfounder.graph.Codec;
import io.bellfounder.graph.Event;
import io.bellfounder.graph.Feed;
import io.bellfounder.graph.Graph;
import io.bellfounder.graph.Limits;
import io.bellfounder.graph.Next;
import io.bellfounder.graph.Reducer;
import io.bellfounder.graph.RunMetrics;
import io.bellfounder.graph.RunRequest;
import io.bellfounder.graph.RunView;
import io.bellfounder.graph.Started;
import io.bellfounder.graph.Subscription;
import io.bellfounder.graph.Update;
import io.bellfounder.graph.Worker;
import io.bellfounder.graph.WorkerOptions;
import io.bellfounder.testing.Await;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What has gone wrong elsewhere and has no case of its own yet. */
class TrapTest {
  @RegisterExtension static final Engine engine = new Engine();

  private static Map<String, Object> map(Object... pairs) {
    Map<String, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < pairs.length; i += 2) {
      map.put((String) pairs[i], pairs[i + 1]);
    }
    return map;
  }

  private static String error(UUID run) throws Exception {
    RunView view = engine.runs().find(run).orElseThrow();
    return view.errorCode() + " " + view.errorMessage();
  }

  /** A process that comes back with the same answer may have the fields of a map in other order. */
  @Test
  void the_same_answer_or_start_is_the_same_in_whatever_order_its_fields_are() throws Exception {
    Channel<Object> value = Channel.last("value", Object.class);
    Graph graph =
        Graph.named("same")
            .channels(value, LOG)
            .node("ask", c -> Update.of(value, c.interrupt("sure?")))
            .start("ask")
            .build();
    RunRequest request = RunRequest.of(graph, "t", Update.none()).key("same");
    Update one =
        Update.ofData(map("value", map("a", 1, "b", map("c", 2, "d", 3)), "log", List.of()));
    Update two =
        Update.ofData(map("log", List.of(), "value", map("b", map("d", 3, "c", 2), "a", 1)));
    Update other = Update.ofData(map("log", List.of(), "value", map("b", 1, "a", 2)));
    UUID run = engine.start(RunRequest.of(graph, "t", one).key("same"));
    assertThat(engine.runs().start(RunRequest.of(graph, "t", two).key("same")))
        .isEqualTo(new Started.Same(run));
    assertThat(engine.runs().start(RunRequest.of(graph, "t", other).key("same")))
        .isEqualTo(new Started.Conflict(run));
    assertThat(engine.runs().start(request)).isEqualTo(new Started.Conflict(run));
    engine.worker(graph);

    UUID question = engine.question(run).id();
    assertThat(engine.runs().answer(question, map("good", true, "remark", "")))
        .isEqualTo(Answered.ACCEPTED);
    assertThat(engine.runs().answer(question, map("remark", "", "good", true)))
        .isEqualTo(Answered.REPEATED);
    assertThat(engine.runs().answer(question, map("remark", "", "good", false)))
        .isEqualTo(Answered.CONFLICT);
    engine.awaits(run, "completed");
  }

  @Test
  void a_tool_that_outlasts_its_lease_by_far_runs_once_though_tools_have_used_up_the_pool()
      throws Exception {
    AtomicInteger times = new AtomicInteger();
    CountDownLatch began = new CountDownLatch(1);
    try (SmallPool pool = new SmallPool(engine.database(), 6)) {
      Graph graph =
          Graph.named("long")
              .channels(LOG)
              .node(
                  "tool",
                  _ -> {
                    times.incrementAndGet();
                    List<Connection> all = pool.rest();
                    long begun = engine.number(NOW);
                    began.countDown();
                    // The lease is a second and a half.
                    Await.until("three leases pass", () -> engine.number(NOW) > begun + 4500);
                    for (Connection each : all) {
                      each.close();
                    }
                    return log("done");
                  })
              .start("tool")
              .build();
      try (Worker _ =
          Worker.start(pool.dataSource(), Engine.SCHEMA, Engine.options("w"), List.of(graph))) {
        engine.beats();
        UUID run = engine.start(graph);
        Engine.pass(began);
        engine.worker(graph);
        engine.awaits(run, "completed");
        assertThat(times).hasValue(1);
        assertThat(engine.runs().events(run, 0, 100))
            .extracting(Event::kind)
            .containsExactly("step", "completed");
      }
    }
  }

  private static final String NOW = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint";

  @Test
  void what_a_node_changes_after_it_was_given_is_no_state() throws Exception {
    Channel<Object> bag = Channel.of("bag", Codec.json(), Reducer.LAST);
    List<Object> live = new ArrayList<>(List.of("given"));
    Graph graph =
        Graph.named("live")
            .channels(bag, LOG)
            .node(
                "gives",
                c -> {
                  Update update = Update.of(bag, live);
                  c.event("told", live);
                  live.add("changed in the same step");
                  return update;
                })
            .node(
                "changes",
                c -> {
                  live.add("changed in the next step");
                  Map<String, Object> data = c.state().data();
                  assertThatThrownBy(() -> data.put("bag", "mine"))
                      .isInstanceOf(UnsupportedOperationException.class);
                  List<String> words = c.get(LOG);
                  assertThatThrownBy(() -> words.add("mine"))
                      .isInstanceOf(UnsupportedOperationException.class);
                  return log("seen " + c.get(bag));
                })
            .start("gives")
            .edge("gives", "changes")
            .build();

    UUID run = engine.start(graph, log("in"));
    engine.worker(graph);
    engine.awaits(run, "completed");

    assertThat(engine.log(run, graph)).containsExactly("in", "seen [given]");
    for (var point : engine.checkpoints(run).subList(1, 3)) {
      assertThat(engine.history().state(run, point.n()).orElseThrow().values().get("bag"))
          .isEqualTo(List.of("given"));
    }
    assertThat(engine.runs().events(run, 0, 10))
        .filteredOn(e -> e.kind().equals("told"))
        .extracting(Event::data)
        .containsExactly(List.of("given"));
  }

  @Test
  void a_reader_that_does_not_read_holds_up_nobody_and_misses_nothing() throws Exception {
    int events = 2000;
    Graph graph =
        Graph.named("talks")
            .channels(LOG)
            .node(
                "talk",
                c -> {
                  for (int i = 0; i < events; i++) {
                    c.event("word", i);
                    c.token("m", "word ");
                  }
                  return Update.none();
                })
            .start("talk")
            .build();
    UUID run = engine.start(graph);
    try (Feed feed =
            Feed.open(engine.database(), Engine.SCHEMA, Duration.ofSeconds(1), RunMetrics.NONE);
        Subscription sleeps = feed.subscribe(run, 0);
        Subscription reads = feed.subscribe(run, 0)) {
      engine.worker(graph);
      engine.awaits(run, "completed");
      assertThat(words(reads)).isEqualTo(words(sleeps)).hasSize(events);
    }
  }

  private static List<Object> words(Subscription reader) throws Exception {
    List<Object> words = new ArrayList<>();
    while (!reader.ended()) {
      for (Event event : reader.next(Duration.ofSeconds(20))) {
        if (event.kind().equals("word")) {
          words.add(event.data());
        }
      }
    }
    return words;
  }

  /** The worker would look for itself only after the test's patience. */
  @Test
  void a_place_that_comes_free_is_taken_at_once_and_not_at_the_next_look() throws Exception {
    Graph graph = Graph.named("short").channels(LOG).node("n", says("n")).start("n").build();
    new Limits(engine.database(), Engine.SCHEMA).running("narrow", 1);
    List<UUID> all = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      all.add(engine.start(RunRequest.of(graph, "narrow", Update.none())));
    }
    engine.worker(WorkerOptions.named("w").poll(Duration.ofMinutes(5)), graph);
    for (UUID run : all) {
      engine.awaits(run, "completed");
    }
  }

  @Test
  void what_finished_beside_a_question_or_a_failure_is_told_once() throws Exception {
    AtomicInteger failures = new AtomicInteger(1);
    Graph graph =
        Graph.named("told")
            .channels(LOG)
            .node(
                "tells",
                c -> {
                  c.message("m", "hello");
                  return Update.none();
                })
            .node("asks", c -> log(c.interrupt("sure?", String.class)))
            .node(
                "fails",
                _ -> {
                  if (failures.getAndDecrement() > 0) {
                    throw new IllegalStateException("no");
                  }
                  return Update.none();
                })
            .node("again", says("again"))
            .node(
                "tells-too",
                c -> {
                  c.message("n", "there");
                  return Update.none();
                })
            .start("tells", "asks")
            .edge("asks", "again")
            .edge("again", "fails")
            .edge("again", "tells-too")
            .build();
    UUID run = engine.start(graph);
    engine.worker(graph);
    engine.answer(run, "yes");
    engine.awaits(run, "failed");
    assertThat(engine.runs().resume(run)).isTrue();
    engine.awaits(run, "completed");

    assertThat(engine.runs().events(run, 0, 100))
        .extracting(Event::kind)
        .containsExactly(
            "step",
            "message",
            "interrupt",
            "waiting",
            "answered",
            "step",
            "step",
            "message",
            "failed",
            "resumed",
            "completed");
  }

  @Test
  void a_failure_says_what_was_thrown_and_where_and_never_what_it_said() throws Exception {
    Graph graph =
        Graph.named("secretive")
            .channels(LOG)
            .node(
                "reads",
                c -> {
                  throw new IllegalStateException("the secret " + c.get(LOG));
                })
            .start("reads")
            .build();
    Graph branches =
        Graph.named("branches")
            .channels(LOG)
            .node("n", says("secret"))
            .start("n")
            .branch(
                "n",
                s -> {
                  throw new IllegalArgumentException("the secret " + s.get(LOG));
                },
                Graph.END)
            .build();
    UUID failed = engine.start(graph);
    UUID chose = engine.start(branches);
    engine.worker(graph, branches);
    engine.awaits(failed, "failed");
    engine.awaits(chose, "failed");

    assertThat(error(failed))
        .matches("node_failed reads: java.lang.IllegalStateException at TrapTest.java:\\d+");
    assertThat(error(chose))
        .matches("condition_failed n: java.lang.IllegalArgumentException at TrapTest.java:\\d+");
  }

  @Test
  void what_the_engine_itself_has_to_say_of_a_mistake_is_kept() throws Exception {
    Channel<String> empty = Channel.last("empty", String.class);
    Graph reads =
        Graph.named("reads").channels(empty).node("n", c -> log(c.get(empty))).start("n").build();
    Graph writes = Graph.named("writes").node("n", _ -> log("nowhere")).start("n").build();
    Graph goes = Graph.named("goes").node("n", _ -> Update.none().go("nowhere")).start("n").build();
    Graph breaks =
        Graph.named("breaks")
            .node(
                "n",
                _ -> {
                  throw new AssertionError("secret");
                })
            .start("n")
            .build();
    Map<Graph, String> says = new HashMap<>();
    says.put(
        reads,
        "node_failed n: java.lang.IllegalStateException: channel empty has no value yet: give it"
            + " one, or use find");
    says.put(
        writes,
        "bad_write n: it writes channel log, which graph writes has not: declare it or correct the"
            + " name");
    says.put(goes, "bad_route n: it leads to nowhere, which is no node");
    says.put(breaks, "node_failed n: java.lang.AssertionError at TrapTest.java:\\d+");
    engine.worker(says.keySet().toArray(Graph[]::new));
    for (Map.Entry<Graph, String> each : says.entrySet()) {
      UUID run = engine.start(each.getKey());
      engine.awaits(run, "failed");
      assertThat(error(run)).matches(each.getValue());
    }
  }

  /** A condition is called by the worker itself, not by a task's thread. */
  @Test
  void a_condition_that_never_ends_by_itself_costs_its_run_and_no_worker() throws Exception {
    Graph graph =
        Graph.named("deep")
            .channels(LOG)
            .node("n", says("n"))
            .start("n")
            .branch("n", s -> deeper(s.get(LOG).size()), Graph.END)
            .build();
    Graph fine = Graph.named("fine").channels(LOG).node("n", says("n")).start("n").build();
    UUID run = engine.start(graph);
    engine.worker(graph, fine);
    engine.awaits(run, "parked");
    assertThat(error(run)).startsWith("unreadable java.lang.StackOverflowError");
    UUID next = engine.start(fine);
    engine.awaits(next, "completed");
    assertThat(engine.runs().cancel(run)).isTrue();
  }

  @SuppressWarnings("InfiniteRecursion")
  private static Next deeper(int n) {
    return deeper(n + 1);
  }
}
