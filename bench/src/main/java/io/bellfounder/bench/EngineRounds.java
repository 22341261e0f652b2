package io.bellfounder.bench;

import io.bellfounder.graph.Channel;
import io.bellfounder.graph.Event;
import io.bellfounder.graph.Feed;
import io.bellfounder.graph.Graph;
import io.bellfounder.graph.GraphSchema;
import io.bellfounder.graph.RunRequest;
import io.bellfounder.graph.Runs;
import io.bellfounder.graph.Started;
import io.bellfounder.graph.Subscription;
import io.bellfounder.graph.Update;
import io.bellfounder.graph.Worker;
import io.bellfounder.graph.WorkerOptions;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
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

  /** Pieces that may be written and not read yet, well below what a worker holds back. */
  private static final int TOKENS_AHEAD = 20_000;

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
        case "tokens" -> engine.tokens(Integer.parseInt(words[1]), Integer.parseInt(words[2]));
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

  /**
   * So many runs write messages piece by piece, as fast as their readers get them; the time is from
   * the first piece's writing to the last one's reading.
   */
  private void tokens(int messages, int pieces) throws Exception {
    Semaphore ahead = new Semaphore(TOKENS_AHEAD);
    CountDownLatch read = new CountDownLatch(messages);
    Graph graph =
        Graph.named("tokens")
            .channels(OUT)
            .node(
                "write",
                c -> {
                  for (int i = 0; i < pieces; i++) {
                    ahead.acquire();
                    c.token("message", "word ");
                  }
                  read.await();
                  return Update.none();
                })
            .start("write")
            .build();
    try (Feed feed = Feed.open(pool, SCHEMA);
        ExecutorService readers = Executors.newVirtualThreadPerTaskExecutor();
        Worker worker =
            Worker.start(
                pool, SCHEMA, WorkerOptions.named("bench").runsMax(messages), List.of(graph))) {
      long begun = System.nanoTime();
      List<Callable<Boolean>> all = new ArrayList<>();
      for (int i = 0; i < messages; i++) {
        RunRequest request = RunRequest.of(graph, "tenant-" + i % 8, Update.none());
        UUID run = ((Started.Created) runs.start(request)).run();
        all.add(() -> {
          try (Subscription reader = feed.subscribe(run, 0)) {
            return inOrder(reader, pieces, ahead);
          } finally {
            read.countDown();
          }
        });
      }
      for (Future<Boolean> reader : readers.invokeAll(all)) {
        if (!reader.get()) {
          throw new IllegalStateException("a reader missed a piece");
        }
      }
      double took = (System.nanoTime() - begun) / 1e9;
      while (worker.running() > 0) {
        LockSupport.parkNanos(500_000);
      }
      System.out.printf(Locale.ROOT, "done %d %.4f%n", messages * pieces, took);
    }
  }

  /** Whether all pieces come, each once and in their order. */
  private static boolean inOrder(Subscription reader, int pieces, Semaphore ahead)
      throws SQLException, InterruptedException {
    long last = 0;
    while (last < pieces) {
      List<Event> events = reader.next(Duration.ofSeconds(10));
      if (events.isEmpty()) {
        return false;
      }
      for (Event event : events) {
        if (event.kind().equals(Event.TOKEN)) {
          if (!Objects.equals(((Map<?, ?>) event.data()).get("n"), ++last)) {
            return false;
          }
          ahead.release();
        }
      }
    }
    return true;
  }
}
