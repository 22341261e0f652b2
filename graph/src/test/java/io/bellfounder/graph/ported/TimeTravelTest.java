package io.bellfounder.graph.ported;

import static io.bellfounder.graph.ported.Engine.LOG;
import static io.bellfounder.graph.ported.Engine.log;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bellfounder.graph.Answered;
import io.bellfounder.graph.Channel;
import io.bellfounder.graph.Checkpoint;
import io.bellfounder.graph.Graph;
import io.bellfounder.graph.Next;
import io.bellfounder.graph.Question;
import io.bellfounder.graph.RunDiff;
import io.bellfounder.graph.RunRequest;
import io.bellfounder.graph.Subgraph;
import io.bellfounder.graph.Update;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Going back: around questions, inside subgraphs, and what the run that was left keeps. */
class TimeTravelTest {
  @RegisterExtension static final Engine engine = new Engine();

  private static final Channel<Long> COUNT = Channel.counter("count");
  private final AtomicInteger ran = new AtomicInteger();

  private Update counted(String word) {
    ran.incrementAndGet();
    return log(word);
  }

  private Graph line() {
    return Graph.named("line")
        .channels(LOG)
        .node("a", _ -> counted("a"))
        .node("b", _ -> counted("b"))
        .node("c", _ -> counted("c"))
        .start("a")
        .edge("a", "b")
        .edge("b", "c")
        .build();
  }

  private Graph asking() {
    return Graph.named("asking")
        .channels(LOG)
        .node("a", _ -> counted("a"))
        .node("first", c -> log("first " + c.interrupt("first?")))
        .node("second", c -> log("second " + c.interrupt("second?")))
        .node("c", _ -> counted("c"))
        .start("a")
        .edge("a", "first")
        .edge("first", "second")
        .edge("second", "c")
        .build();
  }

  /** Asks twice so many levels deep; each level has a node before. */
  private Graph deep(int levels) {
    Graph.Builder builder = Graph.named("level" + levels).channels(LOG);
    if (levels == 0) {
      return builder
          .node("first", c -> counted("first " + c.interrupt("first?")))
          .node("second", c -> counted("second " + c.interrupt("second?")))
          .node("end", _ -> counted("end"))
          .start("first")
          .edge("first", "second")
          .edge("second", "end")
          .build();
    }
    return builder
        .node("before" + levels, _ -> counted("before" + levels))
        .subgraph("inner", deep(levels - 1), Subgraph.sharing())
        .node("after" + levels, _ -> counted("after" + levels))
        .start("before" + levels)
        .edge("before" + levels, "inner")
        .edge("inner", "after" + levels)
        .build();
  }

  private UUID fork(Graph graph, UUID run, long n, Update with) throws Exception {
    return engine.history().fork(run, n, RunRequest.of(graph, "t", with)).orThrow();
  }

  @Test
  void a_fork_runs_only_what_came_after_and_the_end_has_nothing_after() throws Exception {
    Graph graph = line();
    UUID run = engine.start(graph);
    engine.worker(graph);
    engine.awaits(run, "completed");
    ran.set(0);

    UUID fork = fork(graph, run, engine.before(run, "b"), Update.none());
    engine.awaits(fork, "completed");

    assertThat(ran).hasValue(2);
    assertThat(engine.log(fork, graph)).containsExactly("a", "b", "c");
    long last = engine.checkpoints(run).getLast().n();
    assertThatThrownBy(() -> fork(graph, run, last, Update.none()))
        .hasMessageContaining("say where the fork is to go");
    assertThat(ran).hasValue(2);
  }

  @Test
  void many_forks_of_one_checkpoint_go_their_own_ways_and_forks_can_be_forked() throws Exception {
    Graph graph = line();
    UUID run = engine.start(graph);
    engine.worker(graph);
    engine.awaits(run, "completed");
    List<Checkpoint> before = engine.checkpoints(run);
    long n = engine.before(run, "b");

    UUID one = fork(graph, run, n, Update.of(LOG, List.of("one")));
    UUID two = fork(graph, run, n, Update.of(LOG, List.of("two")));
    engine.awaits(one, "completed");
    engine.awaits(two, "completed");
    UUID again = fork(graph, one, engine.before(one, "c"), Update.none());
    engine.awaits(again, "completed");

    assertThat(engine.log(one, graph)).containsExactly("one", "b", "c");
    assertThat(engine.log(two, graph)).containsExactly("two", "b", "c");
    assertThat(engine.log(again, graph)).containsExactly("one", "b", "c");
    assertThat(engine.log(run, graph)).containsExactly("a", "b", "c");
    assertThat(engine.checkpoints(run)).isEqualTo(before);
    assertThat(engine.history().diff(run, one).changes())
        .extracting(RunDiff.Change::channel)
        .containsExactly("log");
  }

  @Test
  void a_fork_from_before_a_question_asks_it_anew_each_time() throws Exception {
    Graph graph = asking();
    UUID run = engine.start(graph);
    engine.worker(graph);
    Question asked = engine.question(run);
    engine.answer(run, "yes");
    Question second = engine.question(run);
    long n = engine.before(run, "first");

    UUID one = fork(graph, run, n, Update.none());
    UUID two = fork(graph, run, n, Update.of(LOG, List.of("edited")));
    assertThat(engine.question(one).payload()).isEqualTo("first?");
    assertThat(engine.question(one).id())
        .isNotEqualTo(asked.id())
        .isNotEqualTo(engine.question(two).id());
    engine.answer(one, "no");
    engine.answer(one, "never");
    engine.awaits(one, "completed");

    assertThat(engine.log(one, graph)).containsExactly("a", "first no", "second never", "c");
    assertThat(engine.question(run)).isEqualTo(second);
    engine.answer(run, "still");
    engine.awaits(run, "completed");
    assertThat(engine.log(run, graph)).containsExactly("a", "first yes", "second still", "c");
    engine.answer(two, 1);
    engine.answer(two, 2);
    engine.awaits(two, "completed");
    assertThat(engine.log(two, graph)).containsExactly("edited", "first 1", "second 2", "c");
  }

  @Test
  void a_fork_between_two_questions_keeps_the_first_answer_and_asks_the_second() throws Exception {
    Graph graph = asking();
    UUID run = engine.start(graph);
    engine.worker(graph);
    engine.answer(run, "yes");
    engine.answer(run, "yes");
    engine.awaits(run, "completed");

    UUID fork = fork(graph, run, engine.before(run, "second"), Update.none());
    assertThat(engine.question(fork).payload()).isEqualTo("second?");
    engine.answer(fork, "no");
    engine.awaits(fork, "completed");

    assertThat(engine.log(fork, graph)).containsExactly("a", "first yes", "second no", "c");
  }

  @Test
  void of_a_node_with_two_questions_a_fork_keeps_the_answers_that_were_there() throws Exception {
    Graph graph =
        Graph.named("two")
            .channels(LOG)
            .node("ask", c -> log(c.interrupt("first?") + " " + c.interrupt("second?")))
            .start("ask")
            .build();
    UUID run = engine.start(graph);
    engine.worker(graph);
    long first = waitsAt(run);
    engine.answer(run, "a");
    long second = waitsAt(run);
    engine.answer(run, "b");
    engine.awaits(run, "completed");

    UUID whole = fork(graph, run, first, Update.none());
    engine.answer(whole, "c");
    engine.answer(whole, "d");
    UUID half = fork(graph, run, second, Update.none());
    assertThat(engine.question(half).payload()).isEqualTo("second?");
    engine.answer(half, "e");
    engine.awaits(whole, "completed");
    engine.awaits(half, "completed");

    assertThat(engine.log(whole, graph)).containsExactly("c d");
    assertThat(engine.log(half, graph)).containsExactly("a e");
  }

  private long waitsAt(UUID run) throws Exception {
    engine.awaits(run, "waiting");
    return engine.checkpoints(run).getLast().n();
  }

  @Test
  void at_any_depth_a_fork_goes_on_inside_the_subgraph_where_it_was() throws Exception {
    for (int levels = 1; levels <= 3; levels++) {
      Graph graph = deep(levels);
      UUID run = engine.start(graph);
      engine.worker(graph);
      long first = waitsAt(run);
      engine.answer(run, 1);
      long second = waitsAt(run);
      engine.answer(run, 2);
      engine.awaits(run, "completed");
      List<String> whole = engine.runs().state(run, graph).get(LOG);
      assertThat(whole).hasSize(2 * levels + 3).contains("first 1", "second 2", "end");

      ran.set(0);
      UUID early = fork(graph, run, first, Update.none());
      assertThat(engine.question(early).payload()).isEqualTo("first?");
      engine.answer(early, 3);
      engine.answer(early, 4);
      engine.awaits(early, "completed");
      assertThat(ran).as("nothing from before runs again").hasValue(3 + levels);

      UUID late = fork(graph, run, second, Update.none());
      assertThat(engine.question(late).payload()).isEqualTo("second?");
      engine.answer(late, 5);
      engine.awaits(late, "completed");

      assertThat(engine.log(early, graph)).contains("first 3", "second 4").hasSameSizeAs(whole);
      assertThat(engine.log(late, graph)).contains("first 1", "second 5").hasSameSizeAs(whole);
      assertThat(engine.log(run, graph)).isEqualTo(whole);
    }
  }

  @Test
  void a_checkpoint_inside_subgraphs_names_where_it_is_and_their_state_can_be_read()
      throws Exception {
    Graph graph = deep(2);
    UUID run = engine.start(graph);
    engine.worker(graph);
    engine.awaits(run, "waiting");

    Checkpoint waiting = engine.checkpoints(run).getLast();

    assertThat(waiting.nodes()).containsExactly("inner/inner/first");
    assertThat(waiting.open()).singleElement().satisfies(a -> assertThat(a.path()).contains("/"));
    assertThat(engine.history().state(run, waiting.n()).orElseThrow().view().get(LOG))
        .as("the parent's own values, as long as the subgraph has not ended")
        .containsExactly("before2");
  }

  @Test
  void a_subgraph_in_a_cycle_begins_anew_and_what_its_parent_keeps_for_it_is_what_it_was_then()
      throws Exception {
    Channel<Long> inside = Channel.counter("inside");
    Graph inner =
        Graph.named("inner")
            .channels(COUNT, inside, LOG)
            .node(
                "work",
                c ->
                    Update.of(COUNT, 1L)
                        .and(inside, 1L)
                        .and(LOG, List.of(c.get(COUNT) + "/" + c.get(inside))))
            .start("work")
            .build();
    Graph graph =
        Graph.named("cycle")
            .channels(COUNT, LOG)
            .subgraph("inner", inner, Subgraph.sharing())
            .node("next", Engine.NOTHING)
            .start("inner")
            .edge("inner", "next")
            .branch(
                "next", s -> s.get(COUNT) < 3 ? Next.to("inner") : Next.end(), "inner", Graph.END)
            .build();
    UUID run = engine.start(graph);
    engine.worker(graph);
    engine.awaits(run, "completed");
    assertThat(engine.log(run, graph)).containsExactly("0/0", "1/0", "2/0");

    long second =
        engine.checkpoints(run).stream()
            .filter(c -> c.nodes().equals(List.of("inner/work")))
            .skip(1)
            .findFirst()
            .orElseThrow()
            .n();
    UUID same = fork(graph, run, second, Update.none());
    engine.awaits(same, "completed");

    assertThat(engine.log(same, graph)).containsExactly("0/0", "1/0", "2/0");
    assertThat(engine.history().diff(run, same).changes()).isEmpty();
  }

  @Test
  void subgraphs_side_by_side_come_back_with_their_own_states() throws Exception {
    Channel<List<String>> own = Channel.append("own", String.class);
    Graph inner =
        Graph.named("inner")
            .channels(own)
            .node("one", c -> Update.of(own, List.of("one")))
            .node("two", c -> Update.of(own, List.of("two " + c.interrupt("sure?"))))
            .start("one")
            .edge("one", "two")
            .build();
    Graph graph =
        Graph.named("beside")
            .channels(LOG)
            .subgraph("left", inner, Subgraph.own().out(own, LOG))
            .subgraph("right", inner, Subgraph.own().out(own, LOG))
            .start("left", "right")
            .build();
    UUID run = engine.start(graph);
    engine.worker(graph);
    long n = waitsAt(run);
    for (Question question : engine.runs().questions(run)) {
      engine.runs().answer(question.id(), "yes");
    }
    engine.awaits(run, "completed");

    UUID fork = fork(graph, run, n, Update.none());
    List<Question> questions = engine.runs().questions(fork);
    engine.runs().answer(questions.get(0).id(), "left");
    engine.runs().answer(questions.get(1).id(), "right");
    engine.awaits(fork, "completed");

    assertThat(engine.log(run, graph)).containsExactly("one", "two yes", "one", "two yes");
    assertThat(engine.log(fork, graph)).containsExactly("one", "two left", "one", "two right");
  }

  @Test
  void a_fork_goes_where_it_is_told_with_its_values_as_if_the_node_before_had_written_them()
      throws Exception {
    Graph graph = line();
    UUID run = engine.start(graph);
    engine.worker(graph);
    engine.awaits(run, "completed");

    UUID fork =
        fork(graph, run, engine.before(run, "a"), Update.of(LOG, List.of("by hand")).go("c"));
    engine.awaits(fork, "completed");

    assertThat(engine.log(fork, graph)).containsExactly("by hand", "c");
    assertThatThrownBy(() -> fork(graph, run, 1, Update.none().go("gone")))
        .hasMessageContaining("bad_route")
        .hasMessageContaining("gone");
    assertThatThrownBy(() -> fork(graph, run, 99, Update.none()))
        .hasMessageContaining("checkpoint 99");
    assertThatThrownBy(() -> fork(graph, UUID.randomUUID(), 1, Update.none()))
        .hasMessageContaining("has no run");
  }

  @Test
  void the_results_of_an_unfinished_step_are_not_taken_along() throws Exception {
    Graph graph =
        Graph.named("unfinished")
            .channels(COUNT)
            .node("a", _ -> Update.of(COUNT, 10L))
            .node("b", _ -> Update.of(COUNT, 100L))
            .start("a")
            .edge("a", "b")
            .build();
    UUID run = engine.start(graph, Update.of(COUNT, 1L));
    engine.worker(graph);
    engine.awaits(run, "completed");

    UUID fork = fork(graph, run, engine.before(run, "a"), Update.of(COUNT, 21L).go("b"));
    engine.awaits(fork, "completed");

    assertThat(engine.runs().state(fork, graph).get(COUNT)).isEqualTo(121);
    assertThat(engine.runs().state(run, graph).get(COUNT)).isEqualTo(111);
  }

  @Test
  void a_failed_run_is_forked_before_what_failed_or_before_any_step_by_its_name() throws Exception {
    AtomicInteger broken = new AtomicInteger(1);
    Graph graph =
        Graph.named("fails")
            .channels(LOG)
            .node("a", _ -> counted("a"))
            .node("b", _ -> counted("b"))
            .node(
                "c",
                _ -> {
                  if (broken.get() > 0) {
                    throw new IllegalStateException("broken");
                  }
                  return log("c");
                })
            .start("a")
            .edge("a", "b")
            .edge("b", "c")
            .build();
    UUID run = engine.start(graph);
    engine.worker(graph);
    engine.awaits(run, "failed");
    broken.set(0);
    ran.set(0);

    UUID last = fork(graph, run, engine.checkpoints(run).getLast().n(), Update.none());
    engine.awaits(last, "completed");
    assertThat(ran).hasValue(0);
    UUID named = fork(graph, run, engine.before(run, "b"), Update.none());
    engine.awaits(named, "completed");
    assertThat(ran).hasValue(1);

    assertThat(engine.log(last, graph)).containsExactly("a", "b", "c");
    assertThat(engine.log(named, graph)).containsExactly("a", "b", "c");
    assertThat(engine.runs().find(run).orElseThrow().status()).isEqualTo("failed");
  }

  @Test
  void an_answer_to_the_run_that_was_forked_is_none_to_the_fork() throws Exception {
    Graph graph = asking();
    UUID run = engine.start(graph);
    engine.worker(graph);
    Question asked = engine.question(run);
    UUID fork = fork(graph, run, engine.checkpoints(run).getLast().n(), Update.none());
    Question anew = engine.question(fork);

    assertThat(engine.runs().answer(asked.id(), "yes")).isEqualTo(Answered.ACCEPTED);
    assertThat(engine.question(run).payload()).isEqualTo("second?");

    assertThat(engine.question(fork)).isEqualTo(anew);
    assertThat(engine.runs().asker(anew.id())).contains(fork);
  }

  @Test
  void a_waiting_thread_is_changed_by_a_fork_in_it_and_its_question_is_void() throws Exception {
    Graph graph = asking();
    UUID run = engine.start(RunRequest.of(graph, "t", Update.none()).thread("patched"));
    engine.worker(graph);
    Question question = engine.question(run);

    UUID fork =
        engine
            .history()
            .fork(
                run,
                engine.checkpoints(run).getLast().n(),
                RunRequest.of(graph, "t", Update.of(LOG, List.of("patched")))
                    .thread("patched")
                    .ifBusy(io.bellfounder.graph.ThreadPolicy.INTERRUPT))
            .orThrow();
    engine.awaits(run, "cancelled");

    assertThat(engine.runs().answer(question.id(), "late")).isEqualTo(Answered.CONFLICT);
    assertThat(engine.question(fork).payload()).isEqualTo("first?");
    assertThat(engine.log(fork, graph)).containsExactly("patched");
  }
}
