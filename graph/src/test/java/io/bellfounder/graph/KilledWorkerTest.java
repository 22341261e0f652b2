package io.bellfounder.graph;

import static org.assertj.core.api.Assertions.assertThat;

import io.bellfounder.graph.testing.InvariantChecker;
import io.bellfounder.testing.Await;
import io.bellfounder.testing.TemporaryDatabase;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.postgresql.ds.PGSimpleDataSource;

/** Worker processes killed in the middle of their runs. */
class KilledWorkerTest {
  private static final Channel<List<String>> LOG = Channel.append("log", String.class);
  private static final Graph GRAPH = graph();
  private static final WorkerOptions OPTIONS =
      WorkerOptions.named("same-name").runsMax(10).lease(Duration.ofSeconds(2));

  @RegisterExtension final TemporaryDatabase database = new TemporaryDatabase();

  private static Graph graph() {
    Graph.Builder builder = Graph.named("ten").channels(LOG).start("n0");
    for (int i = 0; i < 10; i++) {
      String word = "n" + i;
      builder.node(
          word,
          c -> {
            boolean never = new CountDownLatch(1).await(30, TimeUnit.MILLISECONDS);
            return Update.of(LOG, List.of(word + never));
          });
      if (i > 0) {
        builder.edge("n" + (i - 1), word);
      }
    }
    return builder.build();
  }

  /** The process to be killed: address, user, password. */
  static final class Main {
    private Main() {}

    public static void main(String[] args) throws Exception {
      PGSimpleDataSource source = new PGSimpleDataSource();
      source.setUrl(args[0]);
      source.setUser(args[1]);
      source.setPassword(args[2]);
      Worker worker = Worker.start(source, "g", OPTIONS, List.of(GRAPH));
      // Ends with its parent, whose end closes this stream.
      while (System.in.read() >= 0) {
        Thread.onSpinWait();
      }
      worker.close();
    }
  }

  @Test
  void killed_processes_lose_no_run_and_no_step_counts_twice() throws Exception {
    GraphSchema.install(database.owner(), "g");
    Runs runs = new Runs(database.owner(), "g");
    List<UUID> all = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      all.add(
          ((Started.Created) runs.start(RunRequest.of(GRAPH, "t" + i % 3, Update.none()))).run());
    }
    for (int kills = 0; kills < 2; kills++) {
      Process process = process();
      try {
        long before = steps(runs, all);
        Await.until("the process works", () -> steps(runs, all) > before + 40);
      } finally {
        process.destroyForcibly().waitFor();
      }
    }

    try (Worker _ = Worker.start(database.owner(), "g", OPTIONS, List.of(GRAPH))) {
      for (UUID run : all) {
        Await.value(
            "completed",
            Duration.ofSeconds(30),
            () -> runs.find(run).orElseThrow().status(),
            "completed"::equals);
      }
    }
    for (UUID run : all) {
      assertThat(runs.state(run, GRAPH).get(LOG)).hasSize(10).doesNotHaveDuplicates();
    }
    assertThat(
            new Database(database.owner(), "g")
                .query(r -> r.getInt(1), "SELECT count(*) FROM ~.event WHERE kind = 'superseded'")
                .getFirst())
        .isPositive();
    assertThat(InvariantChecker.problems(database.owner(), "g")).isEmpty();
  }

  private static long steps(Runs runs, List<UUID> all) throws Exception {
    long sum = 0;
    for (UUID run : all) {
      sum += runs.find(run).orElseThrow().step();
    }
    return sum;
  }

  private Process process() throws Exception {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx128m",
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
