package io.bellfounder.graph.temporal;

import io.bellfounder.graph.Answered;
import io.bellfounder.graph.Graph;
import io.bellfounder.graph.GraphSchema;
import io.bellfounder.graph.RunRequest;
import io.bellfounder.graph.Runs;
import io.bellfounder.graph.Started;
import io.bellfounder.graph.WorkerOptions;
import io.bellfounder.graph.testing.Driver;
import io.bellfounder.graph.testing.EffectLedger;
import io.bellfounder.graph.testing.RunContract;
import io.bellfounder.testing.Seeds;
import io.bellfounder.testing.TemporaryDatabase;
import io.temporal.client.WorkflowClient;
import io.temporal.testing.TestEnvironmentOptions;
import io.temporal.testing.TestWorkflowEnvironment;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.random.RandomGenerator;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The contract of all drivers, on Temporal's own test server. */
class TemporalContractTest {
  @RegisterExtension static final TemporaryDatabase DATABASE = new TemporaryDatabase();
  private static final RandomGenerator RANDOM = Seeds.random("TemporalContractTest");
  private static EffectLedger ledger;

  @BeforeAll
  static void open() throws Exception {
    ledger = EffectLedger.start();
  }

  @AfterAll
  static void close() throws Exception {
    ledger.close();
  }

  @ParameterizedTest
  @EnumSource
  void a_driver_keeps_the_contract(RunContract.Case promise) throws Exception {
    String schema = "g" + promise.ordinal();
    GraphSchema.install(DATABASE.owner(), schema);
    try (TestWorkflowEnvironment temporal =
        TestWorkflowEnvironment.newInstance(
            TestEnvironmentOptions.newBuilder().setUseTimeskipping(false).build())) {
      RunContract.check(
          promise,
          (database, name) -> new OnTemporal(temporal.getWorkflowClient(), database, name),
          DATABASE.owner(),
          schema,
          ledger,
          RANDOM,
          Boolean.getBoolean("kit.long") ? 50 : 5);
    }
  }

  private record OnTemporal(
      WorkflowClient client, DataSource database, String schema, TemporalRuns carried)
      implements Driver {
    OnTemporal(WorkflowClient client, DataSource database, String schema) {
      this(
          client,
          database,
          schema,
          new TemporalRuns(
              client,
              database,
              schema,
              // Its lease is how long a silent step is believed to be alive.
              TemporalOptions.named("runs")
                  .worker(WorkerOptions.named("runs").lease(Duration.ofMillis(1500)))));
    }

    @Override
    public Runs runs() {
      return carried.runs();
    }

    @Override
    public Started start(RunRequest request) throws SQLException {
      return carried.start(request);
    }

    @Override
    public Answered answer(UUID question, Object answer) throws SQLException {
      return carried.answer(question, answer);
    }

    @Override
    public boolean cancel(UUID run) throws SQLException {
      return carried.cancel(run);
    }

    @Override
    public boolean pause(UUID run) throws SQLException {
      return carried.pause(run);
    }

    @Override
    public boolean resume(UUID run) throws SQLException {
      return carried.resume(run);
    }

    @Override
    public AutoCloseable carry(DataSource through, WorkerOptions options, List<Graph> graphs)
        throws SQLException {
      return TemporalDriver.start(
          client,
          through,
          schema,
          TemporalOptions.named(options.name())
              .worker(options)
              .recheck(Duration.ofMillis(200))
              // The test server keeps a decision for a driver that is gone for ever.
              .stays(Duration.ZERO),
          graphs);
    }
  }
}
