package io.bellfounder.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bellfounder.testing.Seeds;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class KernelTest {
  private static final Channel<List<String>> LOG = Channel.append("log", String.class);
  private static final Channel<Long> COUNT = Channel.counter("count");
  private static final Channel<String> WORD = Channel.last("word", String.class);
  private static final Node NOTHING = _ -> Update.none();

  private static Update says(Task task) {
    return Update.of(LOG, List.of(task.node()));
  }

  /** Runs to the end; every task gives the update that the function makes of it. */
  private static Decision run(Graph graph, Function<Task, Update> work, long seed) {
    Random random = new Random(seed);
    Decision decision = Kernel.start(graph, Map.of(), Update.none());
    while (decision.status() instanceof Status.Running) {
      List<Task> order = new ArrayList<>(decision.tasks());
      Collections.shuffle(order, random);
      Map<String, TaskResult> results = new LinkedHashMap<>();
      State state = decision.state();
      for (Task task : order) {
        // Also with some results missing, as after a crash.
        assertThat(Kernel.decide(graph, state, results).state()).isEqualTo(state);
        results.put(task.path(), new TaskResult.Done(work.apply(task)));
      }
      // What a process keeps must be what another reads.
      Map<String, Map<String, Object>> values = new HashMap<>();
      state.root().collectValues("", values);
      State read = State.read(Json.read(Json.write(state.control())), values);
      decision = Kernel.decide(graph, read, results);
    }
    return decision;
  }

  private static List<String> log(Decision decision) {
    return decision.state().view().get(LOG);
  }

  @Test
  void anEdgeIsFollowedUntilTheEnd() {
    Graph graph =
        Graph.named("line")
            .channels(LOG)
            .node("a", NOTHING)
            .node("b", NOTHING)
            .start("a")
            .edge("a", "b")
            .edge("b", Graph.END)
            .build();

    Decision end = run(graph, KernelTest::says, 1);

    assertThat(end.status()).isEqualTo(new Status.Completed());
    assertThat(log(end)).containsExactly("a", "b");
    assertThat(end.state().step()).isEqualTo(2);
  }

  @Test
  void branchesOfUnequalLengthMeetAtAJoin() {
    Graph graph =
        Graph.named("unequal")
            .channels(LOG)
            .node("a", NOTHING)
            .node("b", NOTHING)
            .node("c", NOTHING)
            .node("d", NOTHING)
            .node("end", NOTHING)
            .start("a")
            .edge("a", "b")
            .edge("a", "c")
            .edge("c", "d")
            .join(List.of("b", "d"), "end")
            .build();

    assertThat(log(run(graph, KernelTest::says, 1))).containsExactly("a", "b", "c", "d", "end");
  }

  @Test
  void aJoinWaitsForEverythingThatWasSent() {
    // Each worker passes through "check" a different number of times before it reaches "done".
    Graph graph =
        Graph.named("map")
            .channels(LOG)
            .node("plan", NOTHING)
            .node("work", NodeOptions.DEFAULT.goes("work", "done"), NOTHING)
            .node("done", NodeOptions.DEFAULT.goes(Graph.END), NOTHING)
            .node("reduce", NOTHING)
            .start("plan")
            .branch(
                "plan",
                _ ->
                    Next.send(
                        List.of(new Send("work", 1L), new Send("work", 3L), new Send("work", 2L))),
                "work")
            .join(List.of("done"), "reduce")
            .build();

    Decision end =
        run(
            graph,
            task -> {
              if (!task.node().equals("work")) {
                return says(task);
              }
              long left = (Long) task.input();
              return left == 1
                  ? Update.none().go("done")
                  : Update.none().go(Next.send(List.of(new Send("work", left - 1))));
            },
            7);

    assertThat(log(end).stream().filter("reduce"::equals)).hasSize(1);
    assertThat(log(end)).endsWith("reduce").contains("done");
  }

  @Test
  void sentTasksAreAppliedInTheOrderOfSending() {
    Graph graph =
        Graph.named("fan")
            .channels(LOG)
            .node("plan", NOTHING)
            .node("work", NOTHING)
            .start("plan")
            .branch(
                "plan",
                _ ->
                    Next.send(
                        List.of(
                            new Send("work", "x"), new Send("work", "y"), new Send("work", "z"))),
                "work")
            .build();

    for (long seed = 0; seed < 20; seed++) {
      Decision end =
          run(
              graph,
              t ->
                  t.node().equals("plan")
                      ? Update.none()
                      : Update.of(LOG, List.of((String) t.input())),
              seed);
      assertThat(log(end)).containsExactly("x", "y", "z");
    }
  }

  @Test
  void aDeferredNodeRunsWhenNothingElseIsLeft() {
    Graph graph =
        Graph.named("deferred")
            .channels(LOG)
            .node("a", NOTHING)
            .node("b", NOTHING)
            .node("c", NOTHING)
            .node("last", NodeOptions.DEFAULT.asDeferred(), NOTHING)
            .start("a", "last")
            .edge("a", "b")
            .edge("b", "c")
            .edge("a", "last")
            .build();

    assertThat(log(run(graph, KernelTest::says, 1))).containsExactly("a", "b", "c", "last");
  }

  @Test
  void twoWritesOfOneLastValueInOneStepAreRefused() {
    Graph graph =
        Graph.named("clash")
            .channels(WORD)
            .node("a", NOTHING)
            .node("b", NOTHING)
            .start("a", "b")
            .build();

    Decision end = run(graph, task -> Update.of(WORD, task.node()), 1);

    assertThat(end.status())
        .isInstanceOfSatisfying(
            Status.Failed.class, f -> assertThat(f.code()).isEqualTo("bad_write"));
  }

  @Test
  void aCycleEndsAtTheStepLimit() {
    Graph graph =
        Graph.named("cycle")
            .channels(COUNT)
            .stepLimit(5)
            .node("a", NOTHING)
            .start("a")
            .edge("a", "a")
            .build();

    Decision end = run(graph, _ -> Update.of(COUNT, 1L), 1);

    assertThat(end.status())
        .isInstanceOfSatisfying(
            Status.Failed.class, f -> assertThat(f.code()).isEqualTo("step_limit"));
  }

  @Test
  void subgraphsThreeLevelsDeepShareStateOrKeepTheirOwn() {
    Graph third =
        Graph.named("third")
            .channels(LOG, COUNT)
            .node("x", NOTHING)
            .node("y", NOTHING)
            .start("x")
            .edge("x", "y")
            .build();
    Graph second =
        Graph.named("second")
            .channels(LOG)
            .node("p", NOTHING)
            .subgraph("deep", third, Subgraph.sharing())
            .start("p")
            .edge("p", "deep")
            .build();
    Graph first =
        Graph.named("first")
            .channels(LOG, WORD, COUNT)
            .subgraph("shared", second, Subgraph.sharing())
            .subgraph("own", third, Subgraph.own().out(COUNT, COUNT))
            .node("end", NOTHING)
            .start("shared", "own")
            .join(List.of("shared", "own"), "end")
            .build();

    for (long seed = 0; seed < 10; seed++) {
      Decision end = run(first, t -> says2(t), seed);
      assertThat(end.status()).isEqualTo(new Status.Completed());
      assertThat(log(end)).containsExactly("p", "x", "y", "end");
      assertThat(end.state().view().get(COUNT)).isEqualTo(2L);
    }
  }

  private static Update says2(Task task) {
    Update update = says(task);
    return task.node().matches("[xy]") ? update.and(COUNT, 1L) : update;
  }

  @Test
  void severalTasksAskAtOnceAndOneAnswerIsNotEnough() {
    Graph graph =
        Graph.named("asks")
            .channels(LOG)
            .node("a", NOTHING)
            .node("b", NOTHING)
            .node("c", NOTHING)
            .start("a", "b", "c")
            .build();
    Decision begun = Kernel.start(graph, Map.of(), Update.none());
    Map<String, TaskResult> results = new LinkedHashMap<>();
    for (Task task : begun.tasks()) {
      results.put(
          task.path(),
          task.node().equals("c")
              ? new TaskResult.Done(says(task))
              : new TaskResult.Asked(List.of(new Ask(task.path(), 0, task.node(), "sure?"))));
    }

    Decision waiting = Kernel.decide(graph, begun.state(), results);
    assertThat(waiting.status()).isEqualTo(new Status.Waiting());
    List<Ask> open = waiting.state().open();
    assertThat(open).extracting(Ask::node).containsExactly("a", "b");
    Decision half = Kernel.answer(graph, waiting.state(), Map.of(open.get(0).key(), "yes"));
    assertThat(half.status()).isEqualTo(new Status.Waiting());
    Decision both = Kernel.answer(graph, half.state(), Map.of(open.get(1).key(), "no"));

    assertThat(both.status()).isEqualTo(new Status.Running());
    assertThat(both.state().answers()).hasSize(2);
  }

  @Test
  void gatesAskBeforeAndAfterANode() {
    Graph graph =
        Graph.named("gates")
            .channels(LOG)
            .node("a", NodeOptions.DEFAULT.askingBefore().askingAfter(), NOTHING)
            .start("a")
            .build();

    Decision before = Kernel.start(graph, Map.of(), Update.none());
    assertThat(before.status()).isEqualTo(new Status.Waiting());
    Decision running = Kernel.answer(graph, before.state(), yes(before));
    Task task = running.tasks().getFirst();
    Decision after =
        Kernel.decide(graph, running.state(), Map.of(task.path(), new TaskResult.Done(says(task))));
    assertThat(after.status()).isEqualTo(new Status.Waiting());
    Decision end = Kernel.answer(graph, after.state(), yes(after));
    end = Kernel.decide(graph, end.state(), Map.of());

    assertThat(end.status()).isEqualTo(new Status.Completed());
    assertThat(log(end)).containsExactly("a");
  }

  private static Map<String, Object> yes(Decision decision) {
    return Map.of(decision.state().open().getFirst().key(), true);
  }

  @Test
  void aFailureKeepsTheStateUnlessTheNodeSaysWhereToGo() {
    Graph graph =
        Graph.named("fails")
            .channels(LOG)
            .node("a", NOTHING)
            .node("saga", NodeOptions.DEFAULT.onFailure("undo"), NOTHING)
            .node("undo", NOTHING)
            .start("saga")
            .build();
    Decision begun = Kernel.start(graph, Map.of(), Update.none());
    Map<String, TaskResult> failed =
        Map.of(begun.tasks().getFirst().path(), new TaskResult.Failed("node_failed", "no"));

    Decision undo = Kernel.decide(graph, begun.state(), failed);

    assertThat(undo.tasks()).extracting(Task::node).containsExactly("undo");
  }

  @Test
  void anySubsetAndOrderOfCompletionsGivesTheSameState() {
    long seed = Seeds.seed("anySubsetAndOrderOfCompletionsGivesTheSameState");
    for (int i = 0; i < 60; i++) {
      Graph graph = randomGraph(new Random(seed + i));
      Function<Task, Update> work = t -> says(t).and(COUNT, (long) t.path().length());
      Decision one = run(graph, work, seed + i);
      Decision other = run(graph, work, ~seed + i);
      assertThat(other.state()).as("seed %d graph %d", seed, i).isEqualTo(one.state());
      assertThat(Json.write(other.state().control())).isEqualTo(Json.write(one.state().control()));
    }
  }

  private static Graph randomGraph(Random random) {
    int size = 3 + random.nextInt(6);
    Graph.Builder builder = Graph.named("random").channels(LOG, COUNT).stepLimit(30).start("n0");
    for (int i = 0; i < size; i++) {
      NodeOptions options =
          random.nextInt(6) == 0 ? NodeOptions.DEFAULT.asDeferred() : NodeOptions.DEFAULT;
      builder.node("n" + i, options, NOTHING);
      for (int j = i + 1; j < size; j++) {
        if (random.nextInt(3) == 0) {
          builder.edge("n" + i, "n" + j);
        }
      }
      if (i > 0 && random.nextInt(4) == 0) {
        String back = "n" + random.nextInt(size);
        long bound = random.nextInt(40);
        builder.branch(
            "n" + i,
            view ->
                view.get(COUNT) < bound
                    ? new Next(List.of(back), List.of(new Send(back, bound)))
                    : Next.end(),
            back);
      }
    }
    return builder.join(List.of("n0", "n1"), "n2").build();
  }

  @Test
  void validationNamesEachNodeAndTheRemedy() {
    assertThatThrownBy(() ->
            Graph.named("broken")
                .channels(LOG)
                .node("a", NOTHING)
                .edge("a", "gone")
                .branch("a", _ -> Next.end())
                .build())
        .isInstanceOfSatisfying(
            InvalidGraph.class,
            e ->
                assertThat(e.problems())
                    .anyMatch(p -> p.contains("node gone, which does not exist: add it"))
                    .anyMatch(p -> p.contains("call start"))
                    .anyMatch(p -> p.contains("node a branches to nothing: list")));
  }

  @Test
  void aGraphFromItsOwnDataIsTheSameGraph() {
    Graph inner = Graph.named("inner").channels(LOG).node("i", NOTHING).start("i").build();
    Graph graph =
        Graph.named("data")
            .tasksMax(5)
            .channels(LOG, COUNT, WORD)
            .node("a", NodeOptions.DEFAULT.retry(RetryPolicy.times(3)).askingBefore(), NOTHING)
            .node("b", NOTHING)
            .subgraph("sub", inner, Subgraph.sharing())
            .start("a")
            .branch("a", _ -> Next.to("b"), "b", Graph.END)
            .edge("b", "sub")
            .join(List.of("sub"), "b")
            .build();
    GraphData data =
        new GraphData()
            .node("a", NOTHING)
            .node("b", NOTHING)
            .node("i", NOTHING)
            .condition("a", _ -> Next.to("b"));

    Graph read = data.read(Json.write(graph.spec()));

    assertThat(read.hash()).isEqualTo(graph.hash());
    assertThat(read.mermaid()).isEqualTo(graph.mermaid()).contains("n_a -.-> n_b");
    assertThatThrownBy(() -> new GraphData().read(graph.spec()))
        .isInstanceOf(InvalidGraph.class)
        .hasMessageContaining("register it");
  }

  @Test
  void reducersMergeMessagesSetsAndRecords() {
    Object messages =
        Reducer.MESSAGES.reduce(List.of(), Json.read("[{\"id\":1,\"t\":\"a\"},{\"id\":2}]"));
    messages =
        Reducer.MESSAGES.reduce(
            messages, Json.read("[{\"id\":1,\"t\":\"b\"},{\"id\":2,\"removed\":true},{\"id\":3}]"));
    assertThat(Json.write(messages)).isEqualTo("[{\"id\":1,\"t\":\"b\"},{\"id\":3}]");
    assertThat(Reducer.SET.reduce(List.of("a"), List.of("b", "a"))).isEqualTo(List.of("a", "b"));
    record Point(int x, List<String> tags) {}
    Codec<Point> codec = Codec.of(Point.class);
    Point point = new Point(3, List.of("t"));
    assertThat(codec.decode(Json.read(Json.write(codec.encode(point))))).isEqualTo(point);
  }

  @Test
  void jsonKeepsEveryStringAndNumber() {
    String text =
        "{\"a\":[1,2.5,1e400,12345678901234567890,null,true,\"\\ud800\\n\u00e9\\u0000\"]}";
    assertThat(Json.write(Json.read(text))).contains("\\ud800", "12345678901234567890");
    assertThat(Json.read(Json.write(Json.read(text)))).isEqualTo(Json.read(text));
    for (String bad : List.of("", "{", "[1,]", "01", "\"\\x\"", "tru", "[".repeat(300))) {
      assertThatThrownBy(() -> Json.read(bad)).isInstanceOf(IllegalArgumentException.class);
    }
  }
}
