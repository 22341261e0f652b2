package io.bellfounder.graph;

import java.sql.SQLException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import javax.sql.DataSource;

/**
 * Carries runs by single supersteps, for a driver that decides elsewhere when and where each goes
 * on, such as a workflow engine. The same kernel, the same tables, the same promises as with {@link
 * Worker}; only the queue's dispatch is the driver's. Runs of a driver are those that {@link
 * Runs#Runs(DataSource, String, String) its Runs} started; workers leave them alone.
 *
 * <p>A driver asks for {@link #admit admission}, which respects limits, delays, threads and order,
 * and then for {@link #carry step after step} with the epoch it was given. If it does not hear of a
 * step's end it asks for admission again: that fences off whoever may still be at it.
 *
 * <p>Safe for many threads. {@link SQLException} means that nothing is known; ask again.
 */
public final class RunCarrier implements AutoCloseable {
  private static final Duration WAIT_SHORT = Duration.ofSeconds(1);
  private static final Duration WAIT_LONG = Duration.ofSeconds(10);
  private final Database db;
  private final String driver;
  private final Map<String, Graph> graphs;
  private final Claims claims;
  private final Leases leases;
  private final Map<UUID, StepCarrier> running = new ConcurrentHashMap<>();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final Heart heart;
  private final Herald herald;
  private final StepCarrier.Shared shared;
  private volatile boolean open = true;

  private RunCarrier(Database db, String driver, WorkerOptions options, Map<String, Graph> graphs) {
    this.db = db;
    this.driver = driver;
    this.graphs = graphs;
    this.claims = new Claims(db, options, graphs.keySet(), driver);
    this.herald = new Herald(db, options.name(), options.metrics());
    Commits commits = new Commits(db, options.lease());
    this.shared = new StepCarrier.Shared(db, commits, herald, options.metrics(), threads);
    this.leases = new Leases(db, options, driver);
    this.heart = new Heart(db, options, graphs.keySet(), running);
  }

  /**
   * Starts renewing leases of what is being carried.
   *
   * @param driver the name that {@link Runs} was made with
   * @param graphs all versions that can be carried here
   * @throws IllegalStateException if the schema is not this library's
   */
  public static RunCarrier open(
      DataSource database,
      String schema,
      String driver,
      WorkerOptions options,
      Collection<Graph> graphs)
      throws SQLException {
    if (driver.equals(Claims.POSTGRES)) {
      throw new IllegalArgumentException("runs of this driver are carried by Worker");
    }
    GraphSchema.require(database, schema);
    Map<String, Graph> known =
        graphs.stream().collect(Collectors.toMap(Graph::hash, Function.identity(), (a, _) -> a));
    Database db = new Database(database, schema);
    new Specs(db).store(known.values());
    return new RunCarrier(db, driver, options, known);
  }

  /**
   * Asks for a place; a run that has one already changes hands, and the old epoch ends.
   *
   * @throws IllegalStateException after {@link #stop}: ask elsewhere
   */
  public Admission admit(UUID run) throws SQLException {
    if (!open) {
      throw new IllegalStateException("this process takes no more runs");
    }
    Optional<Long> taken = leases.supersede(run);
    if (taken.isPresent()) {
      return new Admission.Admitted(taken.get());
    }
    new Starts(db).ripen(run);
    Optional<Journal.Claim> claim = claims.claim(run);
    if (claim.isPresent()) {
      return new Admission.Admitted(claim.get().epoch());
    }
    return db
        .query(
            r -> {
              String status = r.getString(1);
              if (!status.equals("queued")) {
                return new Admission.Resting(status);
              }
              long later = r.getLong(2);
              boolean blocked = r.getBoolean(3);
              return new Admission.NotYet(
                  later > 0 ? Duration.ofMillis(later) : blocked ? WAIT_LONG : WAIT_SHORT);
            },
            """
            SELECT status, ceil(extract(epoch FROM available_at - now()) * 1000), blocked
            FROM ~.run WHERE id = ? AND driver = ?\
            """,
            run,
            driver)
        .stream()
        .findFirst()
        .orElse(new Admission.Resting("unknown"));
  }

  /**
   * Carries the next superstep of a run and commits it. After {@link #stop} the run is handed back
   * instead.
   *
   * @param epoch from its admission
   * @param pulse called about every heartbeat while the step lasts, from another thread; if it
   *     throws, the step is given up as lost
   */
  public Carried carry(UUID run, long epoch, Runnable pulse) throws SQLException {
    Optional<Leases.Held> held = leases.held(run, epoch);
    if (held.isEmpty()) {
      return new Carried.Resting(status(run));
    }
    Graph graph = graphs.get(held.get().claim().specHash());
    if (graph == null) {
      throw new IllegalArgumentException(
          "run " + run + " has a graph that is not known here: add its version to this process");
    }
    StepCarrier carrier = new StepCarrier(shared, held.get().claim(), graph);
    carrier.pulse(() -> {
      try {
        pulse.run();
      } catch (RuntimeException e) {
        carrier.lose();
      }
    });
    if (held.get().cancel()) {
      carrier.cancel();
    } else if (held.get().pause()) {
      carrier.pause(true);
    }
    running.put(run, carrier);
    if (!open) {
      carrier.stop();
    }
    try {
      return new RunLoop(carrier, 1).run() ? new Carried.More() : new Carried.Resting(status(run));
    } finally {
      running.remove(run, carrier);
    }
  }

  /** Puts runs whose lease is over back into the queue, as every worker does. */
  public void sweep() throws SQLException {
    leases.sweep();
    boolean _ = new Starts(db).ripen(256);
    Schedules.Fired _ = new Schedules(db.source(), db.schema()).fire();
  }

  /**
   * Runs of this driver that wait for admission and need not, longest first: to be called every few
   * seconds, so that whoever should have been told and was not is told again.
   *
   * @param most 1 to 1000
   */
  public List<UUID> due(int most) throws SQLException {
    return claims.due(null, most);
  }

  /** As {@link #due}, of one run's tenant: those whose turn may have come when that run rested. */
  public List<UUID> next(UUID rested, int most) throws SQLException {
    return claims.due(rested, most);
  }

  /** Admits no more, and gives up what is being carried: it is queued again. Does not wait. */
  public void stop() {
    open = false;
    running.values().forEach(StepCarrier::stop);
  }

  /** Stops, waits up to 5 s for nodes that do not heed it, and renews no more leases. */
  @Override
  public void close() {
    stop();
    threads.shutdown();
    try {
      if (!threads.awaitTermination(5, TimeUnit.SECONDS)) {
        threads.shutdownNow();
      }
      heart.close();
      herald.close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private String status(UUID run) throws SQLException {
    return db.query(r -> r.getString(1), "SELECT status FROM ~.run WHERE id = ?", run).stream()
        .findFirst()
        .orElse("unknown");
  }
}
