package io.bellfounder.graph.temporal;

import static org.assertj.core.api.Assertions.assertThat;

import io.bellfounder.graph.Channel;
import io.bellfounder.graph.Graph;
import io.bellfounder.graph.GraphSchema;
import io.bellfounder.graph.Question;
import io.bellfounder.graph.RunRequest;
import io.bellfounder.graph.Started;
import io.bellfounder.graph.Update;
import io.bellfounder.graph.WorkerOptions;
import io.bellfounder.graph.testing.EffectLedger;
import io.bellfounder.graph.testing.InvariantChecker;
import io.bellfounder.graph.testing.WorkerProcess;
import io.bellfounder.testing.Await;
import io.bellfounder.testing.FreePorts;
import io.bellfounder.testing.TemporaryDatabase;
import io.temporal.client.WorkflowClient;
import io.temporal.serviceclient.WorkflowServiceStubs;
import io.temporal.serviceclient.WorkflowServiceStubsOptions;
import io.temporal.testserver.TestServer;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * Processes of the Temporal driver that are killed, or stand still, in the middle of their runs.
 */
class TemporalProcessTest {
  private static final Channel<List<String>> LOG = Channel.append("log", String.class);
  private static final TemporalOptions OPTIONS =
      TemporalOptions.named("same-name")
          .worker(WorkerOptions.named("same-name").lease(Duration.ofMillis(1500)))
          .recheck(Duration.ofMillis(200))
          // The test server keeps a decision for a driver that is gone for ever.
          .stays(Duration.ZERO);

  @RegisterExtension final TemporaryDatabase database = new TemporaryDatabase();

  private final int port = FreePorts.one();
  private final TestServer.PortBoundTestServer server =
      TestServer.createPortBoundServer(port, true);
  private final WorkflowServiceStubs stubs = stubs("127.0.0.1:" + port);
  private final WorkflowClient client = WorkflowClient.newInstance(stubs);
  private final List<UUID> all = new ArrayList<>();

  /** Those whose effect nobody could know about, so that it may not have happened. */
  private final Set<UUID> asked = new HashSet<>();

  private EffectLedger ledger;
  private TemporalRuns runs;

  private static WorkflowServiceStubs stubs(String target) {
    return WorkflowServiceStubs.newServiceStubs(
        WorkflowServiceStubsOptions.newBuilder().setTarget(target).build());
  }

  private static Graph graph(String ledger) {
    return Graph.named("processes")
        .channels(LOG)
        .node(
            "a",
            _ -> {
              boolean never = new CountDownLatch(1).await(100, TimeUnit.MILLISECONDS);
              return Update.of(LOG, List.of("a" + never));
            })
        .node(
            "b",
            c ->
                Update.of(
                    LOG,
                    List.of(
                        c.once(
                            "pay",
                            String.class,
                            () -> {
                              EffectLedger.record(ledger, c.runId());
                              return "paid";
                            }))))
        .node("c", _ -> Update.of(LOG, List.of("c")))
        .start("a")
        .edge("a", "b")
        .edge("b", "c")
        .build();
  }

  /** Address, user, password, ledger, Temporal. */
  static final class Main {
    private Main() {}

    public static void main(String[] args) throws Exception {
      PGSimpleDataSource source = new PGSimpleDataSource();
      source.setUrl(args[0]);
      source.setUser(args[1]);
      source.setPassword(args[2]);
      TemporalDriver driver =
          TemporalDriver.start(
              WorkflowClient.newInstance(stubs(args[4])),
              source,
              "g",
              OPTIONS,
              List.of(graph(args[3])));
      while (System.in.read() >= 0) {
        Thread.onSpinWait();
      }
      driver.close();
    }
  }

  @BeforeEach
  void open() throws Exception {
    GraphSchema.install(database.owner(), "g");
    ledger = EffectLedger.start();
    runs = new TemporalRuns(client, database.owner(), "g", OPTIONS);
    for (int i = 0; i < 40; i++) {
      start("t" + i % 3);
    }
  }

  @AfterEach
  void close() throws Exception {
    stubs.shutdownNow();
    server.close();
    ledger.close();
    assertThat(InvariantChecker.problems(database.owner(), "g")).isEmpty();
  }

  @Test
  void a_killed_process_loses_no_run_and_repeats_no_effect() throws Exception {
    try (WorkerProcess first = process()) {
      Await.until("work goes on", Duration.ofSeconds(40), () -> steps() > 10);
      first.kill();
    }
    try (WorkerProcess _ = process()) {
      settle();
    }
  }

  @Test
  void a_process_that_stood_still_changes_nothing_when_it_goes_on() throws Exception {
    try (WorkerProcess first = process()) {
      Await.until("work goes on", Duration.ofSeconds(40), () -> steps() > 10);
      first.freeze();
      try (WorkerProcess _ = process()) {
        settle();
      }
      first.thaw();
      start("later");
      settle();
    }
  }

  private void start(String tenant) throws SQLException {
    Graph graph = graph(ledger.url());
    all.add(((Started.Created) runs.start(RunRequest.of(graph, tenant, Update.none()))).run());
  }

  private WorkerProcess process() throws Exception {
    return WorkerProcess.start(
        Main.class,
        database.jdbcUrl(),
        database.ownerRole(),
        database.password(),
        ledger.url(),
        "127.0.0.1:" + port);
  }

  private long steps() throws SQLException {
    long steps = 0;
    for (UUID run : all) {
      steps += runs.runs().find(run).orElseThrow().step();
    }
    return steps;
  }

  /** All runs to their end; an effect that nobody knows about is told to have happened. */
  private void settle() throws Exception {
    for (UUID run : all) {
      Await.until(
          "run " + run + " is at its end",
          Duration.ofSeconds(90),
          () -> {
            for (Question question : runs.runs().questions(run)) {
              var _ = runs.answer(question.id(), "paid");
              asked.add(run);
            }
            return runs.runs().find(run).orElseThrow().status().equals("completed");
          });
      assertThat(runs.runs().state(run, graph(ledger.url())).get(LOG))
          .containsExactly("afalse", "paid", "c");
      assertThat(ledger.counts().getOrDefault(run.toString(), 0))
          .isBetween(asked.contains(run) ? 0 : 1, 1);
    }
  }
}
