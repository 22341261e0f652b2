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
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The contract of all drivers, on Temporal's own test server. */
class TemporalContractTest {
  @RegisterExtension static final TemporaryDatabase DATABASE = new TemporaryDatabase();
  private static EffectLedger ledger;

  @BeforeAll
  static void open() throws Exception {
    ledger = EffectLedger.start();
    DATABASE.commitDurably();
  }

  @AfterAll
  static void close() throws Exception {
    ledger.close();
  }

  /**
   * With {@code -Dkit.seeds=N} on so many seeds, with {@code -Dkit.rounds=N} more or less on each.
   */
  static Stream<Arguments> promises() {
    return Seeds.several("TemporalContractTest", Integer.getInteger("kit.seeds", 1))
        .boxed()
        .flatMap(seed -> Stream.of(RunContract.Case.values()).map(p -> Arguments.of(seed, p)));
  }

  @ParameterizedTest
  @MethodSource("promises")
  void a_driver_keeps_the_contract(long seed, RunContract.Case promise) throws Exception {
    String schema = "g" + Long.toUnsignedString(seed, 36) + "_" + promise.ordinal();
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
          Seeds.random(seed),
          Integer.getInteger("kit.rounds", 4));
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

    /** Turns are the real server's, by the fairness key; the test server has one queue. */
    @Override
    public boolean takesTurns() {
      return false;
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
