package io.bellfounder.graph.ported;

import static io.bellfounder.graph.ported.Engine.LOG;
import static io.bellfounder.graph.ported.Engine.NOTHING;
import static io.bellfounder.graph.ported.Engine.log;
import static io.bellfounder.graph.ported.Engine.says;
import static org.assertj.core.api.Assertions.assertThat;

import io.bellfounder.graph.Channel;
import io.bellfounder.graph.Decision;
import io.bellfounder.graph.Graph;
import io.bellfounder.graph.Kernel;
import io.bellfounder.graph.Next;
import io.bellfounder.graph.Node;
import io.bellfounder.graph.NodeOptions;
import io.bellfounder.graph.Send;
import io.bellfounder.graph.StateView;
import io.bellfounder.graph.Status;
import io.bellfounder.graph.Subgraph;
import io.bellfounder.graph.TaskResult;
import io.bellfounder.graph.Update;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Tasks side by side: what is sent, what waits for whom, and in which order it counts. */
class FanOutTest {
  @RegisterExtension static final Engine engine = new Engine();

  private static final Channel<String> QUERY = Channel.last("query", String.class, "q");
  private static final Channel<List<String>> DOCS = Channel.append("docs", String.class);
  private static final Channel<String> ANSWER = Channel.last("answer", String.class);

  private static final Node SAYS_INPUT = c -> log("work " + c.input());

  @Test
  void what_several_branches_send_runs_in_their_order_and_what_follows_runs_once()
      throws Exception {
    Graph graph =
        Graph.named("sends")
            .channels(LOG)
            .node("one", says("one"))
            .node("other", says("other"))
            .node("beside", says("beside"))
            .node("work", SAYS_INPUT)
            .node("after", says("after"))
            .start("one", "other")
            .branch(
                "one",
                _ -> Next.to("beside").and(new Send("work", 1)).and(new Send("work", 2)),
                "beside",
                "work")
            .branch(
                "other", _ -> Next.send(List.of(new Send("work", 3), new Send("work", 4))), "work")
            .branch("work", _ -> Next.to("after"), "after")
            .build();

    assertThat(engine.completes(graph, log("in")).get(LOG))
        .containsExactly(
            "in", "one", "other", "beside", "work 1", "work 2", "work 3", "work 4", "after");
  }

  @Test
  void what_was_sent_may_send_on_and_what_follows_runs_after_each_round() throws Exception {
    Graph graph =
        Graph.named("sequences")
            .channels(LOG)
            .node("plan", says("plan"))
            .node("beside", says("beside"))
            .node(
                "work",
                c ->
                    c.input() instanceof Long n && n > 10
                        ? log("work " + n).go(Next.to("after").and(new Send("work", n - 10)))
                        : log("work " + c.input()))
            .node("after", says("after"))
            .start("plan")
            .branch(
                "plan",
                _ -> Next.to("beside").and(new Send("work", 13)).and(new Send("work", 14)),
                "beside",
                "work")
            .edge("work", "after")
            .build();

    assertThat(engine.completes(graph, Update.none()).get(LOG))
        .containsExactly(
            "plan", "beside", "work 13", "work 14", "after", "work 3", "work 4", "after");
  }

  @Test
  void an_edge_after_what_was_sent_is_followed_once() throws Exception {
    Graph graph =
        Graph.named("after-send")
            .channels(LOG)
            .node("plan", says("plan"))
            .node("work", says("work"))
            .node("after", says("after"))
            .start("plan")
            .branch(
                "plan", _ -> Next.send(List.of(new Send("work", 1), new Send("work", 1))), "work")
            .branch("work", _ -> Next.to("after"), "after")
            .build();

    assertThat(engine.completes(graph, Update.none()).get(LOG))
        .containsExactly("plan", "work", "work", "after");
  }

  /** A question is put in other words and looked up twice, once after it was analysed. */
  private static Graph.Builder retrieval() {
    return Graph.named("retrieval")
        .channels(QUERY, DOCS, ANSWER, LOG)
        .node("rewrite", c -> log("rewrite").and(QUERY, "query: " + c.get(QUERY)))
        .node("analyse", c -> log("analyse").and(QUERY, "analysed: " + c.get(QUERY)))
        .node("first", _ -> log("first").and(DOCS, List.of("doc1", "doc2")))
        .node("second", _ -> log("second").and(DOCS, List.of("doc3", "doc4")))
        .node(
            "answer",
            c ->
                log("answer").and(ANSWER, String.join(",", c.get(DOCS).stream().sorted().toList())))
        .start("rewrite");
  }

  private static void answered(StateView state) {
    assertThat(state.get(QUERY)).isEqualTo("analysed: query: q");
    assertThat(state.get(ANSWER)).isEqualTo("doc1,doc2,doc3,doc4");
  }

  @Test
  void a_join_waits_for_the_longer_of_two_ways() throws Exception {
    Graph graph =
        retrieval()
            .edge("rewrite", "analyse")
            .edge("rewrite", "second")
            .edge("analyse", "first")
            .join(List.of("first", "second"), "answer")
            .build();

    StateView state = engine.completes(graph, Update.none());

    answered(state);
    assertThat(state.get(LOG)).containsExactly("rewrite", "analyse", "second", "first", "answer");
  }

  @Test
  void a_join_waits_also_for_what_a_branch_chose() throws Exception {
    Graph graph =
        retrieval()
            .branch("rewrite", _ -> Next.to("analyse", "second"), "analyse", "second")
            .branch("analyse", _ -> Next.to("first"), "first")
            .join(List.of("first", "second"), "answer")
            .build();

    answered(engine.completes(graph, Update.none()));
  }

  @Test
  void a_join_whose_target_ran_before_for_another_reason_still_waits_for_all() throws Exception {
    Graph graph =
        retrieval()
            .edge("rewrite", "analyse")
            .edge("rewrite", "second")
            .edge("rewrite", "answer")
            .edge("analyse", "first")
            .join(List.of("first", "second"), "answer")
            .build();

    StateView state = engine.completes(graph, Update.none());

    answered(state);
    assertThat(state.get(LOG).stream().filter("answer"::equals)).hasSize(2);
    assertThat(state.get(LOG)).endsWith("first", "answer");
  }

  @Test
  void a_join_in_a_cycle_waits_for_all_anew_each_time() throws Exception {
    Graph graph =
        retrieval()
            .node("decide", says("decide"))
            .edge("rewrite", "analyse")
            .edge("rewrite", "second")
            .edge("analyse", "first")
            .join(List.of("first", "second"), "decide")
            .branch(
                "decide",
                s -> Next.to(s.get(QUERY).split("analysed").length > 2 ? "answer" : "rewrite"),
                "answer",
                "rewrite")
            .build();

    StateView state = engine.completes(graph, Update.none());

    assertThat(state.get(QUERY)).isEqualTo("analysed: query: analysed: query: q");
    assertThat(state.get(ANSWER)).isEqualTo("doc1,doc1,doc2,doc2,doc3,doc3,doc4,doc4");
    assertThat(state.get(LOG).stream().filter("decide"::equals)).hasSize(2);
  }

  @Test
  void a_deferred_node_runs_last_whether_edges_or_a_join_lead_to_it() throws Exception {
    for (boolean join : new boolean[] {true, false}) {
      Graph.Builder builder =
          Graph.named("deferred")
              .channels(LOG)
              .node("rewrite", says("rewrite"))
              .node("analyse", says("analyse"))
              .node("first", says("first"))
              .node("second", says("second"))
              .node("answer", NodeOptions.DEFAULT.asDeferred(), says("answer"))
              .start("rewrite")
              .edge("rewrite", "first")
              .edge("rewrite", "second")
              .edge("first", "analyse");
      Graph graph =
          join
              ? builder.join(List.of("first", "second"), "answer").build()
              : builder.edge("first", "answer").edge("second", "answer").build();

      assertThat(engine.completes(graph, Update.none()).get(LOG))
          .as("join %s", join)
          .containsExactly("rewrite", "first", "second", "analyse", "answer");
    }
  }

  @Test
  void each_subgraph_that_was_sent_has_a_state_of_its_own() throws Exception {
    Channel<String> subject = Channel.last("subject", String.class);
    Channel<List<String>> jokes = Channel.append("jokes", String.class);
    Graph joke =
        Graph.named("joke")
            .channels(subject, jokes)
            .node("edit", c -> Update.of(subject, c.get(subject) + " - hohoho"))
            .node("tell", c -> Update.of(jokes, List.of("Joke about " + c.get(subject))))
            .start("edit")
            .edge("edit", "tell")
            .build();
    Graph graph =
        Graph.named("jokes")
            .channels(subject, jokes, LOG)
            .node("plan", NOTHING)
            .subgraph("joke", joke, Subgraph.own().out(jokes, jokes))
            .node("bow", says("bow"))
            .start("plan")
            .branch(
                "plan",
                _ ->
                    Next.send(
                        List.of(
                            new Send("joke", Map.of("subject", "cats")),
                            new Send("joke", Map.of("subject", "dogs")))),
                "joke")
            .edge("joke", "bow")
            .build();

    StateView state = engine.completes(graph, Update.none());

    assertThat(state.get(jokes))
        .containsExactly("Joke about cats - hohoho", "Joke about dogs - hohoho");
    assertThat(state.find(subject)).isEmpty();
    assertThat(state.get(LOG)).containsExactly("bow");
  }

  @Test
  void a_subgraph_with_several_ends_has_ended_when_all_have() throws Exception {
    Graph inner =
        Graph.named("sinks")
            .channels(LOG)
            .node("one", says("one"))
            .node("two", says("two"))
            .node("three", says("three"))
            .start("one")
            .branch("one", _ -> Next.to("two", "three"), "two", "three")
            .build();
    Graph graph =
        Graph.named("outer")
            .channels(LOG)
            .subgraph("inner", inner, Subgraph.sharing())
            .node("after", says("after"))
            .start("inner")
            .edge("inner", "after")
            .build();

    assertThat(engine.completes(graph, Update.none()).get(LOG))
        .containsExactly("one", "two", "three", "after");
  }

  @Test
  void two_edges_to_a_node_run_it_once_in_a_step_and_again_in_a_later_one() throws Exception {
    Graph graph =
        Graph.named("diamond")
            .channels(LOG)
            .node("up", says("up"))
            .node("left", says("left"))
            .node("right", says("right"))
            .node("down", says("down"))
            .start("up")
            .edge("up", "left")
            .edge("up", "right")
            .edge("left", "down")
            .edge("right", "down")
            .edge("up", "down")
            .build();

    assertThat(engine.completes(graph, Update.none()).get(LOG))
        .containsExactly("up", "left", "right", "down", "down");
  }

  @Test
  void a_node_may_have_several_branches_and_all_are_followed() throws Exception {
    Graph graph =
        Graph.named("branches")
            .channels(LOG)
            .node("in", says("in"))
            .node("left", says("left"))
            .node("right", says("right"))
            .start("in")
            .branch("in", _ -> Next.to("left"), "left", Graph.END)
            .branch("in", _ -> Next.to("right"), "right", Graph.END)
            .branch("left", _ -> Next.end(), "right")
            .build();

    assertThat(engine.completes(graph, Update.none()).get(LOG))
        .containsExactly("in", "left", "right");
  }

  @Test
  void whoever_starts_a_run_may_choose_where_it_begins() throws Exception {
    Graph graph =
        Graph.named("entry")
            .channels(LOG)
            .node("left", says("left"))
            .node("right", SAYS_INPUT)
            .start("left")
            .build();

    assertThat(
            engine
                .completes(graph, log("in").go(Next.send(List.of(new Send("right", "x")))))
                .get(LOG))
        .containsExactly("in", "work x");
  }

  @Test
  void a_run_that_is_to_begin_where_there_is_no_node_fails_and_says_so() throws Exception {
    Graph graph = Graph.named("lost").channels(LOG).node("n", says("n")).start("n").build();
    UUID lost = engine.start(graph, Update.none().go("gone"));
    UUID ended = engine.start(graph, log("in").go(Graph.END));
    engine.worker(graph);
    engine.awaits(lost, "failed");
    engine.awaits(ended, "completed");

    assertThat(engine.runs().find(lost).orElseThrow().errorCode()).isEqualTo("bad_route");
    assertThat(engine.log(ended, graph)).containsExactly("in");
  }

  @Test
  void a_subgraph_says_by_a_channel_where_its_parent_goes() throws Exception {
    Channel<String> hand = Channel.last("hand", String.class);
    Graph agent =
        Graph.named("agent")
            .channels(LOG, hand)
            .node("think", _ -> log("alice").and(hand, "bob"))
            .start("think")
            .build();
    Graph middle =
        Graph.named("team")
            .channels(LOG, hand)
            .subgraph("alice", agent, Subgraph.sharing())
            .start("alice")
            .build();
    Graph graph =
        Graph.named("swarm")
            .channels(LOG, hand)
            .subgraph("team", middle, Subgraph.sharing())
            .node("bob", says("bob"))
            .node("carol", says("carol"))
            .start("team")
            .branch("team", s -> Next.to(s.get(hand)), "bob", "carol")
            .build();

    assertThat(engine.completes(graph, Update.none()).get(LOG)).containsExactly("alice", "bob");
  }

  @Test
  void what_has_ended_decides_nothing_more_and_what_does_not_run_has_no_result() {
    Graph graph = Graph.named("short").channels(LOG).node("n", NOTHING).start("n").build();
    Decision first = Kernel.start(graph, Map.of(), Update.none());
    TaskResult done = new TaskResult.Done(log("done"));

    Decision stranger = Kernel.decide(graph, first.state(), Map.of("7.0:n", done));
    Decision end = Kernel.decide(graph, first.state(), Map.of("1.0:n", done));
    Decision more = Kernel.decide(graph, end.state(), Map.of("1.0:n", done, "2.0:n", done));

    assertThat(stranger.state()).isEqualTo(first.state());
    assertThat(stranger.tasks()).isEqualTo(first.tasks());
    assertThat(end.status()).isEqualTo(new Status.Completed());
    assertThat(more.tasks()).isEmpty();
    assertThat(more.state()).isEqualTo(end.state());
  }

  @Test
  void a_graph_may_say_how_many_tasks_of_a_run_are_at_work_at_a_time() throws Exception {
    AtomicInteger now = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    Graph graph =
        Graph.named("wide")
            .channels(LOG)
            .tasksMax(10)
            .node("plan", says("plan"))
            .node(
                "work",
                c -> {
                  most.accumulateAndGet(now.incrementAndGet(), Math::max);
                  Thread.yield();
                  now.decrementAndGet();
                  return log("work " + c.input());
                })
            .node("after", says("after"))
            .start("plan")
            .branch(
                "plan",
                _ -> Next.send(IntStream.range(0, 60).mapToObj(i -> new Send("work", i)).toList()),
                "work")
            .edge("work", "after")
            .build();

    List<String> log = engine.completes(graph, Update.none()).get(LOG);

    assertThat(log).hasSize(62).startsWith("plan", "work 0", "work 1").endsWith("work 59", "after");
    assertThat(most.get()).isBetween(1, 10);
  }
}
