package io.bellfounder.graph.temporal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bellfounder.graph.Answered;
import io.bellfounder.graph.Channel;
import io.bellfounder.graph.Event;
import io.bellfounder.graph.Graph;
import io.bellfounder.graph.GraphSchema;
import io.bellfounder.graph.Limits;
import io.bellfounder.graph.Node;
import io.bellfounder.graph.RunRequest;
import io.bellfounder.graph.Started;
import io.bellfounder.graph.Update;
import io.bellfounder.graph.WorkerOptions;
import io.bellfounder.graph.testing.InvariantChecker;
import io.bellfounder.testing.Await;
import io.bellfounder.testing.TemporaryDatabase;
import io.temporal.api.common.v1.Priority;
import io.temporal.api.enums.v1.EventType;
import io.temporal.api.history.v1.HistoryEvent;
import io.temporal.client.WorkflowClient;
import io.temporal.failure.CanceledFailure;
import io.temporal.testing.TestEnvironmentOptions;
import io.temporal.testing.TestWorkflowEnvironment;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What is Temporal's own: signals, histories, references, fairness. */
class TemporalRunTest {
  private static final Channel<List<String>> LOG = Channel.append("log", String.class);
  private static final Graph LINE =
      Graph.named("line")
          .channels(LOG)
          .node("a", says("a"))
          .node("b", says("b"))
          .node("c", says("c"))
          .start("a")
          .edge("a", "b")
          .edge("b", "c")
          .build();
  private static final Graph ASKS =
      Graph.named("asks")
          .channels(LOG)
          .node("a", c -> Update.of(LOG, List.of("answer " + c.interrupt("secret question"))))
          .start("a")
          .build();

  @RegisterExtension final TemporaryDatabase database = new TemporaryDatabase();

  private final TestWorkflowEnvironment temporal =
      TestWorkflowEnvironment.newInstance(
          TestEnvironmentOptions.newBuilder().setUseTimeskipping(false).build());
  private final WorkflowClient client = temporal.getWorkflowClient();
  private final TemporalOptions options =
      TemporalOptions.named("driver")
          .worker(WorkerOptions.named("driver").lease(Duration.ofSeconds(3)))
          .recheck(Duration.ofMinutes(1));
  private final List<TemporalDriver> drivers = new ArrayList<>();
  private TemporalRuns runs;

  private static Node says(String word) {
    return _ -> Update.of(LOG, List.of(word));
  }

  @BeforeEach
  void install() throws SQLException {
    GraphSchema.install(database.owner(), "g");
    runs = new TemporalRuns(client, database.owner(), "g", options);
  }

  @AfterEach
  void check() throws SQLException {
    drivers.forEach(TemporalDriver::close);
    temporal.close();
    assertThat(InvariantChecker.problems(database.owner(), "g")).isEmpty();
  }

  private void driver(TemporalOptions how, Graph... graphs) throws SQLException {
    drivers.add(TemporalDriver.start(client, database.owner(), "g", how, List.of(graphs)));
  }

  private UUID start(RunRequest request) throws SQLException {
    return ((Started.Created) runs.start(request)).run();
  }

  private void awaits(UUID run, String status) {
    Await.value(
        run + " is " + status,
        Duration.ofSeconds(30),
        () -> runs.runs().find(run).orElseThrow().status(),
        status::equals);
  }

  private String result(UUID run) {
    return client.newUntypedWorkflowStub(run.toString()).getResult(String.class);
  }

  private List<HistoryEvent> history(UUID run) {
    return client.fetchHistory(run.toString()).getEvents();
  }

  @Test
  void a_run_goes_from_step_to_step_in_the_same_tables_as_with_a_worker() throws Exception {
    driver(options, LINE);
    UUID run = start(RunRequest.of(LINE, "t", Update.of(LOG, List.of("in"))));
    awaits(run, "completed");

    assertThat(result(run)).isEqualTo("completed");
    assertThat(runs.runs().state(run, LINE).get(LOG)).containsExactly("in", "a", "b", "c");
    assertThat(runs.runs().events(run, 0, 100))
        .extracting(Event::seq)
        .isEqualTo(LongStream.rangeClosed(1, 4).boxed().toList());
  }

  @Test
  void an_answer_is_a_signal_with_a_reference_and_no_content_reaches_temporal() throws Exception {
    driver(options, ASKS);
    UUID run = start(RunRequest.of(ASKS, "t", Update.of(LOG, List.of("secret input"))));
    awaits(run, "waiting");
    UUID question = runs.runs().questions(run).getFirst().id();

    assertThat(runs.answer(question, "secret answer")).isEqualTo(Answered.ACCEPTED);
    assertThat(runs.answer(question, "secret answer")).isEqualTo(Answered.REPEATED);
    assertThat(result(run)).isEqualTo("completed");

    assertThat(runs.runs().state(run, ASKS).get(LOG))
        .containsExactly("secret input", "answer secret answer");
    assertThat(history(run).toString()).contains(run.toString(), "answered " + question);
    for (HistoryEvent event : history(run)) {
      assertThat(new String(event.toByteArray(), StandardCharsets.ISO_8859_1))
          .doesNotContain("secret");
      assertThat(event.getSerializedSize()).isLessThan(4000);
    }
  }

  @Test
  void histories_are_begun_anew_and_stay_bounded() throws Exception {
    Graph cycle =
        Graph.named("cycle")
            .channels(LOG)
            .node(
                "a", c -> Update.of(LOG, List.of("x")).go(c.get(LOG).size() < 24 ? "a" : Graph.END))
            .start("a")
            .build();
    driver(options, cycle);
    runs = new TemporalRuns(client, database.owner(), "g", options.stepsPerHistory(5));
    UUID run = start(RunRequest.of(cycle, "t", Update.none()));
    assertThat(result(run)).isEqualTo("completed");

    assertThat(runs.runs().state(run, cycle).get(LOG)).hasSize(25);
    assertThat(runs.runs().events(run, 0, 100)).noneMatch(e -> e.kind().equals("superseded"));
    assertThat(history(run).size()).isLessThan(60);
    assertThat(
            history(run)
                .getFirst()
                .getWorkflowExecutionStartedEventAttributes()
                .getContinuedExecutionRunId())
        .isNotEmpty();
  }

  @Test
  void the_tenant_is_the_fairness_key_and_the_priority_is_passed_on() throws Exception {
    driver(options, LINE);
    UUID run = start(RunRequest.of(LINE, "team-7", Update.none()).priority(70));
    assertThat(result(run)).isEqualTo("completed");

    Priority expected = Priority.newBuilder().setPriorityKey(1).setFairnessKey("team-7").build();
    List<Priority> steps =
        history(run).stream()
            .filter(e -> e.getEventType() == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED)
            .map(e -> e.getActivityTaskScheduledEventAttributes().getPriority())
            .toList();
    assertThat(steps).hasSize(4).allSatisfy(p -> assertThat(p).isEqualTo(expected));
  }

  @Test
  void pausing_and_cancelling_end_the_workflow_as_the_table_says() throws Exception {
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    Graph slow =
        Graph.named("slow")
            .channels(LOG)
            .node(
                "a",
                _ -> {
                  inside.countDown();
                  go.await();
                  return Update.of(LOG, List.of("a"));
                })
            .node("b", says("b"))
            .start("a")
            .edge("a", "b")
            .build();
    driver(options, slow, ASKS);
    UUID run = start(RunRequest.of(slow, "t", Update.none()));
    UUID asking = start(RunRequest.of(ASKS, "t", Update.none()));
    UUID other = start(RunRequest.of(ASKS, "t", Update.none()));
    inside.await();
    assertThat(runs.pause(run)).isTrue();
    go.countDown();
    awaits(run, "paused");
    assertThat(runs.resume(run)).isTrue();
    assertThat(result(run)).isEqualTo("completed");
    assertThat(runs.runs().state(run, slow).get(LOG)).containsExactly("a", "b");

    awaits(asking, "waiting");
    assertThat(runs.cancel(asking)).isTrue();
    assertThat(result(asking)).isEqualTo("cancelled");

    // Cancelled by Temporal's own means.
    awaits(other, "waiting");
    client.newUntypedWorkflowStub(other.toString()).cancel();
    awaits(other, "cancelled");
    assertThatThrownBy(() -> result(other)).hasRootCauseInstanceOf(CanceledFailure.class);
  }

  @Test
  void a_run_that_temporal_never_heard_of_is_found_in_the_tables() throws Exception {
    driver(options.recheck(Duration.ofMillis(100)), LINE);
    UUID run = ((Started.Created) runs.runs().start(RunRequest.of(LINE, "t", Update.none()))).run();
    awaits(run, "completed");
  }

  @Test
  void a_tenants_limit_holds_and_a_free_place_is_passed_on_at_once() throws Exception {
    driver(options, LINE);
    new Limits(database.owner(), "g").running("t", 1);
    List<UUID> all = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      all.add(start(RunRequest.of(LINE, "t", Update.none())));
    }
    for (UUID run : all) {
      awaits(run, "completed");
    }
  }
}
