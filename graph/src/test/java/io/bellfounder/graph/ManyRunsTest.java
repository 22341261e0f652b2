package io.bellfounder.graph;

import static org.assertj.core.api.Assertions.assertThat;

import io.bellfounder.graph.testing.EffectLedger;
import io.bellfounder.graph.testing.InvariantChecker;
import io.bellfounder.graph.testing.WorkerProcess;
import io.bellfounder.testing.Await;
import io.bellfounder.testing.KeptConnections;
import io.bellfounder.testing.Seeds;
import io.bellfounder.testing.TemporaryDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * Two worker processes, one of which is killed every few seconds and replaced, until all runs are
 * at their end. 300 runs; {@code -Dkit.runs=10000} for more.
 */
class ManyRunsTest {
  private static final Channel<List<String>> LOG = Channel.append("log", String.class);
  private static final Duration LEASE = Duration.ofSeconds(2);

  @RegisterExtension final TemporaryDatabase database = new TemporaryDatabase();

  private final KeptConnections kept = new KeptConnections(database.owner());

  @AfterEach
  void close() throws SQLException {
    kept.close();
  }

  private static Graph graph(String ledger) {
    return Graph.named("many")
        .channels(LOG)
        .node("plan", _ -> Update.of(LOG, List.of("plan")))
        .node(
            "pay",
            c ->
                Update.of(
                    LOG,
                    List.of(
                        c.once(
                            "pay",
                            String.class,
                            () -> {
                              EffectLedger.record(ledger, "once:" + c.runId());
                              return "paid";
                            }))))
        .node(
            "tell",
            c -> {
              EffectLedger.record(ledger, "again:" + c.runId());
              return Update.of(LOG, List.of("told"));
            })
        .start("plan")
        .edge("plan", "pay")
        .edge("pay", "tell")
        .build();
  }

  /** Address, user, password, ledger. */
  static final class Main {
    private Main() {}

    public static void main(String[] args) throws Exception {
      PGSimpleDataSource source = new PGSimpleDataSource();
      source.setUrl(args[0]);
      source.setUser(args[1]);
      source.setPassword(args[2]);
      Worker worker =
          Worker.start(
              new KeptConnections(source).dataSource(),
              "g",
              WorkerOptions.named("same-name").runsMax(32).lease(LEASE),
              List.of(graph(args[3])));
      while (System.in.read() >= 0) {
        Thread.onSpinWait();
      }
      worker.close();
    }
  }

  @Test
  void of_many_runs_none_is_lost_none_happens_twice_and_none_is_stuck_while_workers_are_killed()
      throws Exception {
    int many = Integer.getInteger("kit.runs", 300);
    RandomGenerator random = Seeds.random("ManyRunsTest");
    GraphSchema.install(database.owner(), "g");
    Runs runs = new Runs(kept.dataSource(), "g");
    try (EffectLedger ledger = EffectLedger.start()) {
      Graph graph = graph(ledger.url());
      List<UUID> all = new ArrayList<>();
      for (int i = 0; i < many; i++) {
        RunRequest request = RunRequest.of(graph, "t" + i % 20, Update.none()).key("k" + i);
        all.add(((Started.Created) runs.start(request)).run());
        assertThat(runs.start(request)).isInstanceOf(Started.Same.class);
      }
      long begun = System.nanoTime();
      int kills = 0;
      Set<UUID> asked = new HashSet<>();
      List<WorkerProcess> processes = new ArrayList<>(List.of(process(ledger), process(ledger)));
      try {
        while (count("completed") < many) {
          long done = count("completed");
          long killAt = System.nanoTime() + Duration.ofSeconds(3).toNanos();
          Await.until(
              "work goes on",
              Duration.ofSeconds(60),
              () -> {
                answer(runs, ledger, asked);
                long now = count("completed");
                return now == many
                    || now > done && (System.nanoTime() > killAt || now > done + many / 6);
              });
          if (count("completed") < many) {
            int which = random.nextInt(2);
            processes.get(which).kill();
            processes.set(which, process(ledger));
            kills++;
          }
        }
      } finally {
        for (WorkerProcess process : processes) {
          process.close();
        }
      }
      Duration took = Duration.ofNanos(System.nanoTime() - begun);

      assertThat(count("completed")).isEqualTo(many);
      assertThat(numbers("SELECT count(*) FROM ~.run")).isEqualTo(many);
      Map<String, Integer> counts = ledger.counts();
      for (UUID run : all) {
        assertThat(runs.state(run, graph).get(LOG)).containsExactly("plan", "paid", "told");
        assertThat(counts.get("once:" + run)).as("effects of run " + run).isEqualTo(1);
        assertThat(counts.get("again:" + run)).isPositive();
      }
      assertThat(kills).isPositive();
      assertThat(InvariantChecker.problems(database.owner(), "g")).isEmpty();
      System.out.printf(
          "ManyRunsTest: %d runs, %d kills, %.1f s; %d runs taken over, %d of them asked whether the"
              + " effect had happened; none lost, none twice, none stuck%n",
          many,
          kills,
          took.toMillis() / 1000.0,
          numbers("SELECT count(*) FROM ~.event WHERE kind = 'superseded'"),
          asked.size());
    }
  }

  /** A person looks up outside whether an effect that nobody knows about has happened. */
  private void answer(Runs runs, EffectLedger ledger, Set<UUID> asked) throws Exception {
    List<UUID> waiting =
        new Database(kept.dataSource(), "g")
            .query(
                r -> r.getObject(1, UUID.class), "SELECT id FROM ~.run WHERE status = 'waiting'");
    Map<String, Integer> counts = waiting.isEmpty() ? Map.of() : ledger.counts();
    for (UUID run : waiting) {
      for (Question question : runs.questions(run)) {
        assertThat(question.payload()).isEqualTo(Map.of("unknown", "pay"));
        asked.add(run);
        boolean happened = counts.containsKey("once:" + run);
        var _ = runs.answer(question.id(), happened ? "paid" : Map.of("retry", true));
      }
    }
  }

  private long count(String status) throws SQLException {
    return numbers("SELECT count(*) FROM ~.run WHERE status = '" + status + "'");
  }

  private long numbers(String sql) throws SQLException {
    return new Database(kept.dataSource(), "g").query(r -> r.getLong(1), sql).getFirst();
  }

  private WorkerProcess process(EffectLedger ledger) throws Exception {
    return WorkerProcess.start(
        Main.class, database.jdbcUrl(), database.ownerRole(), database.password(), ledger.url());
  }
}
