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
import java.util.function.Predicate;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class FeedTest {
  @RegisterExtension final TemporaryDatabase database = new TemporaryDatabase();

  private static final Duration LONG = Duration.ofSeconds(20);
  private final CountDownLatch written = new CountDownLatch(1);
  private final CountDownLatch go = new CountDownLatch(1);
  private final List<Worker> workers = new ArrayList<>();
  private Runs runs;

  @BeforeEach
  void install() throws SQLException {
    GraphSchema.install(database.owner(), "g");
    runs = new Runs(database.owner(), "g");
  }

  @AfterEach
  void check() throws SQLException {
    go.countDown();
    workers.forEach(Worker::close);
    assertThat(InvariantChecker.problems(database.owner(), "g")).isEmpty();
  }

  private static Graph one(NodeOptions options, Node node) {
    return Graph.named("one").node("n", options, node).start("n").build();
  }

  private static Graph one(Node node) {
    return one(NodeOptions.DEFAULT, node);
  }

  private Worker worker(Graph graph) {
    WorkerOptions options = WorkerOptions.named("w").lease(Duration.ofSeconds(2));
    Worker worker = Worker.start(database.owner(), "g", options, List.of(graph));
    workers.add(worker);
    return worker;
  }

  private UUID start(Graph graph) throws SQLException {
    return ((Started.Created) runs.start(RunRequest.of(graph, "t", Update.none()))).run();
  }

  private void awaits(UUID run, String status) {
    Await.value(
        run + " is " + status, LONG, () -> runs.find(run).orElseThrow().status(), status::equals);
  }

  /** A feed that would look by itself only after the test's patience. */
  private Feed feed() {
    return Feed.open(database.owner(), "g", Duration.ofMinutes(1), RunMetrics.NONE);
  }

  private static List<Event> read(Subscription reader, Predicate<List<Event>> enough)
      throws Exception {
    List<Event> all = new ArrayList<>();
    long until = System.nanoTime() + LONG.toNanos();
    while (!enough.test(all) && !reader.ended() && System.nanoTime() < until) {
      all.addAll(reader.next(Duration.ofSeconds(1)));
    }
    return all;
  }

  private static List<String> kinds(List<Event> events) {
    return events.stream().map(Event::kind).toList();
  }

  @Test
  void everything_that_happens_is_an_event_in_its_order() throws Exception {
    AtomicInteger tries = new AtomicInteger();
    Graph graph =
        one(
            NodeOptions.DEFAULT.retry(new RetryPolicy(2, Duration.ofMillis(1), Duration.ZERO)),
            c -> {
              c.tool("call-1", Map.of("name", "look"));
              if (tries.incrementAndGet() == 1) {
                throw new IllegalStateException("first");
              }
              c.message("m", "hello");
              c.interrupt("sure?");
              return Update.none();
            });
    UUID run = start(graph);
    worker(graph);
    awaits(run, "waiting");
    UUID question = runs.questions(run).getFirst().id();
    runs.answer(question, "yes");
    try (Feed feed = feed();
        Subscription reader = feed.subscribe(run, 0)) {
      List<Event> events = read(reader, _ -> false);

      assertThat(kinds(events))
          .containsExactly(
              "step",
              "superseded",
              "tool",
              "message",
              "interrupt",
              "waiting",
              "answered",
              "tool",
              "message",
              "completed");
      assertThat(events)
          .extracting(Event::seq)
          .isEqualTo(LongStream.rangeClosed(1, 10).boxed().toList());
      assertThat(events.get(1).data()).isEqualTo(Map.of("path", "1.0:n", "attempt", 1L));
      assertThat(events.get(4).data())
          .isEqualTo(Map.of("question", question.toString(), "node", "n"));
      assertThat(reader.ended()).isTrue();
      assertThat(reader.next(LONG)).isEmpty();
    }
  }

  @Test
  void a_message_is_read_while_it_is_written_and_its_pieces_vanish_when_it_stands()
      throws Exception {
    Graph graph =
        one(c -> {
          for (String piece : List.of("He", "l", "lo")) {
            c.token("m", piece);
          }
          written.countDown();
          go.await();
          c.message("m", "Hello");
          return Update.none();
        });
    UUID run = start(graph);
    worker(graph);
    try (Feed feed = feed();
        Subscription reader = feed.subscribe(run, 0)) {
      List<Event> events =
          read(reader, all -> all.stream().filter(e -> e.kind().equals("token")).count() == 3);

      assertThat(kinds(events)).containsExactly("step", "token", "token", "token");
      assertThat(events.subList(1, 4)).extracting(Event::seq).containsOnly(1L);
      assertThat(events.get(3).data())
          .isEqualTo(Map.of("message", "m", "attempt", 1L, "n", 3L, "text", "lo"));
      go.countDown();
      assertThat(kinds(read(reader, _ -> false))).containsExactly("message", "completed");
    }
    Await.until("the pieces are gone", () -> tokens() == 0);
  }

  @Test
  void a_cancelled_run_keeps_what_was_written_of_a_message() throws Exception {
    Graph graph =
        one(c -> {
          c.token("m", "half a ");
          c.token("m", "sentence");
          written.countDown();
          go.await();
          return Update.none();
        });
    UUID run = start(graph);
    worker(graph);
    assertThat(written.await(20, TimeUnit.SECONDS)).isTrue();
    runs.cancel(run);
    awaits(run, "cancelled");
    List<Event> events = runs.events(run, 0, 10);
    assertThat(kinds(events)).containsExactly("step", "message", "cancelled");
    assertThat(events.get(1).data())
        .isEqualTo(Map.of("id", "m", "message", "half a sentence", "partial", true));
  }

  @Test
  void what_a_finished_sibling_told_survives_its_worker() throws Exception {
    AtomicInteger told = new AtomicInteger();
    Graph graph =
        Graph.named("two")
            .node(
                "a",
                c -> {
                  told.incrementAndGet();
                  c.message("m", "from a");
                  return Update.none();
                })
            .node(
                "b",
                _ -> {
                  written.countDown();
                  go.await();
                  return Update.none();
                })
            .start("a", "b")
            .build();
    UUID run = start(graph);
    Worker first = worker(graph);
    assertThat(written.await(20, TimeUnit.SECONDS)).isTrue();
    Database db = new Database(database.owner(), "g");
    Await.until(
        "a is recorded",
        () -> db.query(r -> r.getInt(1), "SELECT count(*) FROM ~.task").getFirst() == 1);
    first.close();
    go.countDown();
    worker(graph);
    awaits(run, "completed");
    assertThat(told).hasValue(1);
    assertThat(kinds(runs.events(run, 0, 10))).containsExactly("step", "message", "completed");
  }

  @Test
  void a_reader_goes_on_from_any_number_and_a_lost_hint_costs_a_look() throws Exception {
    Graph graph =
        one(c -> {
          c.message("m", c.interrupt("sure?"));
          return Update.none();
        });
    UUID run = start(graph);
    Worker worker = worker(graph);
    awaits(run, "waiting");
    worker.close();
    try (Feed feed = Feed.open(database.owner(), "g", Duration.ofMillis(20), RunMetrics.NONE);
        Subscription reader = feed.subscribe(run, 1)) {
      assertThat(kinds(read(reader, all -> all.size() == 2)))
          .containsExactly("interrupt", "waiting");
      // An answer sends no hint.
      runs.answer(runs.questions(run).getFirst().id(), "yes");
      assertThat(kinds(read(reader, all -> all.size() == 1))).containsExactly("answered");
      worker(graph);
      assertThat(kinds(read(reader, _ -> false))).containsExactly("message", "completed");
      for (long after = 0; after <= 6; after++) {
        try (Subscription again = feed.subscribe(run, after)) {
          assertThat(read(again, _ -> false)).hasSize(6 - (int) after);
        }
      }
    }
  }

  @Test
  void answers_cancels_and_sweeps_are_heard_of_at_once_also_where_no_worker_is() throws Exception {
    Graph graph =
        one(c -> {
          c.interrupt("sure?");
          return Update.none();
        });
    UUID answered = start(graph);
    UUID cancelled = start(graph);
    worker(graph);
    awaits(answered, "waiting");
    awaits(cancelled, "waiting");
    workers.forEach(Worker::close);
    UUID lost = start(graph);
    Database db = new Database(database.owner(), "g");
    try (Feed feed = feed();
        Subscription one = feed.subscribe(answered, runs.find(answered).orElseThrow().seq());
        Subscription two = feed.subscribe(cancelled, runs.find(cancelled).orElseThrow().seq());
        Subscription three = feed.subscribe(lost, 0)) {
      // Whoever listens from now on has looked at what was there before.
      Await.until("it listens", () -> db.query(r -> 1, LISTENS).size() == 1);
      assertThat(one.next(Duration.ofMillis(50))).isEmpty();

      runs.answer(runs.questions(answered).getFirst().id(), "yes");
      assertThat(kinds(one.next(LONG))).containsExactly("answered");
      runs.cancel(cancelled);
      assertThat(kinds(two.next(LONG))).containsExactly("cancelled");
      int _ =
          db.statement(c ->
              db.update(
                  c,
                  "UPDATE ~.run SET status = 'running', owner = 'lost', epoch = 1, fresh = false,"
                      + " lease_until = now() - interval '1 s' WHERE id = ?",
                  lost));
      new Leases(db, WorkerOptions.named("sweeper"), Claims.POSTGRES).sweep();
      assertThat(kinds(three.next(LONG))).containsExactly("superseded");
    }
  }

  private static final String LISTENS =
      "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
          + " AND query LIKE 'LISTEN%'";

  @Test
  void a_closed_feed_lets_its_readers_go() throws Exception {
    Graph graph = one(_ -> Update.none());
    Feed feed = feed();
    Subscription reader = feed.subscribe(start(graph), 0);
    feed.close();
    assertThat(reader.next(LONG)).isEmpty();
    assertThat(reader.ended()).isTrue();
  }

  @Test
  void the_engines_own_kinds_are_not_for_nodes() throws Exception {
    assertThatThrownBy(() -> Event.checkKind("completed"))
        .hasMessage("the engine tells of 'completed' itself: choose another kind");
    Event.checkKind("progress");
  }

  /** With {@code -Dkit.long=true} more of them, and the figure on standard output. */
  @Test
  void many_pieces_a_second_come_to_a_reader_in_their_order() throws Exception {
    int pieces = Boolean.getBoolean("kit.long") ? 200_000 : 10_000;
    Graph graph =
        one(c -> {
          // As fast as they are taken; twenty batches fit into the bound.
          for (int i = 0; i < pieces; i++) {
            c.token("m", "word ");
            if (i % 1000 == 999) {
              boolean never = new CountDownLatch(1).await(20, TimeUnit.MILLISECONDS);
              assertThat(never).isFalse();
            }
          }
          go.await();
          return Update.none();
        });
    UUID run = start(graph);
    worker(graph);
    try (Feed feed = feed();
        Subscription reader = feed.subscribe(run, 1)) {
      List<Event> events = new ArrayList<>(read(reader, all -> !all.isEmpty()));
      long begun = System.nanoTime();
      events.addAll(read(reader, all -> all.size() + events.size() >= pieces));
      double seconds = (System.nanoTime() - begun) / 1e9;
      if (pieces > 10_000) {
        System.out.printf("read %.0f pieces/s%n", pieces / seconds);
      }
      assertThat(events)
          .extracting(e -> Json.object(e.data()).get("n"))
          .isEqualTo(LongStream.rangeClosed(1, pieces).boxed().toList());
    }
  }

  private int tokens() throws SQLException {
    return new Database(database.owner(), "g")
        .query(r -> r.getInt(1), "SELECT count(*) FROM ~.token")
        .getFirst();
  }
}
