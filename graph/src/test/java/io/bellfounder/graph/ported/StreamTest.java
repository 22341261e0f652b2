package io.bellfounder.graph.ported;

import static io.bellfounder.graph.ported.Engine.LOG;
import static io.bellfounder.graph.ported.Engine.SCHEMA;
import static io.bellfounder.graph.ported.Engine.log;
import static io.bellfounder.graph.ported.Engine.pass;
import static io.bellfounder.graph.ported.Engine.says;
import static org.assertj.core.api.Assertions.assertThat;

import io.bellfounder.graph.Event;
import io.bellfounder.graph.Feed;
import io.bellfounder.graph.Graph;
import io.bellfounder.graph.Node;
import io.bellfounder.graph.RunMetrics;
import io.bellfounder.graph.Subgraph;
import io.bellfounder.graph.Subscription;
import io.bellfounder.graph.Update;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.function.Predicate;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Following runs: who goes away and comes back, who follows two, and what reaches a reader. */
class StreamTest {
  @RegisterExtension static final Engine engine = new Engine();

  /** A feed that looks by itself only after the test's patience. */
  private static Feed feed() {
    return Feed.open(engine.database(), SCHEMA, Duration.ofMinutes(1), RunMetrics.NONE);
  }

  private static List<Event> read(Subscription reader, Predicate<Event> last) throws Exception {
    List<Event> all = new ArrayList<>();
    long until = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (!reader.ended() && System.nanoTime() < until) {
      List<Event> more = reader.next(Duration.ofSeconds(1));
      all.addAll(more);
      if (more.stream().anyMatch(last)) {
        break;
      }
    }
    return all;
  }

  private static List<String> kinds(List<Event> events) {
    return events.stream().map(Event::kind).toList();
  }

  private static Predicate<Event> kind(String kind) {
    return e -> e.kind().equals(kind);
  }

  /** Streams, calls a tool, asks, and works in a subgraph. */
  private static Graph everything() {
    Graph inner =
        Graph.named("inner")
            .channels(LOG)
            .node(
                "sub",
                c -> {
                  c.message("inner", "from inside");
                  return log("sub");
                })
            .start("sub")
            .build();
    return Graph.named("streaming")
        .channels(LOG)
        .node(
            "stream",
            c -> {
              c.message("outer", "from outside");
              return log("streamed");
            })
        .node(
            "tool",
            c -> {
              c.tool("call", Map.of("name", "look"));
              return log("tool");
            })
        .node("ask", c -> log("asked " + c.interrupt("Are we good?")))
        .subgraph("inner", inner, Subgraph.sharing())
        .start("stream")
        .edge("stream", "tool")
        .edge("tool", "ask")
        .edge("ask", "inner")
        .build();
  }

  private static void told(List<Event> events) {
    assertThat(kinds(events))
        .containsExactly(
            "step",
            "message",
            "step",
            "tool",
            "step",
            "interrupt",
            "waiting",
            "answered",
            "step",
            "message",
            "completed");
    assertThat(events)
        .extracting(Event::seq)
        .isEqualTo(LongStream.rangeClosed(1, 11).boxed().toList());
  }

  @Test
  void a_reader_sees_the_question_answers_it_and_reads_on_to_the_end() throws Exception {
    Graph graph = everything();
    UUID run = engine.start(graph);
    engine.worker(graph);
    try (Feed feed = feed();
        Subscription reader = feed.subscribe(run, 0)) {
      List<Event> events = read(reader, kind("waiting"));
      engine.answer(run, "yes");
      events.addAll(read(reader, Event::ends));
      assertThat(reader.next(Duration.ZERO)).isEmpty();
      assertThat(reader.ended()).isTrue();
      told(events);
    }
    assertThat(engine.log(run, graph)).containsExactly("streamed", "tool", "asked yes", "sub");
  }

  @Test
  void a_reader_that_goes_away_and_comes_back_misses_nothing_and_disturbs_nothing()
      throws Exception {
    Graph graph = everything();
    UUID run = engine.start(graph);
    List<Event> events = new ArrayList<>();
    try (Feed feed = feed()) {
      engine.worker(graph);
      engine.awaits(run, "waiting");
      // Each time only a little, and then a new connection.
      while (events.isEmpty() || !kind("waiting").test(events.getLast())) {
        long after = events.isEmpty() ? 0 : events.getLast().seq();
        try (Subscription reader = feed.subscribe(run, after)) {
          events.add(reader.next(Duration.ofSeconds(20)).getFirst());
        }
      }
      engine.answer(run, "yes");
      try (Subscription reader = feed.subscribe(run, events.getLast().seq())) {
        events.addAll(read(reader, Event::ends));
      }
      told(events);
      try (Subscription late = feed.subscribe(run, 0)) {
        told(read(late, Event::ends));
      }
    }
  }

  @Test
  void two_runs_side_by_side_are_followed_each_for_itself() throws Exception {
    Graph graph = everything();
    UUID one = engine.start(graph);
    UUID two = engine.start(graph);
    engine.worker(graph);
    try (Feed feed = feed();
        Subscription first = feed.subscribe(one, 0);
        Subscription second = feed.subscribe(two, 0)) {
      List<Event> ones = read(first, kind("waiting"));
      List<Event> twos = read(second, kind("waiting"));
      engine.answer(one, 1);
      ones.addAll(read(first, Event::ends));
      assertThat(engine.runs().find(two).orElseThrow().status()).isEqualTo("waiting");
      engine.answer(two, 2);
      twos.addAll(read(second, Event::ends));
      told(ones);
      told(twos);
    }
    assertThat(engine.log(one, graph)).contains("asked 1");
    assertThat(engine.log(two, graph)).contains("asked 2");
  }

  @Test
  void a_cancel_while_somebody_reads_ends_the_stream() throws Exception {
    CountDownLatch inside = new CountDownLatch(1);
    Graph graph =
        Graph.named("hangs")
            .channels(LOG)
            .node("before", says("before"))
            .node(
                "hangs",
                _ -> {
                  inside.countDown();
                  new CountDownLatch(1).await();
                  return Update.none();
                })
            .start("before")
            .edge("before", "hangs")
            .build();
    UUID run = engine.start(graph);
    engine.worker(graph);
    try (Feed feed = feed();
        Subscription reader = feed.subscribe(run, 0)) {
      pass(inside);
      engine.runs().cancel(run);
      List<Event> events = read(reader, Event::ends);
      assertThat(kinds(events)).containsExactly("step", "step", "cancelled");
      assertThat(reader.next(Duration.ofSeconds(1))).isEmpty();
      assertThat(reader.ended()).isTrue();
    }
    assertThat(engine.log(run, graph)).containsExactly("before");
  }

  @Test
  void a_run_that_fails_tells_so_at_the_end_of_its_stream() throws Exception {
    Graph graph =
        Graph.named("fails")
            .channels(LOG)
            .node("before", says("before"))
            .node(
                "bad",
                c -> {
                  c.message("m", "never told");
                  throw new IllegalStateException("no");
                })
            .start("before")
            .edge("before", "bad")
            .build();
    UUID run = engine.start(graph);
    engine.worker(graph);
    try (Feed feed = feed();
        Subscription reader = feed.subscribe(run, 0)) {
      assertThat(kinds(read(reader, Event::ends))).startsWith("step", "step").endsWith("failed");
    }
  }

  @Test
  void tasks_side_by_side_tell_in_their_order_and_messages_are_kept_apart_by_their_ids()
      throws Exception {
    CountDownLatch second = new CountDownLatch(1);
    Node slow =
        c -> {
          pass(second);
          c.message("slow", "Hello from one");
          return Update.none();
        };
    Node quick =
        c -> {
          c.message("quick", "Hello from two");
          second.countDown();
          return Update.none();
        };
    Graph graph =
        Graph.named("order")
            .channels(LOG)
            .node("slow", slow)
            .node("quick", quick)
            .start("slow", "quick")
            .build();
    UUID run = engine.start(graph);
    engine.worker(graph);
    engine.awaits(run, "completed");

    assertThat(engine.runs().events(run, 0, 100))
        .filteredOn(kind("message"))
        .extracting(Event::data)
        .containsExactlyInAnyOrder(
            Map.of("id", "slow", "message", "Hello from one"),
            Map.of("id", "quick", "message", "Hello from two"));
  }

  @Test
  void the_state_after_every_step_can_be_read_while_the_run_goes_on() throws Exception {
    Graph graph = everything();
    UUID run = engine.start(graph);
    engine.worker(graph);
    engine.awaits(run, "waiting");
    List<List<String>> values = new ArrayList<>();
    for (var point : engine.checkpoints(run)) {
      values.add(engine.history().state(run, point.n()).orElseThrow().view().get(LOG));
    }

    assertThat(values)
        .containsExactly(
            List.of(),
            List.of("streamed"),
            List.of("streamed", "tool"),
            List.of("streamed", "tool"));
    engine.answer(run, "yes");
    engine.awaits(run, "completed");
  }

  @Test
  void a_page_of_events_ends_where_it_is_told_and_the_next_begins_there() throws Exception {
    Graph graph =
        Graph.named("many")
            .channels(LOG)
            .node(
                "n",
                c -> {
                  for (int i = 0; i < 1200; i++) {
                    c.event("piece", i);
                  }
                  return Update.none();
                })
            .start("n")
            .build();
    UUID run = engine.start(graph);
    engine.worker(graph);
    engine.awaits(run, "completed");

    assertThat(engine.runs().events(run, 0, 5000)).hasSize(1000);
    assertThat(engine.runs().events(run, 1000, 1000)).hasSize(202);
    try (Feed feed = feed();
        Subscription reader = feed.subscribe(run, 700)) {
      List<Event> rest = read(reader, Event::ends);
      assertThat(rest).hasSize(502);
      assertThat(rest.getFirst().seq()).isEqualTo(701);
    }
  }
}
