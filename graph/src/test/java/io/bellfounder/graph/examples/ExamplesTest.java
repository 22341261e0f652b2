package io.bellfounder.graph.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.bellfounder.graph.Graph;
import io.bellfounder.graph.GraphSchema;
import io.bellfounder.graph.RunRequest;
import io.bellfounder.graph.Runs;
import io.bellfounder.graph.ThreadPolicy;
import io.bellfounder.graph.Update;
import io.bellfounder.graph.Worker;
import io.bellfounder.graph.WorkerOptions;
import io.bellfounder.graph.examples.AgentLoop.Message;
import io.bellfounder.graph.examples.AgentLoop.Model;
import io.bellfounder.graph.examples.AgentLoop.Tool;
import io.bellfounder.graph.examples.AgentLoop.ToolCall;
import io.bellfounder.graph.examples.HumanApproval.Choice;
import io.bellfounder.graph.examples.HumanApproval.Verdict;
import io.bellfounder.graph.testing.InvariantChecker;
import io.bellfounder.testing.Await;
import io.bellfounder.testing.TemporaryDatabase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class ExamplesTest {
  @RegisterExtension final TemporaryDatabase database = new TemporaryDatabase();

  @AfterEach
  void check() throws Exception {
    assertThat(InvariantChecker.problems(database.owner(), "graph")).isEmpty();
  }

  @Test
  void the_agent_calls_its_tools_and_answers() throws Exception {
    assertThat(AgentLoop.run(database.owner())).isEqualTo("Bern: sun, Oslo: snow.");
  }

  @Test
  void the_agent_goes_on_with_another_worker_and_repeats_no_tool_that_had_finished()
      throws Exception {
    List<String> called = new CopyOnWriteArrayList<>();
    CountDownLatch hangs = new CountDownLatch(1);
    Model model =
        conversation ->
            conversation.getLast().role().equals("user")
                ? new Message(
                    "assistant",
                    "Both.",
                    List.of(new ToolCall("1", "quick", "a"), new ToolCall("2", "slow", "b")))
                : new Message("assistant", conversation.size() + " messages", List.of());
    Tool quick =
        (argument, key) -> {
          called.add("quick " + key);
          return argument;
        };
    Tool slow =
        (argument, key) -> {
          called.add("slow " + key);
          if (hangs.getCount() > 0) {
            hangs.countDown();
            new CountDownLatch(1).await();
          }
          return argument;
        };
    Graph graph = AgentLoop.graph(model, Map.of("quick", quick, "slow", slow));
    GraphSchema.install(database.owner(), "graph");
    Runs runs = new Runs(database.owner(), "graph");
    Update input = Update.of(AgentLoop.MESSAGES, List.of(Message.user("Go.")));
    UUID run = runs.start(RunRequest.of(graph, "t", input)).orThrow();

    try (Worker _ = worker(graph)) {
      assertThat(hangs.await(20, TimeUnit.SECONDS)).isTrue();
      Await.until("the quick tool's result is kept", () -> kept(run) == 1);
    }
    try (Worker _ = worker(graph)) {
      runs.await(run, Duration.ofSeconds(20));
    }

    assertThat(runs.state(run, graph).get(AgentLoop.MESSAGES).getLast().text())
        .isEqualTo("4 messages");
    assertThat(called).hasSize(3);
    assertThat(called.stream().filter(c -> c.startsWith("quick"))).hasSize(1);
    // The slow one was called twice, with the same key.
    assertThat(called.stream().distinct()).hasSize(2);
  }

  /** Cut off by the next message, by a cancel, or rolled back: no model would take it otherwise. */
  @Test
  void a_conversation_that_was_cut_off_among_its_tools_goes_on_with_every_call_answered()
      throws Exception {
    CountDownLatch calls = new CountDownLatch(3);
    Model model =
        conversation ->
            conversation.getLast().text().startsWith("Go")
                ? new Message(
                    "assistant",
                    "Both.",
                    List.of(new ToolCall("1", "hangs", "a"), new ToolCall("2", "quick", "b")))
                : new Message("assistant", "Done.", List.of());
    Tool hangs =
        (_, _) -> {
          calls.countDown();
          new CountDownLatch(1).await();
          return "never";
        };
    Graph graph = AgentLoop.graph(model, Map.of("hangs", hangs, "quick", (a, _) -> a));
    GraphSchema.install(database.owner(), "graph");
    Runs runs = new Runs(database.owner(), "graph");
    try (Worker _ = worker(graph)) {
      UUID first = runs.start(says(graph, "Go.")).orThrow();
      Await.until("its tool hangs", () -> calls.getCount() == 2);
      UUID second = runs.start(says(graph, "Go on.").ifBusy(ThreadPolicy.INTERRUPT)).orThrow();
      Await.until("its tool hangs, too", () -> calls.getCount() == 1);
      UUID third = runs.start(says(graph, "Go!").ifBusy(ThreadPolicy.ROLL_BACK)).orThrow();
      Await.until("and so does the third", () -> calls.getCount() == 0);
      assertThat(runs.cancel(third)).isTrue();
      UUID last = runs.start(says(graph, "Thanks.")).orThrow();

      assertThat(runs.await(last, Duration.ofSeconds(20)).status()).isEqualTo("completed");
      for (UUID each : List.of(first, second, third)) {
        assertThat(runs.find(each).orElseThrow().status()).isEqualTo("cancelled");
      }
      assertThat(runs.state(last, graph).get(AgentLoop.MESSAGES).stream().map(Message::text))
          .containsExactly(
              "Go.",
              "Both.",
              "It was stopped. Nobody knows whether it has happened.",
              "It was stopped. Nobody knows whether it has happened.",
              "Go!",
              "Both.",
              "It was stopped. Nobody knows whether it has happened.",
              "It was stopped. Nobody knows whether it has happened.",
              "Thanks.",
              "Done.");
    }
  }

  private static RunRequest says(Graph graph, String text) {
    Update input = Update.of(AgentLoop.MESSAGES, List.of(Message.user(text)));
    return RunRequest.of(graph, "t", input).thread("chat");
  }

  @Test
  void the_words_of_all_documents_are_joined_also_of_those_that_take_longer() throws Exception {
    List<String> documents = List.of("one", "two words", "word ".repeat(99) + "word");
    assertThat(MapReduce.run(database.owner(), documents)).isEqualTo(103);
  }

  @Test
  void a_letter_waits_for_a_person_and_is_sent_once_it_is_approved() throws Exception {
    List<String> sent = new ArrayList<>();
    List<Verdict> answers =
        List.of(new Verdict(Choice.AGAIN, " and listener"), new Verdict(Choice.SEND, ""));
    assertThat(HumanApproval.run(database.owner(), (letter, _) -> sent.add(letter), answers))
        .isTrue();
    assertThat(sent).containsExactly("Dear reader and listener");
  }

  @Test
  void a_letter_that_is_refused_is_not_sent() throws Exception {
    List<String> sent = new ArrayList<>();
    List<Verdict> answers = List.of(new Verdict(Choice.DROP, ""));
    assertThat(HumanApproval.run(database.owner(), (letter, _) -> sent.add(letter), answers))
        .isFalse();
    assertThat(sent).isEmpty();
  }

  @Test
  void a_trip_without_a_car_gives_back_the_hotel_and_then_the_flight() throws Exception {
    List<String> log = new ArrayList<>();
    assertThat(Saga.run(database.owner(), new Agency(log, "car"))).isEmpty();
    assertThat(log).containsExactly("flight", "hotel", "-hotel", "-flight");
  }

  @Test
  void a_trip_that_can_be_had_is_booked() throws Exception {
    List<String> log = new ArrayList<>();
    assertThat(Saga.run(database.owner(), new Agency(log, "nothing")))
        .containsExactly("flight", "hotel", "car");
    assertThat(log).containsExactly("flight", "hotel", "car");
  }

  @Test
  void the_supervisor_orders_research_until_there_are_facts_enough_and_then_an_article()
      throws Exception {
    assertThat(Supervisor.run(database.owner(), "bells"))
        .containsExactly(
            "research",
            "research",
            "write",
            "a book on bells; a letter about bells; a book on bells; a letter about bells.");
  }

  @Test
  void the_digest_is_sent_when_its_schedule_says_so_and_tells_each_item_once() throws Exception {
    List<String> news = new CopyOnWriteArrayList<>(List.of("one", "two"));
    List<String> sent = new CopyOnWriteArrayList<>();
    try (Worker first = Digest.run(database.owner(), () -> news, (text, _) -> sent.add(text));
        Worker second = Digest.run(database.owner(), () -> news, (text, _) -> sent.add(text))) {
      assertThat(first.running() + second.running()).isZero();
      due();
      Await.until("the first digest is sent", () -> sent.size() == 1 && completed() == 1);
      news.add("three");
      due();
      Await.until("the second digest is sent", () -> completed() == 2);
    }
    assertThat(sent)
        .extracting(text -> text.substring(text.indexOf(':')))
        .containsExactly(": one, two", ": three");
  }

  /** As if it were seven o'clock. */
  private void due() throws Exception {
    try (var c = database.owner().getConnection();
        var statement = c.createStatement()) {
      assertThat(statement.executeUpdate("UPDATE graph.schedule SET next_at = now()")).isOne();
    }
  }

  private int completed() throws Exception {
    try (var c = database.owner().getConnection();
        var rows =
            c.createStatement()
                .executeQuery("SELECT count(*) FROM graph.run WHERE status = 'completed'")) {
      rows.next();
      return rows.getInt(1);
    }
  }

  private Worker worker(Graph graph) {
    return Worker.start(database.owner(), "graph", WorkerOptions.named("worker"), List.of(graph));
  }

  private int kept(UUID run) throws Exception {
    try (var c = database.owner().getConnection();
        var rows =
            c.createStatement()
                .executeQuery("SELECT count(*) FROM graph.task WHERE run = '" + run + "'")) {
      rows.next();
      return rows.getInt(1);
    }
  }

  private record Agency(List<String> log, String missing) implements Saga.Agency {
    @Override
    public String book(String what, String key) {
      if (what.equals(missing)) {
        throw new IllegalStateException("there is no " + what);
      }
      log.add(what);
      return what;
    }

    @Override
    public void giveBack(String booking, String key) {
      log.add("-" + booking);
    }
  }
}
