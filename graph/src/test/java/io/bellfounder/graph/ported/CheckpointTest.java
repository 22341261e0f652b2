package io.bellfounder.graph.ported;

import static io.bellfounder.graph.ported.Engine.LOG;
import static io.bellfounder.graph.ported.Engine.SCHEMA;
import static io.bellfounder.graph.ported.Engine.log;
import static io.bellfounder.graph.ported.Engine.says;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bellfounder.graph.Ask;
import io.bellfounder.graph.Channel;
import io.bellfounder.graph.Checkpoint;
import io.bellfounder.graph.Graph;
import io.bellfounder.graph.History;
import io.bellfounder.graph.Question;
import io.bellfounder.graph.Retention;
import io.bellfounder.graph.RetentionPolicy;
import io.bellfounder.graph.RunRequest;
import io.bellfounder.graph.StateView;
import io.bellfounder.graph.Status;
import io.bellfounder.graph.Subgraph;
import io.bellfounder.graph.Update;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a store of checkpoints has to hold to: put, get, list, copy, delete, prune. */
class CheckpointTest {
  @RegisterExtension static final Engine engine = new Engine();

  private static final Channel<String> WORD = Channel.last("word", String.class);
  private static final Channel<Long> COUNT = Channel.counter("count");
  private History history;
  private Retention retention;

  @BeforeEach
  void open() {
    history = engine.history();
    retention = new Retention(engine.database(), SCHEMA);
  }

  private static Graph line() {
    return Graph.named("line")
        .channels(LOG, WORD, COUNT)
        .node("a", _ -> log("a").and(COUNT, 1L))
        .node("b", _ -> Update.of(WORD, "b"))
        .node("c", _ -> log("c").and(COUNT, 1L))
        .start("a")
        .edge("a", "b")
        .edge("b", "c")
        .build();
  }

  private UUID done(Graph graph, RunRequest request) throws SQLException {
    UUID run = engine.start(request);
    engine.worker(graph);
    engine.awaits(run, "completed");
    return run;
  }

  private UUID done(Graph graph) throws SQLException {
    return done(graph, RunRequest.of(graph, "t", Update.none()));
  }

  private StateView at(UUID run, long n) throws SQLException {
    return history.state(run, n).orElseThrow().view();
  }

  @Test
  void a_checkpoint_says_its_number_step_time_version_status_and_what_is_next() throws Exception {
    Graph graph = line();
    Instant before = Instant.now().minusSeconds(60);
    UUID run = done(graph);

    List<Checkpoint> all = engine.checkpoints(run);

    assertThat(all).extracting(Checkpoint::n).containsExactly(1L, 2L, 3L, 4L);
    assertThat(all).extracting(Checkpoint::step).containsExactly(0L, 1L, 2L, 3L);
    assertThat(all).extracting(Checkpoint::specHash).containsOnly(graph.hash());
    assertThat(all)
        .extracting(Checkpoint::nodes)
        .containsExactly(List.of("a"), List.of("b"), List.of("c"), List.of());
    assertThat(all).extracting(Checkpoint::at).isSorted();
    assertThat(all.getFirst().at()).isBetween(before, Instant.now().plusSeconds(60));
    assertThat(all.getLast().status()).isEqualTo(new Status.Completed());
    assertThat(all.getFirst().status()).isEqualTo(new Status.Running());
  }

  @Test
  void values_of_every_kind_come_back_as_they_were_written() throws Exception {
    Map<String, Object> everything =
        Map.of(
            "text",
            "naïve ⛰️ \n\t\"quoted\" \\ \u0001",
            "empty",
            "",
            "large",
            Long.MAX_VALUE,
            "small",
            -0.1e-300,
            "yes",
            true,
            "list",
            List.of(1L, List.of(), Map.of()),
            "nested",
            Map.of("a", Map.of("b", List.of(Map.of("c", "d")))));
    Channel<List<Map<String, Object>>> maps = Channel.messages("maps");
    Graph graph =
        Graph.named("kinds")
            .channels(maps)
            .node("n", _ -> Update.of(maps, List.of(Map.of("id", 1L, "it", everything))))
            .start("n")
            .build();
    UUID run = done(graph);

    assertThat(at(run, 2).get(maps)).containsExactly(Map.of("id", 1L, "it", everything));
    assertThat(engine.runs().state(run, graph).get(maps)).isEqualTo(at(run, 2).get(maps));
  }

  @Test
  void any_checkpoint_is_read_by_its_number_and_what_is_not_there_is_empty() throws Exception {
    Graph graph = line();
    UUID run = done(graph);

    assertThat(at(run, 1).get(LOG)).isEmpty();
    assertThat(at(run, 1).find(WORD)).isEmpty();
    assertThat(at(run, 2).get(LOG)).containsExactly("a");
    assertThat(at(run, 3).get(WORD)).isEqualTo("b");
    assertThat(at(run, 3).get(LOG)).as("kept though it was not written").containsExactly("a");
    assertThat(at(run, 4).get(LOG)).containsExactly("a", "c");
    assertThat(at(run, 4).get(COUNT)).isEqualTo(2);
    assertThat(history.state(run, 5)).isEmpty();
    assertThat(history.state(run, 0)).isEmpty();
    assertThat(history.checkpoints(UUID.randomUUID(), 0, 10)).isEmpty();
    assertThatThrownBy(() -> history.state(UUID.randomUUID(), 1))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void checkpoints_are_listed_in_pages_from_any_number() throws Exception {
    Graph graph = line();
    UUID run = done(graph);
    List<Checkpoint> all = engine.checkpoints(run);

    assertThat(history.checkpoints(run, 0, 2)).isEqualTo(all.subList(0, 2));
    assertThat(history.checkpoints(run, 2, 1)).isEqualTo(all.subList(2, 3));
    assertThat(history.checkpoints(run, 2, 1000)).isEqualTo(all.subList(2, 4));
    assertThat(history.checkpoints(run, 4, 10)).isEmpty();
    assertThat(history.checkpoints(run, 0, 0)).as("at least one").hasSize(1);
  }

  @Test
  void runs_and_threads_and_tenants_have_their_own_checkpoints() throws Exception {
    Graph graph = line();
    UUID one = done(graph, RunRequest.of(graph, "t", log("one")).thread("same"));
    UUID two = done(graph, RunRequest.of(graph, "t", log("two")).thread("another"));
    UUID other = done(graph, RunRequest.of(graph, "u", log("other")).thread("same"));

    assertThat(engine.log(one, graph)).containsExactly("one", "a", "c");
    assertThat(engine.log(two, graph)).containsExactly("two", "a", "c");
    assertThat(engine.log(other, graph)).containsExactly("other", "a", "c");
    assertThat(engine.checkpoints(one)).hasSameSizeAs(engine.checkpoints(other));
  }

  @Test
  void channels_of_one_name_in_a_graph_and_its_subgraphs_are_kept_apart() throws Exception {
    Graph inner =
        Graph.named("inner")
            .channels(LOG, WORD)
            .node("in", _ -> log("inside").and(WORD, "inside"))
            .node("ask", c -> log("asked " + c.interrupt(c.get(WORD))))
            .start("in")
            .edge("in", "ask")
            .build();
    Graph graph =
        Graph.named("outer")
            .channels(LOG, WORD)
            .node("set", _ -> log("outside").and(WORD, "outside"))
            .subgraph("one", inner, Subgraph.own())
            .subgraph("two", inner, Subgraph.own())
            .node("end", c -> log("end " + c.get(WORD)))
            .start("set")
            .edge("set", "one")
            .edge("set", "two")
            .join(List.of("one", "two"), "end")
            .build();
    UUID run = engine.start(graph);
    engine.worker(graph);
    engine.awaits(run, "waiting");
    List<Question> questions = engine.runs().questions(run);
    assertThat(questions).extracting(Question::payload).containsExactly("inside", "inside");
    assertThat(engine.log(run, graph)).containsExactly("outside");
    for (Question question : questions) {
      engine.runs().answer(question.id(), "x");
    }
    engine.awaits(run, "completed");

    assertThat(engine.log(run, graph)).containsExactly("outside", "end outside");
  }

  @Test
  void what_a_task_gave_beside_others_counts_by_its_place_and_only_with_the_step()
      throws Exception {
    Graph graph =
        Graph.named("pending")
            .channels(LOG)
            .node("b", _ -> Update.of(LOG, List.of("b1", "b2")).and(LOG, List.of("b3")))
            .node("a", says("a"))
            .node("ask", c -> log("ask " + c.interrupt("?")))
            .start("b", "ask", "a")
            .build();
    UUID run = engine.start(graph);
    engine.worker(graph);
    engine.awaits(run, "waiting");
    long waiting = engine.checkpoints(run).getLast().n();
    assertThat(at(run, waiting).get(LOG)).isEmpty();
    assertThat(engine.checkpoints(run).getLast().open())
        .extracting(Ask::node)
        .containsExactly("ask");
    engine.answer(run, "!");
    engine.awaits(run, "completed");

    assertThat(at(run, waiting).get(LOG)).isEmpty();
    assertThat(engine.log(run, graph)).containsExactly("b1", "b2", "b3", "ask !", "a");
  }

  @Test
  void a_newer_version_may_have_other_channels_and_what_was_before_is_read_as_it_was()
      throws Exception {
    Channel<String> more = Channel.last("more", String.class, "new");
    Graph older = line();
    Graph newer =
        Graph.named("line")
            .channels(LOG, more)
            .node("d", c -> log("d " + c.get(more)))
            .start("d")
            .build();
    UUID first = done(older, RunRequest.of(older, "t", Update.none()).thread("versions"));
    UUID second = done(newer, RunRequest.of(newer, "t", Update.none()).thread("versions"));

    assertThat(engine.log(second, newer)).containsExactly("a", "c", "d new");
    assertThat(at(second, 2).data()).containsOnlyKeys("log", "more");
    assertThat(at(first, 4).data()).containsOnlyKeys("log", "word", "count");
  }

  @Test
  void a_thread_is_copied_by_a_fork_of_its_last_run_and_stays_as_it_was() throws Exception {
    Graph graph = line();
    UUID run = done(graph, RunRequest.of(graph, "t", log("in")).thread("original"));
    List<Checkpoint> before = engine.checkpoints(run);

    UUID copy =
        history
            .fork(
                run,
                before.getLast().n(),
                RunRequest.of(graph, "t", Update.none().go(Graph.END)).thread("copy"))
            .orThrow();
    engine.awaits(copy, "completed");
    UUID on = done(graph, RunRequest.of(graph, "t", log("on")).thread("copy"));

    assertThat(engine.log(on, graph)).containsExactly("in", "a", "c", "on", "a", "c");
    assertThat(engine.checkpoints(run)).isEqualTo(before);
    assertThat(engine.log(run, graph)).containsExactly("in", "a", "c");
  }

  @Test
  void a_deleted_thread_is_gone_with_all_it_had_and_the_others_are_as_they_were() throws Exception {
    Graph graph = line();
    UUID one = done(graph, RunRequest.of(graph, "t", Update.none()).thread("gone"));
    UUID two = done(graph, RunRequest.of(graph, "t", Update.none()).thread("gone"));
    UUID kept = done(graph, RunRequest.of(graph, "t", Update.none()).thread("kept"));
    UUID other = done(graph, RunRequest.of(graph, "u", Update.none()).thread("gone"));

    assertThat(retention.deleteThread("t", "gone")).isTrue();
    boolean _ = retention.deleteThread("t", "gone");
    boolean _ = retention.deleteThread("t", "never there");

    for (UUID run : List.of(one, two)) {
      assertThat(engine.runs().find(run)).isEmpty();
      assertThat(history.checkpoints(run, 0, 10)).isEmpty();
      assertThat(engine.runs().events(run, 0, 10)).isEmpty();
    }
    assertThat(engine.log(kept, graph)).containsExactly("a", "c");
    assertThat(engine.log(other, graph)).containsExactly("a", "c");
  }

  @Test
  void runs_are_deleted_one_by_one_and_what_is_not_there_is_no_error() throws Exception {
    Graph graph = line();
    UUID one = done(graph);
    UUID two = done(graph);

    assertThat(retention.delete(one)).isTrue();
    assertThat(retention.delete(one)).isFalse();
    assertThat(retention.delete(UUID.randomUUID())).isFalse();

    assertThat(engine.runs().find(one)).isEmpty();
    assertThat(history.checkpoints(one, 0, 10)).isEmpty();
    assertThat(engine.checkpoints(two)).hasSize(4);
    assertThat(engine.runs().events(two, 0, 10)).hasSize(4);
  }

  @Test
  void pruning_to_the_last_state_keeps_what_waits_answers_and_goes_on() throws Exception {
    Graph graph =
        Graph.named("pruned")
            .channels(LOG)
            .node("a", says("a"))
            .node("b", says("b"))
            .node("beside", says("beside"))
            .node("ask", c -> log("ask " + c.interrupt("sure?")))
            .start("a")
            .edge("a", "b")
            .edge("b", "ask")
            .edge("b", "beside")
            .build();
    retention.set("pruner", "", RetentionPolicy.DEFAULT.historyFor(Duration.ZERO));
    UUID waiting = engine.start(RunRequest.of(graph, "pruner", Update.none()));
    UUID later =
        engine.start(RunRequest.of(graph, "pruner", Update.none()).delay(Duration.ofHours(1)));
    UUID other = done(line());
    engine.worker(graph);
    engine.awaits(waiting, "waiting");
    while (retention.prune(100).more()) {}

    engine.answer(waiting, "yes");
    engine.awaits(waiting, "completed");
    while (retention.prune(100).more()) {}

    assertThat(engine.log(waiting, graph)).containsExactly("a", "b", "ask yes", "beside");
    List<Checkpoint> left = engine.checkpoints(waiting);
    assertThat(left.getLast().status()).isEqualTo(new Status.Completed());
    assertThat(at(waiting, left.getLast().n()).get(LOG)).hasSize(4);
    assertThat(engine.runs().find(later).orElseThrow().status()).isEqualTo("queued");
    assertThat(engine.checkpoints(other)).hasSize(4);
    assertThat(engine.runs().cancel(later)).isTrue();
  }

  @Test
  void a_long_history_is_read_the_same_from_snapshots_and_from_what_changed() throws Exception {
    Channel<Long> left = Channel.counter("left");
    Channel<Files> files =
        Channel.custom("files", Files.class, new Files(Map.of()), CheckpointTest::merged);
    Graph graph =
        Graph.named("long")
            .channels(LOG, left, files)
            .node(
                "n",
                c -> {
                  long n = c.get(left);
                  return log("word " + n)
                      .and(left, -1L)
                      .and(files, new Files(Map.of("f" + n % 7, n)));
                })
            .start("n")
            .branch(
                "n",
                s ->
                    s.get(left) > 0
                        ? io.bellfounder.graph.Next.to("n")
                        : io.bellfounder.graph.Next.end(),
                "n",
                Graph.END)
            .build();
    UUID run = done(graph, RunRequest.of(graph, "t", Update.of(left, 60L)));

    List<String> words = new ArrayList<>();
    for (long n = 1; n <= 61; n++) {
      StateView state = at(run, n);
      assertThat(state.get(LOG)).isEqualTo(words);
      assertThat(state.get(files).all()).hasSize((int) Math.min(n - 1, 7));
      words.add("word " + (61 - n));
    }
  }

  /** Merged by name. */
  record Files(Map<String, Long> all) {}

  private static Files merged(Files before, Files more) {
    Map<String, Long> all = new TreeMap<>(before.all());
    all.putAll(more.all());
    return new Files(all);
  }
}
