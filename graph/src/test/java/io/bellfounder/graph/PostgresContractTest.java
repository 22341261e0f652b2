package io.bellfounder.graph;

import io.bellfounder.graph.testing.Driver;
import io.bellfounder.graph.testing.EffectLedger;
import io.bellfounder.graph.testing.RunContract;
import io.bellfounder.testing.Seeds;
import io.bellfounder.testing.TemporaryDatabase;
import java.sql.SQLException;
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

/** The contract of all drivers, with workers on PostgreSQL. */
class PostgresContractTest {
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

  /** With {@code -Dkit.seeds=N} on so many seeds, with {@code -Dkit.long=true} more on each. */
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
        Workers::new,
        DATABASE.owner(),
        schema,
        ledger,
        Seeds.random(seed),
        Boolean.getBoolean("kit.long") ? 100 : 8);
  }

  private record Workers(DataSource database, String schema, Runs runs) implements Driver {
    Workers(DataSource database, String schema) {
      this(database, schema, new Runs(database, schema));
    }

    @Override
    public Started start(RunRequest request) throws SQLException {
      return runs.start(request);
    }

    @Override
    public Answered answer(UUID question, Object answer) throws SQLException {
      return runs.answer(question, answer);
    }

    @Override
    public boolean cancel(UUID run) throws SQLException {
      return runs.cancel(run);
    }

    @Override
    public boolean pause(UUID run) throws SQLException {
      return runs.pause(run);
    }

    @Override
    public boolean resume(UUID run) throws SQLException {
      return runs.resume(run);
    }

    @Override
    public AutoCloseable carry(DataSource through, WorkerOptions options, List<Graph> graphs) {
      return Worker.start(through, schema, options, graphs);
    }
  }
}
