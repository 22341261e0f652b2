package io.bellfounder.graph.temporal;

import static org.assertj.core.api.Assertions.assertThat;

import io.bellfounder.graph.GraphSchema;
import io.bellfounder.graph.WorkerOptions;
import io.bellfounder.graph.testing.CommitPoints;
import io.bellfounder.graph.testing.EffectLedger;
import io.bellfounder.graph.testing.InvariantChecker;
import io.bellfounder.graph.testing.PaidRuns;
import io.bellfounder.graph.testing.WorkerProcess;
import io.bellfounder.testing.Await;
import io.bellfounder.testing.FreePorts;
import io.bellfounder.testing.KeptConnections;
import io.bellfounder.testing.TemporaryDatabase;
import io.temporal.client.WorkflowClient;
import io.temporal.serviceclient.WorkflowServiceStubs;
import io.temporal.serviceclient.WorkflowServiceStubsOptions;
import io.temporal.testserver.TestServer;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * Processes of the Temporal driver that are killed, or stand still, in the middle of their runs.
 */
class TemporalProcessTest {
  private static final Duration LIMIT = Duration.ofSeconds(90);

  /**
   * A busy machine may keep a step silent for longer than a short lease. That costs a take-over,
   * and five without progress would make the run dead, as they should: hence few runs at a time,
   * and patience.
   */
  private static final TemporalOptions OPTIONS =
      TemporalOptions.named("same-name")
          .worker(
              WorkerOptions.named("same-name")
                  .lease(Duration.ofSeconds(3))
                  .runsMax(8)
                  .takeoversMax(50))
          .recheck(Duration.ofMillis(200))
          // The test server keeps a decision for a driver that is gone for ever.
          .stays(Duration.ZERO);

  @RegisterExtension final TemporaryDatabase database = new TemporaryDatabase();

  private final KeptConnections kept = new KeptConnections(database.owner());
  private final int port = FreePorts.one();
  private final TestServer.PortBoundTestServer server =
      TestServer.createPortBoundServer(port, true);
  private final WorkflowServiceStubs stubs = stubs("127.0.0.1:" + port);
  private final WorkflowClient client = WorkflowClient.newInstance(stubs);
  private final List<UUID> all = new ArrayList<>();

  private EffectLedger ledger;
  private CommitPoints points;
  private PaidRuns runs;

  private static WorkflowServiceStubs stubs(String target) {
    return WorkflowServiceStubs.newServiceStubs(
        WorkflowServiceStubsOptions.newBuilder().setTarget(target).build());
  }

  /** Address, user, password, Temporal. */
  static final class Main {
    private Main() {}

    public static void main(String[] args) throws Exception {
      CommitPoints.Here here = new CommitPoints.Here(args);
      PGSimpleDataSource source = new PGSimpleDataSource();
      source.setUrl(here.arguments().get(0));
      source.setUser(here.arguments().get(1));
      source.setPassword(here.arguments().get(2));
      TemporalDriver driver =
          TemporalDriver.start(
              WorkflowClient.newInstance(stubs(here.arguments().get(3))),
              here.through(new KeptConnections(source).dataSource()),
              "g",
              OPTIONS,
              List.of(here.graph()));
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
    CarriedByTemporal driver = new CarriedByTemporal(client, kept.dataSource(), "g", OPTIONS);
    runs = new PaidRuns(driver, ledger);
    points =
        new CommitPoints(
            driver,
            kept.dataSource(),
            ledger,
            OPTIONS.worker(),
            arguments -> WorkerProcess.start(Main.class, own(arguments)));
    for (int i = 0; i < 40; i++) {
      all.add(runs.start("t" + i % 3));
    }
  }

  private String[] own(List<String> arguments) {
    return Stream.concat(
            arguments.stream(),
            Stream.of(
                database.jdbcUrl(), database.ownerRole(), database.password(), "127.0.0.1:" + port))
        .toArray(String[]::new);
  }

  @AfterEach
  void close() throws Exception {
    stubs.shutdownNow();
    server.close();
    ledger.close();
    kept.close();
    assertThat(InvariantChecker.problems(database.owner(), "g")).isEmpty();
  }

  @Test
  void a_killed_process_loses_no_run_and_repeats_no_effect() throws Exception {
    try (WorkerProcess first = points.start()) {
      awaitWork(first);
      first.kill();
    }
    try (WorkerProcess second = points.start()) {
      settle("a process was killed", second);
    }
  }

  @Test
  void a_process_that_stood_still_changes_nothing_when_it_goes_on() throws Exception {
    try (WorkerProcess first = points.start()) {
      awaitWork(first);
      first.freeze();
      try (WorkerProcess second = points.start()) {
        settle("a process stood still", second);
      }
      first.thaw();
      all.add(runs.start("later"));
      settle("it went on", first);
    }
  }

  private void awaitWork(WorkerProcess process) throws Exception {
    try {
      Await.until("work goes on", Duration.ofSeconds(60), () -> steps() > 10);
    } catch (AssertionError e) {
      throw new AssertionError(e.getMessage() + "\n" + process.output(), e);
    }
  }

  private long steps() throws SQLException {
    try (var connection = kept.dataSource().getConnection();
        var statement = connection.createStatement();
        var row = statement.executeQuery("SELECT coalesce(sum(step), 0) FROM g.run")) {
      row.next();
      return row.getLong(1);
    }
  }

  private String history(UUID run) {
    return "now " + Instant.now() + "\n" + client.fetchHistory(run.toString()).toJson(true);
  }

  private void settle(String after, WorkerProcess carrying) throws Exception {
    for (UUID run : all) {
      try {
        runs.settle(run, LIMIT, after);
      } catch (AssertionError e) {
        throw new AssertionError(
            String.join("\n", e.getMessage(), history(run), carrying.output()), e);
      }
    }
  }
}
