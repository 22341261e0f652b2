package io.bellfounder.graph;

import io.bellfounder.graph.testing.Driver;
import io.bellfounder.graph.testing.EffectLedger;
import io.bellfounder.graph.testing.RunContract;
import io.bellfounder.testing.KeptConnections;
import io.bellfounder.testing.Seeds;
import io.bellfounder.testing.TemporaryDatabase;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The contract of all drivers, with workers on PostgreSQL. */
class PostgresContractTest {
  @RegisterExtension static final TemporaryDatabase DATABASE = new TemporaryDatabase();
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
    return Seeds.several("PostgresContractTest", Integer.getInteger("kit.seeds", 1))
        .boxed()
        .flatMap(seed -> Stream.of(RunContract.Case.values()).map(p -> Arguments.of(seed, p)));
  }

  @ParameterizedTest
  @MethodSource("promises")
  void a_worker_keeps_the_contract(long seed, RunContract.Case promise) throws Exception {
    String schema = "g" + Long.toUnsignedString(seed, 36) + "_" + promise.ordinal();
    GraphSchema.install(DATABASE.owner(), schema);
    RunContract.check(
        promise,
        Driver.workers(),
        kept.dataSource(),
        schema,
        ledger,
        Seeds.random(seed),
        Integer.getInteger("kit.rounds", 8));
  }
}
