package io.bellfounder.graph.temporal;

import io.bellfounder.graph.GraphSchema;
import io.bellfounder.graph.WorkerOptions;
import io.bellfounder.graph.testing.EffectLedger;
import io.bellfounder.graph.testing.RunContract;
import io.bellfounder.testing.KeptConnections;
import io.bellfounder.testing.Seeds;
import io.bellfounder.testing.TemporaryDatabase;
import io.temporal.testing.TestEnvironmentOptions;
import io.temporal.testing.TestWorkflowEnvironment;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The contract of all drivers, on Temporal's own test server. */
class TemporalContractTest {
  @RegisterExtension static final TemporaryDatabase DATABASE = new TemporaryDatabase();
  private static final TemporalOptions OPTIONS =
      TemporalOptions.named("runs")
          // Its lease is how long a silent step is believed to be alive.
          .worker(WorkerOptions.named("runs").lease(Duration.ofMillis(1500)))
          .recheck(Duration.ofMillis(200))
          // The test server keeps a decision for a driver that is gone for ever.
          .stays(Duration.ZERO);

  private static EffectLedger ledger;
  private static KeptConnections kept;

  @BeforeAll
  static void open() throws Exception {
    ledger = EffectLedger.start();
    DATABASE.commitDurably();
    kept = new KeptConnections(DATABASE.owner());
  }

  @AfterAll
  static void close() throws Exception {
    kept.close();
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
          (database, name) ->
              new CarriedByTemporal(temporal.getWorkflowClient(), database, name, OPTIONS),
          kept.dataSource(),
          schema,
          ledger,
          Seeds.random(seed),
          Integer.getInteger("kit.rounds", 4));
    }
  }
}
