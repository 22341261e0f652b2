package io.bellfounder.graph;

import static org.assertj.core.api.Assertions.assertThat;

import io.bellfounder.graph.testing.InvariantChecker;
import io.bellfounder.testing.Await;
import io.bellfounder.testing.TemporaryDatabase;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.postgresql.ds.PGSimpleDataSource;

/** A worker's process that is told to end by the machine it runs on, as at each deployment. */
class SigtermTest {
  private static final Channel<Long> STEPS = Channel.counter("steps");

  @RegisterExtension final TemporaryDatabase database = new TemporaryDatabase();

  /** Goes on until it is told to stop. */
  private static Graph graph() {
    Channel<String> stop = Channel.last("stop", String.class, "");
    return Graph.named("goes-on")
        .channels(STEPS, stop)
        .stepLimit(1_000_000)
        .node(
            "step",
            _ -> {
              boolean never = new CountDownLatch(1).await(10, TimeUnit.MILLISECONDS);
              return Update.of(STEPS, never ? 0L : 1L).go("step");
            })
        .start("step")
        .build();
  }

  /** Address, user, password; as an operator would write it. */
  static final class Main {
    private Main() {}

    public static void main(String[] args) throws Exception {
      PGSimpleDataSource source = new PGSimpleDataSource();
      source.setUrl(args[0]);
      source.setUser(args[1]);
      source.setPassword(args[2]);
      WorkerOptions options = WorkerOptions.named("ends").lease(Duration.ofMinutes(5));
      Worker worker = Worker.start(source, "g", options, List.of(graph()));
      Runtime.getRuntime().addShutdownHook(new Thread(() -> worker.drain(Duration.ofSeconds(30))));
      while (System.in.read() >= 0) {
        Thread.onSpinWait();
      }
    }
  }

  @Test
  void a_process_that_is_told_to_end_hands_its_runs_over_before_their_lease_is_over()
      throws Exception {
    GraphSchema.install(database.owner(), "g");
    Runs runs = new Runs(database.owner(), "g");
    Graph graph = graph();
    List<UUID> all =
        List.of(
            runs.start(RunRequest.of(graph, "t", Update.none())).orThrow(),
            runs.start(RunRequest.of(graph, "t", Update.none())).orThrow());
    Process process = process();
    try {
      for (UUID run : all) {
        Await.until("it is under way", () -> runs.find(run).orElseThrow().step() > 3);
      }
      try (Worker other =
          Worker.start(database.owner(), "g", WorkerOptions.named("stays"), List.of(graph))) {
        process.destroy();
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        for (UUID run : all) {
          Await.until("it goes on", () -> runs.explain(run).equals("It runs on stays."));
        }
        assertThat(other.running()).isEqualTo(2);
        for (UUID run : all) {
          assertThat(runs.cancel(run)).isTrue();
          Await.until("it has ended", () -> runs.find(run).orElseThrow().ended());
          // Nothing was taken over, and no step is missing.
          RunView view = runs.find(run).orElseThrow();
          assertThat(runs.events(run, 0, 1000)).noneMatch(e -> e.kind().equals(Event.SUPERSEDED));
          assertThat(runs.state(run, graph).get(STEPS)).isEqualTo(view.step());
        }
      }
    } finally {
      process.destroyForcibly().waitFor();
    }
    assertThat(InvariantChecker.problems(database.owner(), "g")).isEmpty();
  }

  private Process process() throws Exception {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            Main.class.getName(),
            database.jdbcUrl(),
            database.ownerRole(),
            database.password())
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start();
  }
}
