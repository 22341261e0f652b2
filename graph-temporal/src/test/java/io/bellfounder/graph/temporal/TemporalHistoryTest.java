package io.bellfounder.graph.temporal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bellfounder.graph.Channel;
import io.bellfounder.graph.Graph;
import io.bellfounder.graph.GraphSchema;
import io.bellfounder.graph.History;
import io.bellfounder.graph.Limits;
import io.bellfounder.graph.Replay;
import io.bellfounder.graph.RunRequest;
import io.bellfounder.graph.Started;
import io.bellfounder.graph.Update;
import io.bellfounder.testing.Await;
import io.bellfounder.testing.TemporaryDatabase;
import io.temporal.client.WorkflowClient;
import io.temporal.client.WorkflowClientOptions;
import io.temporal.common.WorkflowExecutionHistory;
import io.temporal.testing.TestEnvironmentOptions;
import io.temporal.testing.TestWorkflowEnvironment;
import io.temporal.testing.WorkflowReplayer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Workflows that are under way when a new version comes go on with it: its loop makes the same
 * decisions from every history that a version before has written. Histories are recorded once, with
 * {@code -Dhistories=folder}, and never changed.
 */
class TemporalHistoryTest {
  private static final Path FILES = Path.of("src/test/resources/histories");
  private static final Channel<List<String>> LOG = Channel.append("log", String.class);
  private static final Graph GRAPH =
      Graph.named("recorded")
          .channels(LOG)
          .node("a", c -> Update.of(LOG, List.of("a")).go(c.get(LOG).size() < 5 ? "a" : "ask"))
          .node("ask", c -> Update.of(LOG, List.of("answer " + c.interrupt("sure?"))))
          .start("a")
          .build();

  @RegisterExtension final TemporaryDatabase database = new TemporaryDatabase();

  @Test
  void every_history_that_was_ever_recorded_is_replayed_by_this_version() throws Exception {
    List<Path> files;
    try (Stream<Path> all = Files.list(FILES)) {
      files = all.sorted().toList();
    }
    assertThat(files).hasSizeGreaterThanOrEqualTo(3);
    for (Path file : files) {
      replay(Files.readString(file));
    }
  }

  @Test
  void a_history_of_other_decisions_is_noticed() throws Exception {
    String other =
        Files.readString(FILES.resolve("1-answered.json"))
            .replace("bellfounder-carry", "bellfounder-other");
    assertThatThrownBy(() -> replay(other)).hasMessageContaining("bellfounder-");
  }

  @Test
  void a_run_that_temporal_carried_is_replayed_from_its_tables_to_the_same_bytes()
      throws Exception {
    GraphSchema.install(database.owner(), "g");
    try (TestWorkflowEnvironment temporal =
        TestWorkflowEnvironment.newInstance(
            TestEnvironmentOptions.newBuilder()
                .setUseTimeskipping(false)
                .setWorkflowClientOptions(
                    WorkflowClientOptions.newBuilder().setIdentity("recorded").build())
                .build())) {
      WorkflowClient client = temporal.getWorkflowClient();
      TemporalOptions options = TemporalOptions.named("recorded");
      TemporalRuns runs = new TemporalRuns(client, database.owner(), "g", options);
      try (TemporalDriver _ =
          TemporalDriver.start(client, database.owner(), "g", options, List.of(GRAPH))) {
        UUID answered = start(runs);
        answer(runs, answered);
        assertThat(new History(database.owner(), "g").replay(answered, List.of(GRAPH)))
            .isInstanceOf(Replay.Equal.class);
        record(client, "answered", answered);

        UUID anew =
            start(new TemporalRuns(client, database.owner(), "g", options.stepsPerHistory(3)));
        answer(runs, anew);
        assertThat(new History(database.owner(), "g").replay(anew, List.of(GRAPH)))
            .isInstanceOf(Replay.Equal.class);
        record(client, "begun-anew", anew);

        new Limits(database.owner(), "g").running("t", 0);
        UUID cancelled = start(runs);
        Await.until(
            "it was told to ask again",
            () -> client.fetchHistory(cancelled.toString()).toString().contains("NOT_YET"));
        client.newUntypedWorkflowStub(cancelled.toString()).cancel();
        awaits(runs, cancelled, "cancelled");
        record(client, "waited-and-cancelled", cancelled);
      }
    }
  }

  private static void replay(String history) throws Exception {
    WorkflowReplayer.replayWorkflowExecution(
        WorkflowExecutionHistory.fromJson(history), CarriedRunLoop.class);
  }

  private static UUID start(TemporalRuns runs) throws SQLException {
    return ((Started.Created) runs.start(RunRequest.of(GRAPH, "t", Update.none()))).run();
  }

  private static void answer(TemporalRuns runs, UUID run) throws SQLException {
    awaits(runs, run, "waiting");
    var _ = runs.answer(runs.runs().questions(run).getFirst().id(), "yes");
    awaits(runs, run, "completed");
  }

  private static void awaits(TemporalRuns runs, UUID run, String status) {
    Await.value(
        run + " is " + status,
        Duration.ofSeconds(30),
        () -> runs.runs().find(run).orElseThrow().status(),
        status::equals);
  }

  /** The whole of it, once its workflow has ended. */
  private static void record(WorkflowClient client, String name, UUID run) throws Exception {
    try {
      client.newUntypedWorkflowStub(run.toString()).getResult(String.class);
    } catch (RuntimeException e) {
      assertThat(name).as(e.toString()).endsWith("cancelled");
    }
    String history = client.fetchHistory(run.toString()).toJson(true);
    replay(history);
    String folder = System.getProperty("histories");
    if (folder != null) {
      Files.writeString(
          Path.of(folder, "1-" + name + ".json"), history + "\n", StandardOpenOption.CREATE_NEW);
    }
  }
}
