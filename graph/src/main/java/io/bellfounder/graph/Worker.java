package io.bellfounder.graph;

import java.lang.System.Logger.Level;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.sql.DataSource;

/**
 * Carries runs: claims them under a lease, runs their nodes on virtual threads, takes over what
 * dead workers left. Any number of workers, in any number of processes, share one schema.
 */
public final class Worker implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Worker.class.getName());

  /** Runs in one claim: finding out whose turn it is costs the same for few and for many. */
  private static final int BATCH = 512;

  /** How late a delayed or scheduled run may begin because of this. */
  private static final Duration BEGIN_EVERY = Duration.ofMillis(100);

  private final Database db;
  private final WorkerOptions options;
  private final Map<String, Graph> graphs;
  private final Map<UUID, StepCarrier> running = new ConcurrentHashMap<>();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final Claims claims;
  private final Leases leases;
  private final Heart heart;
  private final Janitor janitor;
  private final Herald herald;
  private final Ear ear;
  private final StepCarrier.Shared shared;
  private final Thread claiming;
  private long beginAt = System.nanoTime();
  private volatile boolean open = true;

  private Worker(Database db, WorkerOptions options, Map<String, Graph> graphs) {
    this.db = db;
    this.options = options;
    this.graphs = graphs;
    this.claims = new Claims(db, options, graphs.keySet(), Claims.POSTGRES);
    this.herald = new Herald(db, options.name(), options.metrics());
    Commits commits = new Commits(db, options.lease());
    this.shared = new StepCarrier.Shared(db, commits, herald, options.metrics(), threads);
    this.leases = new Leases(db, options, Claims.POSTGRES);
    this.heart = new Heart(db, options, graphs.keySet(), running);
    this.janitor = new Janitor(db, options.name());
    this.ear = new Ear(db, options.name(), this::hear);
    this.claiming =
        Thread.ofPlatform().daemon().name("graph-claim-" + options.name()).unstarted(this::claim);
  }

  /**
   * Starts at once. With the database away it starts all the same, and claims when it is back.
   *
   * @param graphs all versions that this worker can carry; runs of others are left to others
   * @throws IllegalStateException if the schema is older or newer than this library
   */
  public static Worker start(
      DataSource database, String schema, WorkerOptions options, Collection<Graph> graphs) {
    Map<String, Graph> known =
        graphs.stream().collect(Collectors.toMap(Graph::hash, Function.identity(), (a, _) -> a));
    try {
      GraphSchema.require(database, schema);
    } catch (SQLException e) {
      LOG.log(
          Level.WARNING,
          "worker=" + options.name() + " has no database; it claims when that is back",
          e);
    }
    Worker worker = new Worker(new Database(database, schema), options, known);
    worker.claiming.start();
    worker.ear.start();
    return worker;
  }

  /** How many runs it holds now. */
  public int running() {
    return running.size();
  }

  /**
   * Claims no more, lets running steps end within the limit, and hands all runs back. What is still
   * at work then is stopped, and runs again elsewhere.
   */
  public void drain(Duration limit) {
    open = false;
    LockSupport.unpark(claiming);
    running.values().forEach(StepCarrier::drain);
    long deadline = System.nanoTime() + limit.toNanos();
    while (!running.isEmpty() && System.nanoTime() < deadline) {
      LockSupport.parkNanos(2_000_000);
    }
    running.values().forEach(StepCarrier::stop);
    close();
  }

  /** Ends at once; runs are handed back where the database can be reached. */
  @Override
  public void close() {
    open = false;
    janitor.close();
    ear.close();
    running.values().forEach(StepCarrier::stop);
    threads.shutdown();
    try {
      if (!threads.awaitTermination(5, TimeUnit.SECONDS)) {
        threads.shutdownNow();
      }
      LockSupport.unpark(claiming);
      claiming.join(2000);
      heart.close();
      herald.close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Something was asked of these runs; some may be here, others in the queue. */
  private void hear(String names) {
    LockSupport.unpark(claiming);
    boolean here =
        names.equals(Herald.MANY)
            || Stream.of(names.split(",", -1))
                .anyMatch(name -> running.containsKey(UUID.fromString(name)));
    if (here) {
      heart.now();
    }
  }

  private void claim() {
    long sweepAt = System.nanoTime();
    boolean specsStored = false;
    while (open) {
      boolean found = false;
      try {
        if (System.nanoTime() - sweepAt >= 0) {
          leases.sweep();
          sweepAt = System.nanoTime() + options.sweep().toNanos();
        }
        if (!specsStored) {
          new Specs(db).store(graphs.values());
          specsStored = true;
        }
        boolean riper = begin();
        int room = options.runsMax() - running.size();
        if (room > 0) {
          long begun = System.nanoTime();
          Claims.Outcome outcome = claims.claimSoon(Math.min(room, BATCH));
          if (!outcome.runs().isEmpty()) {
            options
                .metrics()
                .claimed(outcome.runs().size(), Duration.ofNanos(System.nanoTime() - begun));
          }
          outcome.runs().forEach(this::carry);
          found = outcome.again() || riper;
        }
      } catch (SQLException | RuntimeException e) {
        LOG.log(
            Level.WARNING,
            "worker=" + options.name() + " cannot claim; it tries again in 500 ms",
            e);
        LockSupport.parkNanos(Duration.ofMillis(500).toNanos());
      }
      if (!found && open) {
        LockSupport.parkNanos(options.poll().toNanos());
      }
    }
  }

  /** Lets in whose time has come; whether there may be more. */
  private boolean begin() throws SQLException {
    if (System.nanoTime() - beginAt < 0) {
      return false;
    }
    boolean more = new Starts(db).ripen(256);
    Schedules.Fired fired = new Schedules(db.source(), db.schema()).fire();
    if (fired.started() + fired.leftOut() > 0) {
      options.metrics().scheduled(fired.started(), fired.leftOut());
    }
    more |= fired.more();
    beginAt = System.nanoTime() + (more ? 0 : BEGIN_EVERY.toNanos());
    return more;
  }

  private void carry(Journal.Claim claim) {
    Graph graph = graphs.get(claim.specHash());
    if (graph == null) {
      throw new IllegalStateException("claimed a graph that is not known");
    }
    StepCarrier carrier = new StepCarrier(shared, claim, graph);
    StepCarrier before = running.put(claim.run(), carrier);
    if (before != null) {
      // It was lost here and came back before its tasks have noticed.
      before.lose();
    }
    Runnable work =
        () -> {
          try {
            var _ = new RunLoop(carrier, Long.MAX_VALUE).run();
          } finally {
            running.remove(claim.run(), carrier);
            LockSupport.unpark(claiming);
          }
        };
    if (!open) {
      carrier.drain();
    }
    try {
      threads.execute(work);
    } catch (RejectedExecutionException e) {
      // It was closed while it claimed: another worker goes on at once, not when the lease is over.
      running.remove(claim.run(), carrier);
      carrier.handBack("queued");
    }
  }
}
