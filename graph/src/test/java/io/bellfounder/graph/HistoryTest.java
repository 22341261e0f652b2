package io.bellfounder.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bellfounder.graph.testing.InvariantChecker;
import io.bellfounder.testing.Await;
import io.bellfounder.testing.Seeds;
import io.bellfounder.testing.TemporaryDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class HistoryTest {
  @RegisterExtension final TemporaryDatabase database = new TemporaryDatabase();

  private static final Channel<List<String>> LOG = Channel.append("log", String.class);
  private static final Channel<Long> COUNT = Channel.counter("count");
  private static final Channel<String> WORD = Channel.last("word", String.class, "before");
  private static final Channel<Long> MOST = Channel.custom("most", Long.class, 0L, Math::max);
  private final AtomicInteger ran = new AtomicInteger();
  private Database db;
  private Runs runs;
  private History history;
  private @Nullable Worker worker;

  @BeforeEach
  void install() throws SQLException {
    GraphSchema.install(database.owner(), "g");
    db = new Database(database.owner(), "g");
    runs = new Runs(database.owner(), "g");
    history = new History(database.owner(), "g");
  }

  @AfterEach
  void check() throws SQLException {
    stop();
    assertThat(InvariantChecker.problems(database.owner(), "g")).isEmpty();
  }

  /** Everything that leaves results behind: sends, a subgraph, a failure, commands, questions. */
  private Graph everything() {
    Graph inner =
        Graph.named("inner")
            .channels(LOG, COUNT)
            .node("first", _ -> log("inner first").and(COUNT, 10L))
            .node("second", c -> log("inner " + c.interrupt("inside?")))
            .start("first")
            .edge("first", "second")
            .build();
    return Graph.named("everything")
        .channels(LOG, COUNT, WORD, MOST)
        .node("plan", _ -> log("planned").and(COUNT, 1L))
        .node("work", c -> log("worked on " + c.input()).and(MOST, (Long) c.input()))
        .node(
            "breaks",
            NodeOptions.DEFAULT.onFailure("mend"),
            _ -> {
              ran.incrementAndGet();
              throw new IllegalStateException("broken on purpose");
            })
        .node("mend", _ -> Update.of(WORD, "mended").and(COUNT, 1L))
        .subgraph("inside", inner, Subgraph.sharing())
        .node(
            "ask",
            c -> {
              Object first = c.interrupt("first?");
              return Update.of(WORD, first + " " + c.interrupt("second?"));
            })
        .node("beside", c -> log("effect " + c.once("effect", () -> "done")).go("last"))
        .node("last", NodeOptions.DEFAULT.askingBefore(), c -> Update.of(COUNT, c.get(COUNT)))
        .start("plan")
        .branch("plan", _ -> Next.send(List.of(new Send("work", 3), new Send("work", 7))), "work")
        .edge("work", "breaks")
        .edge("mend", "inside")
        .edge("inside", "ask")
        .edge("inside", "beside")
        .edge("ask", "last")
        .build();
  }

  private Update log(String text) {
    ran.incrementAndGet();
    return Update.of(LOG, List.of(text));
  }

  private UUID start(Graph graph) throws SQLException {
    return created(runs.start(RunRequest.of(graph, "t", Update.of(LOG, List.of("in")))));
  }

  private static UUID created(Started started) {
    return ((Started.Created) started).run();
  }

  private void work(Graph... graphs) {
    worker = Worker.start(database.owner(), "g", WorkerOptions.named("w"), List.of(graphs));
  }

  private void stop() {
    if (worker != null) {
      worker.close();
    }
  }

  private void awaits(UUID run, String status) {
    Await.value(
        run + " is " + status,
        Duration.ofSeconds(30),
        () -> runs.find(run).orElseThrow().status(),
        status::equals);
  }

  /** Answers whatever is asked until the run has ended. */
  private void answers(UUID run) {
    ends(run);
    assertThat(status(run)).isEqualTo("completed");
  }

  private String status(UUID run) {
    try {
      return runs.find(run).orElseThrow().status();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private UUID everythingDone(Graph graph) throws SQLException {
    UUID run = start(graph);
    work(graph);
    answers(run);
    return run;
  }

  private long rows() throws SQLException {
    long rows = 0;
    for (String table : List.of("run", "checkpoint", "channel_delta", "event", "task", "blob")) {
      rows += db.query(r -> r.getLong(1), "SELECT count(*) FROM ~." + table).getFirst();
    }
    return rows;
  }

  @Test
  void checkpoints_are_listed_with_what_was_next_and_what_was_asked() throws Exception {
    Graph graph = everything();
    UUID run = everythingDone(graph);

    List<Checkpoint> all = history.checkpoints(run, 0, 1000);

    assertThat(all).extracting(Checkpoint::n).isSorted().startsWith(1L);
    assertThat(all.getFirst().nodes()).containsExactly("plan");
    assertThat(all.get(1).nodes()).containsExactly("work", "work");
    assertThat(all).anyMatch(point -> point.nodes().equals(List.of("inside/second")));
    assertThat(all)
        .filteredOn(point -> point.status() instanceof Status.Waiting)
        .extracting(point -> point.open().getFirst().payload())
        .containsExactly("inside?", "first?", "second?", Map.of("before", "last"));
    assertThat(all.getLast().status()).isInstanceOf(Status.Completed.class);
    assertThat(all.getLast().nodes()).isEmpty();
    assertThat(all).allMatch(point -> point.specHash().equals(graph.hash()));
    assertThat(history.checkpoints(run, 3, 2)).isEqualTo(all.subList(3, 5));
  }

  @Test
  void every_state_that_was_committed_can_be_read_again_without_the_code() throws Exception {
    UUID run = everythingDone(everything());
    long last = history.checkpoints(run, 0, 1000).getLast().n();
    List<Object> logs = new ArrayList<>();
    for (long n = 1; n <= last; n++) {
      logs.add(history.state(run, n).orElseThrow().values().get("log"));
    }
    assertThat(logs).startsWith(List.of("in"), List.of("in", "planned"));
    assertThat(logs.getLast())
        .isEqualTo(
            List.of(
                "in",
                "planned",
                "worked on 3",
                "worked on 7",
                "inner first",
                "inner yes",
                "effect done"));
    assertThat(history.state(run, last + 1)).isEmpty();
  }

  @Test
  void a_replay_comes_to_the_same_bytes_runs_no_node_and_writes_nothing() throws Exception {
    Graph graph = everything();
    UUID run = everythingDone(graph);
    final int before = ran.get();
    final long rows = rows();

    Replay replay = history.replay(run, List.of(graph));

    long last = history.checkpoints(run, 0, 1000).getLast().n();
    assertThat(replay).isEqualTo(new Replay.Equal(1, last, runs.state(run, graph)));
    assertThat(ran).hasValue(before);
    assertThat(rows()).isEqualTo(rows);
  }

  @Test
  void random_runs_are_replayed_to_the_same_bytes_from_wherever_they_were_forked()
      throws Exception {
    RandomGenerator random = Seeds.random("random_runs_are_replayed");
    List<Graph> graphs = Stream.generate(() -> random(random)).limit(4).toList();
    work(graphs.toArray(Graph[]::new));
    for (Graph graph : graphs) {
      UUID run = start(graph);
      ends(run);
      long last = history.checkpoints(run, 0, 1000).getLast().n();
      assertThat(history.replay(run, List.of(graph)))
          .isEqualTo(new Replay.Equal(1, last, runs.state(run, graph)));
      if (last > 1) {
        long n = 1 + random.nextLong(last - 1);
        UUID fork = created(history.fork(run, n, RunRequest.of(graph, "t", Update.none())));
        ends(fork);
        assertThat(history.replay(fork, List.of(graph))).isInstanceOf(Replay.Equal.class);
        assertThat(history.diff(run, fork)).isEqualTo(new RunDiff(last, List.of()));
      }
    }
  }

  /** Commands, sends, subgraphs, deferred nodes, failures and questions, at random. */
  private static Graph random(RandomGenerator random) {
    Graph inner = random.nextBoolean() ? random(random.nextLong(), null) : null;
    return random(random.nextLong(), inner);
  }

  private static Graph random(long seed, @Nullable Graph inner) {
    RandomGenerator random = new Random(seed);
    int size = 2 + random.nextInt(4);
    Graph.Builder graph =
        Graph.named("random" + seed).channels(LOG, COUNT).stepLimit(12).start("n0");
    for (int i = 0; i < size; i++) {
      int kind = random.nextInt(inner == null ? 6 : 8);
      String to = "n" + random.nextInt(size);
      NodeOptions options =
          random.nextInt(5) == 0 ? NodeOptions.DEFAULT.asDeferred() : NodeOptions.DEFAULT;
      if (kind > 5 && inner != null) {
        graph.subgraph("n" + i, inner, Subgraph.sharing());
      } else {
        graph.node(
            "n" + i,
            random.nextInt(6) == 0 ? options.askingBefore().onFailure(to) : options.onFailure(to),
            c ->
                switch (kind) {
                  case 0 -> throw new IllegalStateException("broken on purpose");
                  case 1 -> Update.of(LOG, List.of("" + c.interrupt("?")));
                  case 2 -> Update.of(COUNT, 1L).go(to);
                  case 3 ->
                      c.get(COUNT) > 6
                          ? Update.of(COUNT, 1L)
                          : Update.of(COUNT, 2L)
                              .go(Next.send(List.of(new Send(to, 1), new Send(to, 2))));
                  case 4 -> Update.of(LOG, List.of("x".repeat(3000))).and(COUNT, 1L);
                  default -> Update.of(COUNT, 2L);
                });
      }
      graph.branch(
          "n" + i,
          s ->
              s.get(COUNT) > 12
                  ? Next.end()
                  : s.get(COUNT) % 3 == 0 ? Next.to(to, "n0") : Next.to(to),
          allNodes(size));
    }
    return graph.build();
  }

  private static String[] allNodes(int size) {
    return IntStream.range(0, size).mapToObj(i -> "n" + i).toArray(String[]::new);
  }

  /** Answers whatever is asked until the run has ended, in whatever way. */
  private void ends(UUID run) {
    Await.until(
        run + " has ended",
        Duration.ofSeconds(30),
        () -> {
          for (Question question : runs.questions(run)) {
            runs.answer(question.id(), "yes");
          }
          return runs.find(run).orElseThrow().ended();
        });
  }

  @Test
  void a_replay_names_the_checkpoint_at_which_changed_code_decides_otherwise() throws Exception {
    AtomicBoolean turned = new AtomicBoolean();
    Graph graph =
        Graph.named("turns")
            .channels(LOG)
            .node("a", _ -> log("a"))
            .node("b", _ -> log("b"))
            .node("c", _ -> log("c"))
            .start("a")
            .branch("a", _ -> Next.to(turned.get() ? "c" : "b"), "b", "c")
            .build();
    UUID run = start(graph);
    work(graph);
    awaits(run, "completed");
    turned.set(true);

    assertThat(history.replay(run, List.of(graph))).isEqualTo(new Replay.Differs(2, "tasks"));
    assertThat(history.replay(run, List.of())).isEqualTo(new Replay.Missing(2, graph.hash()));
  }

  @Test
  void a_fork_goes_on_from_a_checkpoint_with_edited_values_and_leaves_the_run_as_it_was()
      throws Exception {
    Graph graph = everything();
    UUID run = everythingDone(graph);
    final Object end = runs.state(run, graph).data();
    RunRequest as =
        RunRequest.of(graph, "t", Update.of(LOG, List.of("edited")).and(COUNT, 100L)).key("k");

    UUID fork = created(history.fork(run, 3, as));
    answers(fork);

    assertThat(runs.state(fork, graph).get(LOG))
        .containsExactly("edited", "inner first", "inner yes", "effect done");
    assertThat(runs.state(fork, graph).get(COUNT)).isEqualTo(2 * (100 + 1 + 10));
    assertThat(runs.state(run, graph).data()).isEqualTo(end);
    assertThat(history.replay(fork, List.of(graph))).isInstanceOf(Replay.Equal.class);
    assertThat(runs.events(fork, 0, 1).getFirst().kind()).isEqualTo("forked");
    assertThat(history.fork(run, 3, as)).isEqualTo(new Started.Same(fork));
    assertThat(history.fork(run, 2, as)).isEqualTo(new Started.Conflict(fork));
  }

  @Test
  void a_fork_where_questions_were_open_asks_them_again_and_can_be_answered_otherwise()
      throws Exception {
    Graph graph = everything();
    UUID run = everythingDone(graph);
    for (Checkpoint point : history.checkpoints(run, 0, 1000)) {
      if (point.status() instanceof Status.Waiting) {
        UUID fork = created(history.fork(run, point.n(), RunRequest.of(graph, "t", Update.none())));

        assertThat(status(fork)).isEqualTo("waiting");
        assertThat(runs.questions(fork))
            .extracting(Question::payload)
            .isEqualTo(point.open().stream().map(Ask::payload).toList());
        answers(fork);
        assertThat(runs.state(fork, graph)).isEqualTo(runs.state(run, graph));
        assertThat(history.replay(fork, List.of(graph))).isInstanceOf(Replay.Equal.class);
      }
    }
  }

  @Test
  void a_fork_may_go_elsewhere_than_the_run_went_and_has_to_say_where_once_that_had_ended()
      throws Exception {
    Graph graph = everything();
    UUID run = everythingDone(graph);
    long last = history.checkpoints(run, 0, 1000).getLast().n();

    UUID fork =
        created(history.fork(run, last, RunRequest.of(graph, "t", Update.none().go("mend"))));
    answers(fork);

    assertThat(runs.state(fork, graph).get(LOG))
        .startsWith(runs.state(run, graph).get(LOG).toArray(String[]::new))
        .endsWith("inner first", "inner yes", "effect done");
    assertThatThrownBy(() -> history.fork(run, last, RunRequest.of(graph, "t", Update.none())))
        .hasMessageContaining("say where the fork is to go");
    assertThatThrownBy(() -> history.fork(run, last + 1, RunRequest.of(graph, "t", Update.none())))
        .hasMessageContaining("with checkpoint " + (last + 1));
    assertThatThrownBy(() -> history.fork(run, 1, RunRequest.of(graph, "other", Update.none())))
        .hasMessageContaining("tenant other has no run");
    assertThatThrownBy(
            () -> history.fork(run, 1, RunRequest.of(graph, "t", Update.ofData(Map.of("no", 1)))))
        .hasMessageContaining("no channel no");
  }

  @Test
  void a_fork_in_a_thread_waits_its_turn_and_the_thread_goes_on_from_it() throws Exception {
    Graph graph =
        Graph.named("talk")
            .channels(LOG)
            .node("a", c -> log("a" + c.get(LOG).size()))
            .start("a")
            .build();
    work(graph);
    RunRequest in = RunRequest.of(graph, "t", Update.none()).thread("chat");
    UUID first = created(runs.start(in));
    UUID second = created(runs.start(in));
    awaits(second, "completed");

    UUID fork =
        created(
            history.fork(
                first, 1, RunRequest.of(graph, "t", Update.of(LOG, List.of("x"))).thread("chat")));
    UUID third = created(runs.start(in));
    awaits(third, "completed");

    assertThat(runs.state(second, graph).get(LOG)).containsExactly("a0", "a1");
    assertThat(runs.state(fork, graph).get(LOG)).containsExactly("x", "a1");
    assertThat(runs.state(third, graph).get(LOG)).containsExactly("x", "a1", "a2");
  }

  @Test
  void a_diff_says_how_long_two_runs_were_the_same_and_what_differs_at_their_ends()
      throws Exception {
    Graph graph = everything();
    UUID run = everythingDone(graph);
    UUID same = created(history.fork(run, 4, RunRequest.of(graph, "t", Update.none())));
    UUID other = created(history.fork(run, 4, RunRequest.of(graph, "t", Update.of(COUNT, 7L))));
    answers(same);
    answers(other);
    long last = history.checkpoints(run, 0, 1000).getLast().n();

    assertThat(history.diff(run, same)).isEqualTo(new RunDiff(last, List.of()));
    RunDiff diff = history.diff(run, other);
    assertThat(diff.sameUntil()).isEqualTo(3);
    assertThat(diff.changes())
        .containsExactly(
            new RunDiff.Change(
                "",
                "count",
                runs.state(run, graph).get(COUNT),
                runs.state(other, graph).get(COUNT)));
    assertThat(history.diff(same, other).sameUntil()).isZero();
  }

  @Test
  void a_run_can_be_forked_onto_a_newer_version_of_its_graph() throws Exception {
    Graph old = everything();
    UUID run = everythingDone(old);
    Channel<String> text =
        Channel.last("text", String.class).formerly("word").upcast(json -> json + "!");
    Graph newer =
        Graph.named("everything")
            .channels(LOG, COUNT, MOST, text)
            .node("plan", _ -> log("planned anew"))
            .node("breaks", c -> log("not broken: " + c.get(text)))
            .start("plan")
            .edge("plan", "breaks")
            .build();
    stop();
    work(newer);

    UUID fork = created(history.fork(run, 1, RunRequest.of(newer, "t", Update.none())));
    awaits(fork, "completed");

    assertThat(runs.state(fork, newer).get(LOG))
        .containsExactly("in", "planned anew", "not broken: before!");
    assertThatThrownBy(() -> history.fork(run, 2, RunRequest.of(newer, "t", Update.none())))
        .hasMessageContaining("it is at node work, which graph everything lacks");
    assertThat(runs.state(run, newer).find(text)).isEqualTo(Optional.of("yes yes!"));
  }
}
