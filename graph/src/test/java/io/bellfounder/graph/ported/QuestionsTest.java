package io.bellfounder.graph.ported;

import static io.bellfounder.graph.ported.Engine.LOG;
import static io.bellfounder.graph.ported.Engine.log;
import static io.bellfounder.graph.ported.Engine.pass;
import static io.bellfounder.graph.ported.Engine.says;
import static org.assertj.core.api.Assertions.assertThat;

import io.bellfounder.graph.Answered;
import io.bellfounder.graph.Channel;
import io.bellfounder.graph.Event;
import io.bellfounder.graph.Graph;
import io.bellfounder.graph.Next;
import io.bellfounder.graph.NodeOptions;
import io.bellfounder.graph.Question;
import io.bellfounder.graph.RetryPolicy;
import io.bellfounder.graph.RunRequest;
import io.bellfounder.graph.Send;
import io.bellfounder.graph.Subgraph;
import io.bellfounder.graph.Update;
import io.bellfounder.graph.Worker;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Asking people: several at once, one after another, deep inside, and what does not run again. */
class QuestionsTest {
  @RegisterExtension static final Engine engine = new Engine();

  private static final Channel<String> PROMPT = Channel.last("prompt", String.class);
  private static final Channel<List<String>> SAID = Channel.append("said", String.class);
  private static final Channel<String> TEXT = Channel.last("text", String.class, "hi");

  private static Update appended(io.bellfounder.graph.NodeContext c, String more) {
    return Update.of(TEXT, c.get(TEXT) + more);
  }

  /** Sends a subgraph for each prompt; in it so many nodes ask. */
  private static Graph survey(int asking, String... prompts) {
    Graph.Builder inner = Graph.named("one").channels(PROMPT, SAID);
    for (int i = 0; i < asking; i++) {
      inner
          .node("ask" + i, c -> Update.of(SAID, List.of(c.interrupt(c.get(PROMPT), String.class))))
          .start("ask" + i);
    }
    return Graph.named("survey")
        .channels(SAID, LOG)
        .node("plan", says("plan"))
        .subgraph("one", inner.build(), Subgraph.own().out(SAID, SAID))
        .node("clean", says("clean"))
        .start("plan")
        .branch(
            "plan",
            _ ->
                Next.send(
                    List.of(prompts).stream()
                        .map(prompt -> new Send("one", Map.of("prompt", prompt)))
                        .toList()),
            "one")
        .edge("one", "clean")
        .build();
  }

  @Test
  void subgraphs_side_by_side_ask_and_are_answered_one_at_a_time() throws Exception {
    Graph graph = survey(1, "a", "b");
    UUID run = engine.start(graph);
    engine.worker(graph);
    engine.awaits(run, "waiting");
    List<Question> questions = engine.runs().questions(run);
    assertThat(questions).extracting(Question::payload).containsExactly("a", "b");

    assertThat(engine.runs().answer(questions.get(1).id(), "to b")).isEqualTo(Answered.ACCEPTED);
    assertThat(engine.question(run).id()).isEqualTo(questions.getFirst().id());
    engine.answer(run, "to a");
    engine.awaits(run, "completed");

    assertThat(engine.runs().state(run, graph).get(SAID)).containsExactly("to a", "to b");
    assertThat(engine.log(run, graph)).containsExactly("plan", "clean");
  }

  @Test
  void two_nodes_of_each_of_two_subgraphs_ask_four_questions_with_ids_of_their_own()
      throws Exception {
    Graph graph = survey(2, "a", "b");
    UUID run = engine.start(graph);
    engine.worker(graph);
    for (int left = 4; left > 0; left--) {
      engine.awaits(run, "waiting");
      List<Question> open = engine.runs().questions(run);
      assertThat(open).hasSize(left);
      assertThat(open.stream().map(Question::id).distinct()).hasSize(left);
      engine.runs().answer(open.getFirst().id(), "answer " + left);
    }
    engine.awaits(run, "completed");

    assertThat(engine.runs().state(run, graph).get(SAID))
        .containsExactly("answer 4", "answer 3", "answer 2", "answer 1");
    assertThat(engine.log(run, graph)).containsExactly("plan", "clean");
  }

  @Test
  void many_questions_are_answered_in_any_order_and_each_answer_finds_its_task() throws Exception {
    Graph graph = survey(1, "a", "b", "c", "d", "e");
    UUID run = engine.start(graph);
    engine.worker(graph);
    engine.awaits(run, "waiting");
    List<Question> questions = new ArrayList<>(engine.runs().questions(run));
    questions.sort(Comparator.comparing(Question::id));
    for (Question question : questions) {
      engine.runs().answer(question.id(), "for " + question.payload());
    }
    engine.awaits(run, "completed");

    assertThat(engine.runs().state(run, graph).get(SAID))
        .containsExactly("for a", "for b", "for c", "for d", "for e");
  }

  @Test
  void one_node_after_another_asks_in_a_subgraph_and_an_earlier_answer_is_not_taken_twice()
      throws Exception {
    Graph inner =
        Graph.named("inner")
            .channels(LOG)
            .node("one", c -> log("one " + c.interrupt("first?")))
            .node("two", c -> log("two " + c.interrupt("second?")))
            .start("one")
            .edge("one", "two")
            .build();
    Graph graph =
        Graph.named("outer")
            .channels(LOG)
            .subgraph("inner", inner, Subgraph.sharing())
            .start("inner")
            .build();
    UUID run = engine.start(graph);
    engine.worker(graph);
    assertThat(engine.question(run).payload()).isEqualTo("first?");
    engine.answer(run, "yes");
    assertThat(engine.question(run).payload()).isEqualTo("second?");
    engine.answer(run, "no");
    engine.awaits(run, "completed");

    assertThat(engine.log(run, graph)).containsExactly("one yes", "two no");
  }

  @Test
  void a_gate_two_levels_deep_holds_the_run_and_it_goes_on_from_there() throws Exception {
    AtomicInteger firsts = new AtomicInteger();
    Graph grandchild =
        Graph.named("grandchild")
            .channels(TEXT)
            .node(
                "one",
                c -> {
                  firsts.incrementAndGet();
                  return appended(c, " here");
                })
            .node("two", NodeOptions.DEFAULT.askingBefore(), c -> appended(c, " and there"))
            .start("one")
            .edge("one", "two")
            .build();
    Graph child =
        Graph.named("child")
            .channels(TEXT)
            .subgraph("grandchild", grandchild, Subgraph.sharing())
            .start("grandchild")
            .build();
    Graph graph =
        Graph.named("parent")
            .channels(TEXT)
            .node("one", c -> appended(c, " my value"))
            .subgraph("child", child, Subgraph.sharing())
            .node("two", c -> appended(c, " and back again"))
            .start("one")
            .edge("one", "child")
            .edge("child", "two")
            .build();
    UUID run = engine.start(graph);
    engine.worker(graph);
    assertThat(engine.question(run).payload()).isEqualTo(Map.of("before", "two"));
    assertThat(engine.runs().state(run, graph).get(TEXT)).isEqualTo("hi my value");
    engine.answer(run, true);
    engine.awaits(run, "completed");

    assertThat(engine.runs().state(run, graph).get(TEXT))
        .isEqualTo("hi my value here and there and back again");
    assertThat(firsts).hasValue(1);
    assertThat(engine.checkpoints(run).getLast().nodes()).isEmpty();
  }

  @Test
  void a_node_that_asks_twice_writes_nothing_before_it_has_both_answers() throws Exception {
    Graph graph =
        Graph.named("twice")
            .channels(LOG)
            .node("ask", c -> log(c.interrupt("first?") + " " + c.interrupt("second?")))
            .start("ask")
            .build();
    UUID run = engine.start(graph);
    engine.worker(graph);
    assertThat(engine.question(run).payload()).isEqualTo("first?");
    assertThat(engine.log(run, graph)).isEmpty();
    engine.answer(run, "one");
    assertThat(engine.question(run).payload()).isEqualTo("second?");
    assertThat(engine.log(run, graph)).isEmpty();
    engine.answer(run, "two");
    engine.awaits(run, "completed");

    assertThat(engine.log(run, graph)).containsExactly("one two");
  }

  @Test
  void a_node_asks_again_until_the_answer_will_do() throws Exception {
    Graph graph =
        Graph.named("loop")
            .channels(LOG)
            .node(
                "age",
                c -> {
                  String question = "How old are you?";
                  while (true) {
                    Object answer = c.interrupt(question);
                    if (answer instanceof Long age && age > 0) {
                      return log("age " + age);
                    }
                    question = "'" + answer + "' is no age. How old are you?";
                  }
                })
            .start("age")
            .build();
    UUID run = engine.start(graph);
    engine.worker(graph);
    engine.answer(run, "old");
    assertThat(engine.question(run).payload()).isEqualTo("'old' is no age. How old are you?");
    engine.answer(run, -1);
    engine.answer(run, 42);
    engine.awaits(run, "completed");

    assertThat(engine.log(run, graph)).containsExactly("age 42");
  }

  @Test
  void nothing_that_was_done_before_a_question_is_done_again_after_it_also_by_another_worker()
      throws Exception {
    AtomicInteger before = new AtomicInteger();
    Graph graph =
        Graph.named("before")
            .channels(LOG)
            .node(
                "one",
                _ -> {
                  before.incrementAndGet();
                  return log("one");
                })
            .node(
                "two",
                _ -> {
                  before.incrementAndGet();
                  return log("two");
                })
            .node("ask", c -> log("ask " + c.interrupt("sure?")))
            .node("beside", _ -> log("beside " + before.incrementAndGet()))
            .start("one")
            .edge("one", "two")
            .edge("two", "ask")
            .edge("two", "beside")
            .build();
    UUID run = engine.start(graph);
    Worker first = engine.worker(graph);
    engine.awaits(run, "waiting");
    first.close();
    engine.worker(graph);
    engine.answer(run, "yes");
    engine.awaits(run, "completed");

    assertThat(engine.log(run, graph)).containsExactly("one", "two", "ask yes", "beside 3");
    assertThat(before).hasValue(3);
  }

  @Test
  void a_question_is_no_failure_and_is_not_tried_again_while_what_was_sent_beside_it_is_kept()
      throws Exception {
    AtomicInteger asked = new AtomicInteger();
    AtomicInteger sent = new AtomicInteger();
    Graph graph =
        Graph.named("partial")
            .channels(LOG)
            .node("start", says("value ⛰️"))
            .node(
                "asks",
                NodeOptions.DEFAULT.retry(RetryPolicy.times(5)),
                c -> {
                  asked.incrementAndGet();
                  return log(String.valueOf(c.interrupt("Just because")));
                })
            .node("sent", c -> log(c.input() + " " + sent.incrementAndGet()))
            .start("start")
            .branch("start", _ -> Next.to("asks").and(new Send("sent", "one")), "asks", "sent")
            .build();
    UUID run = engine.start(graph);
    engine.worker(graph);
    Question question = engine.question(run);
    assertThat(asked).hasValue(1);
    assertThat(engine.log(run, graph)).containsExactly("value ⛰️");

    UUID cleared =
        engine
            .history()
            .fork(
                run,
                engine.checkpoints(run).getLast().n(),
                RunRequest.of(graph, "t", Update.none().go(Graph.END)))
            .orThrow();
    engine.awaits(cleared, "completed");
    assertThat(engine.runs().questions(cleared)).isEmpty();

    assertThat(engine.question(run)).isEqualTo(question);
    engine.answer(run, "my answer");
    engine.awaits(run, "completed");
    assertThat(engine.log(run, graph)).containsExactly("value ⛰️", "my answer", "one 1");
    assertThat(asked).hasValue(2);
    assertThat(sent).hasValue(1);
  }

  @Test
  void a_task_beside_one_that_asks_ends_first_and_is_not_interrupted() throws Exception {
    CountDownLatch asks = new CountDownLatch(1);
    AtomicInteger runs = new AtomicInteger();
    Graph graph =
        Graph.named("beside")
            .channels(LOG)
            .node(
                "long",
                _ -> {
                  runs.incrementAndGet();
                  pass(asks);
                  return log("again");
                })
            .node(
                "asks",
                c -> {
                  asks.countDown();
                  return log(String.valueOf(c.interrupt("bad?")));
                })
            .start("long", "asks")
            .build();
    UUID run = engine.start(graph);
    engine.worker(graph);
    engine.answer(run, "okay");
    engine.awaits(run, "completed");

    assertThat(engine.log(run, graph)).containsExactly("again", "okay");
    assertThat(runs).hasValue(1);
  }

  @Test
  void a_command_leads_to_a_gate_and_the_gate_holds() throws Exception {
    Graph graph =
        Graph.named("command")
            .channels(LOG)
            .node("one", _ -> log("one").go("two"))
            .node("two", NodeOptions.DEFAULT.askingBefore().askingAfter(), says("two"))
            .node("three", says("three"))
            .start("one")
            .edge("two", "three")
            .build();
    UUID run = engine.start(graph);
    engine.worker(graph);
    assertThat(engine.question(run).payload()).isEqualTo(Map.of("before", "two"));
    assertThat(engine.log(run, graph)).containsExactly("one");
    engine.answer(run, true);
    assertThat(engine.question(run).payload()).isEqualTo(Map.of("after", "two"));
    assertThat(engine.log(run, graph)).containsExactly("one", "two");
    engine.answer(run, true);
    engine.awaits(run, "completed");
    assertThat(engine.log(run, graph)).containsExactly("one", "two", "three");
  }

  @Test
  void gates_after_nodes_that_write_nothing_hold_also() throws Exception {
    Graph graph =
        Graph.named("silent")
            .channels(LOG)
            .node("one", NodeOptions.DEFAULT.askingAfter(), Engine.NOTHING)
            .node("two", NodeOptions.DEFAULT.askingAfter(), Engine.NOTHING)
            .node("three", NodeOptions.DEFAULT.askingAfter(), Engine.NOTHING)
            .start("one")
            .edge("one", "two")
            .edge("two", "three")
            .build();
    UUID run = engine.start(graph);
    engine.worker(graph);
    for (String node : List.of("one", "two", "three")) {
      assertThat(engine.question(run).payload()).isEqualTo(Map.of("after", node));
      engine.answer(run, "go on");
    }
    engine.awaits(run, "completed");
    assertThat(engine.runs().questions(run)).isEmpty();
  }

  @Test
  void each_of_several_rounds_of_questions_in_a_cycle_is_told_once() throws Exception {
    Graph graph =
        Graph.named("rounds")
            .channels(LOG)
            .node("one", c -> log("one " + c.interrupt("one?")))
            .node("two", c -> log("two " + c.interrupt("two?")))
            .node("again", Engine.NOTHING)
            .start("one", "two")
            .join(List.of("one", "two"), "again")
            .branch(
                "again",
                s -> s.get(LOG).size() < 4 ? Next.to("one", "two") : Next.end(),
                "one",
                "two")
            .build();
    UUID run = engine.start(graph);
    engine.worker(graph);
    for (int round = 1; round <= 2; round++) {
      engine.awaits(run, "waiting");
      for (Question question : engine.runs().questions(run)) {
        engine.runs().answer(question.id(), round);
      }
      engine.awaits(run, round == 1 ? "waiting" : "completed");
    }

    assertThat(engine.log(run, graph)).containsExactly("one 1", "two 1", "one 2", "two 2");
    assertThat(engine.runs().events(run, 0, 100))
        .filteredOn(e -> e.kind().equals(Event.INTERRUPT))
        .hasSize(4);
  }

  @Test
  void an_empty_answer_is_an_answer_and_none_is_not() throws Exception {
    Graph graph =
        Graph.named("empty")
            .channels(LOG)
            .node("ask", c -> log("got " + c.interrupt(Map.of())))
            .start("ask")
            .build();
    UUID run = engine.start(graph);
    engine.worker(graph);
    Question question = engine.question(run);
    assertThat(engine.runs().resume(run)).isFalse();
    assertThat(engine.question(run)).isEqualTo(question);
    engine.answer(run, Map.of());
    engine.awaits(run, "completed");
    assertThat(engine.log(run, graph)).containsExactly("got {}");
  }
}
