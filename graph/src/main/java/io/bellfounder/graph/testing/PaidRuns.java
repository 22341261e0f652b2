package io.bellfounder.graph.testing;

import io.bellfounder.graph.Channel;
import io.bellfounder.graph.Graph;
import io.bellfounder.graph.Question;
import io.bellfounder.graph.RunRequest;
import io.bellfounder.graph.RunView;
import io.bellfounder.graph.Started;
import io.bellfounder.graph.Update;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;

/**
 * Runs of a graph with an effect that happens at most once and one that may repeat, and the proof
 * that each came to its end as promised, whatever befell those who carried it. For one thread.
 */
public final class PaidRuns {
  private static final Channel<List<String>> LOG = Channel.append("log", String.class);
  private static final Duration PAUSE = Duration.ofMillis(10);
  private final Driver driver;
  private final EffectLedger ledger;

  /** Those whose effect nobody could know about, so that it may not have happened. */
  private final Set<UUID> asked = new HashSet<>();

  /**
   * @param driver does not carry them: start a worker with {@link #graph}
   */
  public PaidRuns(Driver driver, EffectLedger ledger) {
    this.driver = driver;
    this.ledger = ledger;
  }

  /**
   * The graph, which is the same in every process that is given the same ledger.
   *
   * @param ledger its {@link EffectLedger#url() URL}
   */
  public static Graph graph(String ledger) {
    return Graph.named("paid")
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
                              EffectLedger.record(ledger, "once:" + c.runId());
                              return "paid";
                            }))))
        .node(
            "c",
            c -> {
              EffectLedger.record(ledger, "again:" + c.runId());
              return Update.of(LOG, List.of("c"));
            })
        .start("a")
        .edge("a", "b")
        .edge("b", "c")
        .build();
  }

  /** Starts one more, with no thread, limit or key. */
  public UUID start(String tenant) throws SQLException {
    RunRequest request = RunRequest.of(graph(ledger.url()), tenant, Update.none());
    return ((Started.Created) driver.start(request)).run();
  }

  /**
   * Waits for a run's end, and checks its state and effects. If it asks whether its effect has
   * happened, it is told that it has.
   *
   * @param limit after which it counts as lost
   * @param after what befell it, for the error
   * @throws AssertionError with all that is known of the run
   */
  public void settle(UUID run, Duration limit, String after) throws Exception {
    long deadline = System.nanoTime() + limit.toNanos();
    while (!ended(run, after)) {
      expect(System.nanoTime() < deadline, run, "it is not at its end within " + limit, after);
      LockSupport.parkNanos(PAUSE.toNanos());
    }
    List<String> log = driver.runs().state(run, graph(ledger.url())).get(LOG);
    expect(log.equals(List.of("a", "paid", "c")), run, "its state is " + log, after);
    Map<String, Integer> counts = ledger.counts();
    int once = counts.getOrDefault("once:" + run, 0);
    expect(once == 1 || once == 0 && asked.contains(run), run, once + " effects", after);
    expect(counts.containsKey("again:" + run), run, "its last node never ran", after);
  }

  /** While the database is away, nothing is known yet. */
  private boolean ended(UUID run, String after) {
    RunView view;
    try {
      view = driver.runs().find(run).orElseThrow();
      if (view.status().equals("waiting")) {
        for (Question question : driver.runs().questions(run)) {
          expect(
              question.payload().equals(Map.of("unknown", "pay")),
              run,
              "it asks " + question,
              after);
          asked.add(run);
          var _ = driver.answer(question.id(), "paid");
        }
      }
    } catch (SQLException e) {
      return false;
    }
    boolean completed = view.status().equals("completed");
    boolean goesOn = !view.resting() || view.status().equals("waiting");
    expect(completed || goesOn, run, "it is " + view.status(), after);
    return completed;
  }

  private void expect(boolean holds, UUID run, String what, String after) {
    if (!holds) {
      throw new AssertionError("run " + run + " after " + after + ": " + what + "\n" + known(run));
    }
  }

  /** Its row, its explanation and its events. */
  private String known(UUID run) {
    try {
      StringBuilder known = new StringBuilder();
      known.append(driver.runs().find(run)).append('\n').append(driver.runs().explain(run));
      driver.runs().events(run, 0, 1000).forEach(event -> known.append('\n').append(event));
      return known.toString();
    } catch (SQLException e) {
      return "nothing is known of it: " + e;
    }
  }
}
