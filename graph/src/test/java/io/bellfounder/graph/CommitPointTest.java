package io.bellfounder.graph;

import static org.assertj.core.api.Assertions.assertThat;

import io.bellfounder.graph.testing.EffectLedger;
import io.bellfounder.graph.testing.FailingDataSource;
import io.bellfounder.graph.testing.InvariantChecker;
import io.bellfounder.graph.testing.WorkerProcess;
import io.bellfounder.testing.Await;
import io.bellfounder.testing.Seeds;
import io.bellfounder.testing.TemporaryDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.postgresql.ds.PGSimpleDataSource;

/** Worker processes that end, or stand still, at a statement or commit of their own. */
class CommitPointTest {
  private static final Channel<List<String>> LOG = Channel.append("log", String.class);
  private static final Duration LEASE = Duration.ofMillis(1500);

  @RegisterExtension final TemporaryDatabase database = new TemporaryDatabase();

  private final RandomGenerator random = Seeds.random("CommitPointTest");
  private EffectLedger ledger;
  private Runs runs;

  private static Graph graph(String ledger) {
    return Graph.named("points")
        .channels(LOG)
        .node("a", _ -> Update.of(LOG, List.of("a")))
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

  /** Address, user, password, ledger, statement, before or after it, signal. */
  static final class Main {
    private Main() {}

    public static void main(String[] args) throws Exception {
      PGSimpleDataSource source = new PGSimpleDataSource();
      source.setUrl(args[0]);
      source.setUser(args[1]);
      source.setPassword(args[2]);
      FailingDataSource failing = new FailingDataSource(source);
      failing.at(
          Long.parseLong(args[4]),
          Boolean.parseBoolean(args[5]),
          () -> WorkerProcess.signalSelf(args[6]));
      Worker worker =
          Worker.start(
              failing.dataSource(),
              "g",
              WorkerOptions.named("same-name").lease(LEASE),
              List.of(graph(args[3])));
      while (System.in.read() >= 0) {
        Thread.onSpinWait();
      }
      worker.close();
    }
  }

  @BeforeEach
  void open() throws Exception {
    GraphSchema.install(database.owner(), "g");
    runs = new Runs(database.owner(), "g");
    ledger = EffectLedger.start();
  }

  @AfterEach
  void check() throws Exception {
    ledger.close();
    assertThat(InvariantChecker.problems(database.owner(), "g")).isEmpty();
  }

  @Test
  void a_process_killed_at_any_statement_loses_nothing_and_repeats_no_effect() throws Exception {
    int rounds = Boolean.getBoolean("kit.long") ? 60 : 3;
    for (int i = 0; i < rounds; i++) {
      int n = random.nextInt(1, 20);
      boolean after = random.nextBoolean();
      UUID run = start();
      try (WorkerProcess process = process(n, after, "KILL")) {
        Await.until("killed or done", () -> !process.alive() || rests(run));
      }
      finish(run, "killed at " + n + (after ? ", after it" : ", before it"));
    }
  }

  @Test
  void a_process_that_stood_still_past_its_lease_changes_nothing_when_it_goes_on()
      throws Exception {
    int rounds = Boolean.getBoolean("kit.long") ? 40 : 1;
    for (int i = 0; i < rounds; i++) {
      int n = random.nextInt(1, 20);
      boolean after = random.nextBoolean();
      UUID run = start();
      try (WorkerProcess process = process(n, after, "STOP")) {
        Await.until("stopped or done", () -> process.frozen() || rests(run));
        if (!rests(run)) {
          finish(run, "stopped at " + n + (after ? ", after it" : ", before it"));
        }
        long events = runs.find(run).orElseThrow().seq();
        process.thaw();
        // It claims again: then whatever it was at before is over.
        UUID next = start();
        Await.until("it works again", () -> rests(next));
        finish(next, "after " + run);
        assertThat(runs.find(run).orElseThrow().seq()).isGreaterThanOrEqualTo(events);
      }
      finish(run, "thawed at " + n);
    }
  }

  private boolean rests(UUID run) throws SQLException {
    return List.of("completed", "waiting").contains(runs.find(run).orElseThrow().status());
  }

  /** By a worker here; an effect that nobody knows about is looked up in the ledger by a person. */
  private void finish(UUID run, String after) throws Exception {
    boolean asked = false;
    try (Worker _ = worker()) {
      while (true) {
        Await.until(after, Duration.ofSeconds(40), () -> rests(run));
        if (!runs.find(run).orElseThrow().status().equals("waiting")) {
          break;
        }
        for (Question question : runs.questions(run)) {
          assertThat(question.payload()).isEqualTo(Map.of("unknown", "pay"));
          var _ = runs.answer(question.id(), "paid");
          asked = true;
        }
      }
    }
    assertThat(runs.state(run, graph(ledger.url())).get(LOG))
        .as(after)
        .containsExactly("a", "paid", "c");
    assertThat(ledger.counts().getOrDefault(run.toString(), 0))
        .as(after)
        .isBetween(asked ? 0 : 1, 1);
  }

  private Worker worker() {
    return Worker.start(
        database.owner(),
        "g",
        WorkerOptions.named("same-name").lease(LEASE),
        List.of(graph(ledger.url())));
  }

  private UUID start() throws SQLException {
    Graph graph = graph(ledger.url());
    return ((Started.Created) runs.start(RunRequest.of(graph, "t", Update.none()))).run();
  }

  private WorkerProcess process(int n, boolean after, String signal) throws Exception {
    return WorkerProcess.start(
        Main.class,
        database.jdbcUrl(),
        database.ownerRole(),
        database.password(),
        ledger.url(),
        "" + n,
        "" + after,
        signal);
  }
}
