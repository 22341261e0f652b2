package io.bellfounder.bench;

import io.bellfounder.graph.Channel;
import io.bellfounder.graph.Graph;
import io.bellfounder.graph.GraphSchema;
import io.bellfounder.graph.RunRequest;
import io.bellfounder.graph.Runs;
import io.bellfounder.graph.Started;
import io.bellfounder.graph.Update;
import io.bellfounder.graph.Worker;
import io.bellfounder.graph.WorkerOptions;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import javax.sql.DataSource;

/**
 * Our engine as {@link Peer} sees it: one worker process with a pool of connections. Runs are
 * started in the same process and in the same time, by the public way, over eight tenants.
 */
final class EngineRounds {
  private static final String SCHEMA = "graph";
  private static final Channel<String> OUT = Channel.last("out", String.class);
  private static final Channel<List<String>> ALL = Channel.append("all", String.class);
  private final DataSource pool;
  private final Runs runs;
  private final AtomicLong made = new AtomicLong();
  private final AtomicLong ended = new AtomicLong();
  private final Graph ten = ten();
  private final int starters;
  private volatile Semaphore places = new Semaphore(0);

  private EngineRounds(DataSource pool, int starters) {
    this.pool = pool;
    this.starters = starters;
    this.runs = new Runs(pool, SCHEMA);
  }

  public static void main(String[] arguments) throws Exception {
    int connections = Integer.parseInt(arguments[0]);
    var pool = BenchDatabase.given().pool(connections);
    GraphSchema.install(pool, SCHEMA);
    EngineRounds engine = new EngineRounds(pool, 2);
    System.out.println("ready");
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      String[] words = line.split(" ");
      switch (words[0]) {
        case "round" -> engine.round(Integer.parseInt(words[1]), Double.parseDouble(words[2]));
        case "append" -> engine.append(Integer.parseInt(words[1]));
        default -> throw new IOException("what is \"" + line + "\"?");
      }
    }
    System.exit(0);
  }

  private String output() {
    String head = Long.toString(made.incrementAndGet());
    return head + "x".repeat(1024 - head.length());
  }

  private Graph ten() {
    Graph.Builder graph = Graph.named("ten").channels(OUT);
    for (int i = 0; i < 10; i++) {
      boolean last = i == 9;
      graph.node(
          "n" + i,
          _ -> {
            if (last) {
              ended.incrementAndGet();
              places.release();
            }
            return Update.of(OUT, output());
          });
      if (i > 0) {
        graph.edge("n" + (i - 1), "n" + i);
      }
    }
    return graph.start("n0").build();
  }

  /** Keeps the worker's places taken and a short queue behind them. */
  private void round(int concurrency, double seconds) throws Exception {
    AtomicLong started = new AtomicLong();
    List<UUID> all = java.util.Collections.synchronizedList(new ArrayList<>());
    ended.set(0);
    places = new Semaphore(2 * concurrency + 2);
    WorkerOptions options = WorkerOptions.named("bench").runsMax(concurrency);
    try (Worker worker = Worker.start(pool, SCHEMA, options, List.of(ten))) {
      long begun = System.nanoTime();
      long until = begun + (long) (seconds * 1e9);
      List<Thread> threads = new ArrayList<>();
      for (int i = 0; i < starters; i++) {
        threads.add(
            Thread.ofPlatform()
                .start(() -> {
                  while (System.nanoTime() < until) {
                    if (place()) {
                      all.add(start("tenant-" + started.incrementAndGet() % 8));
                    }
                  }
                }));
      }
      for (Thread thread : threads) {
        thread.join();
      }
      while (ended.get() < started.get() || worker.running() > 0) {
        LockSupport.parkNanos(500_000);
      }
      double took = (System.nanoTime() - begun) / 1e9;
      check(all);
      System.out.printf(Locale.ROOT, "done %d %.4f%n", all.size(), took);
    }
  }

  /** Whether the queue has got room, waited for a moment at most. */
  private boolean place() {
    try {
      return places.tryAcquire(10, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private UUID start(String tenant) {
    try {
      Started started = runs.start(RunRequest.of(ten, tenant, Update.none()));
      return ((Started.Created) started).run();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A figure counts only if every run of its round ended well. */
  private void check(List<UUID> all) throws SQLException {
    for (UUID run : all) {
      var view = runs.find(run).orElseThrow();
      if (!view.status().equals("completed") || view.step() != 10) {
        throw new IllegalStateException(view.toString());
      }
    }
  }

  /** One run that adds 1 KB of noise to a list in each of so many steps. */
  private void append(int steps) throws Exception {
    java.util.Random noise = new java.util.Random(1);
    AtomicLong taken = new AtomicLong();
    Graph graph =
        Graph.named("append")
            .channels(ALL)
            .stepLimit(steps + 1)
            .node(
                "add",
                _ -> {
                  byte[] bytes = new byte[768];
                  noise.nextBytes(bytes);
                  String text = java.util.Base64.getEncoder().encodeToString(bytes);
                  Update update = Update.of(ALL, List.of(text));
                  return taken.incrementAndGet() < steps ? update.go("add") : update;
                })
            .start("add")
            .build();
    WorkerOptions options = WorkerOptions.named("bench").runsMax(1);
    try (Worker _ = Worker.start(pool, SCHEMA, options, List.of(graph))) {
      UUID run =
          ((Started.Created) runs.start(RunRequest.of(graph, "append", Update.none()))).run();
      while (!runs.find(run).orElseThrow().ended()) {
        LockSupport.parkNanos(1_000_000);
      }
      System.out.println("done " + runs.find(run).orElseThrow().step() + " 0");
    }
  }
}
