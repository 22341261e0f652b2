package io.bellfounder.bench;

import io.bellfounder.graph.Channel;
import io.bellfounder.graph.Graph;
import io.bellfounder.graph.Update;
import io.bellfounder.graph.Worker;
import io.bellfounder.graph.WorkerOptions;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * A worker process that is to be killed, stopped or weighed while it holds runs. usage: {@code
 * HeldRuns NAME RUNS_MAX LEASE_MS}; it says {@code ready}, is told {@code work RUNS} and answers
 * {@code done RUNS SECONDS} when it holds so many. On SIGTERM it drains, as a good host does.
 */
final class HeldRuns {
  static final String SCHEMA = "graph";
  private static final Channel<Long> STEPS = Channel.counter("steps");

  /** Runs whose one node waits until it is interrupted, as for an answer that never comes. */
  static final Graph WAITING =
      Graph.named("waiting")
          .channels(STEPS)
          .node(
              "wait",
              _ -> {
                new CountDownLatch(1).await();
                return Update.none();
              })
          .start("wait")
          .build();

  /** Runs that go on for long, in steps of 5 ms. */
  static final Graph STEPPING =
      Graph.named("stepping")
          .channels(STEPS)
          .stepLimit(1_000_000)
          .node(
              "step",
              _ -> {
                boolean _ = new CountDownLatch(1).await(5, TimeUnit.MILLISECONDS);
                return Update.of(STEPS, 1L).go("step");
              })
          .start("step")
          .build();

  private HeldRuns() {}

  public static void main(String[] arguments) throws Exception {
    WorkerOptions options =
        WorkerOptions.named(arguments[0])
            .runsMax(Integer.parseInt(arguments[1]))
            .lease(Duration.ofMillis(Long.parseLong(arguments[2])));
    var pool = BenchDatabase.given().pool(8);
    System.out.println("ready");
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    String line = in.readLine();
    if (line == null || !line.startsWith("work ")) {
      throw new IOException("what is \"" + line + "\"?");
    }
    int runs = Integer.parseInt(line.substring(5));
    long begun = System.nanoTime();
    Worker worker = Worker.start(pool, SCHEMA, options, List.of(WAITING, STEPPING));
    Runtime.getRuntime().addShutdownHook(new Thread(() -> worker.drain(Duration.ofMillis(500))));
    while (worker.running() < runs) {
      LockSupport.parkNanos(1_000_000);
    }
    System.out.printf(Locale.ROOT, "done %d %.4f%n", runs, (System.nanoTime() - begun) / 1e9);
    while (in.readLine() != null) {
      Thread.onSpinWait();
    }
    System.exit(0);
  }
}
