package io.bellfounder.graph.temporal;

import io.bellfounder.graph.Graph;
import io.bellfounder.graph.RunCarrier;
import io.bellfounder.graph.Runs;
import io.temporal.client.WorkflowClient;
import io.temporal.worker.WorkerFactory;
import io.temporal.worker.WorkerFactoryOptions;
import io.temporal.worker.WorkerOptions;
import java.lang.System.Logger.Level;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import javax.sql.DataSource;

/**
 * Carries runs that {@link TemporalRuns} started, as a worker of Temporal's. Any number of drivers,
 * in any number of processes, share a task queue and a schema; workers of the graph module may use
 * the same schema for runs of their own.
 */
public final class TemporalDriver implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(TemporalDriver.class.getName());
  private static final int RECHECKED_MAX = 1000;

  /** So long a closing driver waits for what it has been handed, before it interrupts it. */
  private static final Duration CLOSING_MAX = Duration.ofSeconds(5);

  private final TemporalOptions options;
  private final RunCarrier carrier;
  private final Signals signals;
  private final WorkerFactory factory;
  private final Thread rechecking;

  /** When each run was last told, by {@link System#nanoTime()}; only of the last search. */
  private Map<UUID, Long> told = new HashMap<>();

  private volatile boolean open = true;

  private TemporalDriver(
      TemporalOptions options, RunCarrier carrier, Signals signals, WorkerFactory factory) {
    this.options = options;
    this.carrier = carrier;
    this.signals = signals;
    this.factory = factory;
    this.rechecking =
        Thread.ofPlatform()
            .daemon()
            .name("graph-recheck-" + options.worker().name())
            .unstarted(this::recheck);
  }

  /**
   * Starts at once.
   *
   * @param client for the namespace to work in
   * @param graphs all versions that are carried here. Every driver of a task queue knows the same,
   *     as Temporal cannot choose by version: give new versions to all drivers before runs start
   *     with them, and keep old ones until their last run has ended
   * @throws SQLException if the database is away
   * @throws IllegalStateException if the schema is not this library's
   */
  public static TemporalDriver start(
      WorkflowClient client,
      DataSource database,
      String schema,
      TemporalOptions options,
      Collection<Graph> graphs)
      throws SQLException {
    Runs runs = new Runs(database, schema, TemporalOptions.DRIVER);
    RunCarrier carrier =
        RunCarrier.open(database, schema, TemporalOptions.DRIVER, options.worker(), graphs);
    Signals signals = new Signals(client, runs, options);
    WorkerFactory factory =
        WorkerFactory.newInstance(client, WorkerFactoryOptions.newBuilder().build());
    var worker =
        factory.newWorker(
            options.taskQueue(),
            WorkerOptions.newBuilder()
                .setIdentity(options.worker().name())
                .setMaxConcurrentActivityExecutionSize(options.worker().runsMax())
                // Only for activities: under load the deadlock detector of workflows misfires on
                // virtual threads (sdk-java issue 2959).
                .setUsingVirtualThreadsOnActivityWorker(true)
                .setAllowActivityHeartbeatDuringShutdown(true)
                .setStickyQueueScheduleToStartTimeout(options.stays())
                .build());
    worker.registerWorkflowImplementationTypes(CarriedRunLoop.class);
    worker.registerActivitiesImplementations(new TableActivities(carrier, runs, signals));
    TemporalDriver driver = new TemporalDriver(options, carrier, signals, factory);
    factory.start();
    driver.rechecking.start();
    return driver;
  }

  /** Takes no more work, and lets steps that are under way end within the limit; then closes. */
  public void drain(Duration limit) {
    factory.shutdown();
    factory.awaitTermination(limit.toMillis(), TimeUnit.MILLISECONDS);
    close();
  }

  /**
   * Ends at once: steps under way are given up, and their runs handed back where the database can
   * be reached. Waits up to 10 s for nodes that do not heed that.
   */
  @Override
  public void close() {
    open = false;
    LockSupport.unpark(rechecking);
    // Pollers first, and gently: a task that Temporal has handed over already is answered, with
    // "not here". An interrupted one would leave without a word, and Temporal would wait for it
    // until its time-out.
    factory.shutdown();
    carrier.stop();
    factory.awaitTermination(CLOSING_MAX.toMillis(), TimeUnit.MILLISECONDS);
    factory.shutdownNow();
    carrier.close();
    try {
      rechecking.join(2000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Starts and signals can be lost between the table and Temporal; nothing here may be. */
  private void recheck() {
    while (open) {
      try {
        carrier.sweep();
        tell();
      } catch (SQLException | RuntimeException e) {
        LOG.log(
            Level.WARNING,
            "worker=" + options.worker().name() + " could not search for runs; it tries again",
            e);
      }
      LockSupport.parkNanos(options.recheck().toNanos());
    }
  }

  private void tell() throws SQLException {
    Map<UUID, Long> due = new HashMap<>();
    // A run that was told needs some time to ask for admission.
    long patience = options.worker().lease().toNanos();
    for (UUID run : carrier.due(RECHECKED_MAX)) {
      Long before = told.get(run);
      long now = System.nanoTime();
      if (before != null && now - before < patience) {
        due.put(run, before);
      } else if (open) {
        signals.lookAgain(run, "queued");
        due.put(run, now);
      }
    }
    told = due;
  }
}
