package io.bellfounder.graph.testing;

import io.bellfounder.graph.Graph;
import io.bellfounder.graph.WorkerOptions;
import io.bellfounder.graph.testing.FailingDataSource.Point;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import javax.sql.DataSource;

/**
 * Kills a process, or stops it, at each statement and each commit of a run that it carries, and
 * sees that another brings the run to its end as promised. First {@link #all} finds the points,
 * then {@link #kill} and {@link #stop} try one each. The process is a program of yours that carries
 * {@link Here#graph()} through {@link Here#through}. For one thread.
 */
public final class CommitPoints {
  /** A frozen process may hold a row until the server ends its transaction: 15 s, and some. */
  private static final Duration LIMIT = Duration.ofSeconds(60);

  /** What a worker does now and then it has done within this. */
  private static final Duration GRACE = Duration.ofSeconds(5);

  private static final Duration PAUSE = Duration.ofMillis(10);
  private static final int OWN = 5;

  private final Driver driver;
  private final DataSource database;
  private final EffectLedger ledger;
  private final WorkerOptions options;
  private final Program program;
  private final PaidRuns runs;

  /** Starts the program with arguments of its own after these. */
  @FunctionalInterface
  public interface Program {
    WorkerProcess start(List<String> arguments) throws Exception;
  }

  /**
   * @param database the worker's way to it
   * @param options of workers in this process, which find the points and take over
   */
  public CommitPoints(
      Driver driver,
      DataSource database,
      EffectLedger ledger,
      WorkerOptions options,
      Program program) {
    this.driver = driver;
    this.database = database;
    this.ledger = ledger;
    this.options = options;
    this.program = program;
    this.runs = new PaidRuns(driver, ledger);
  }

  /**
   * What every worker comes by from its start to a run's end if nothing befalls it: the points that
   * three runs have in common, each with a worker of its own. What a worker does now and then, such
   * as a heartbeat, is among them as often as all three did it, and may come later in another run,
   * or not at all if it was to hurry along what has ended meanwhile.
   */
  public List<Point> all() throws Exception {
    List<Point> common = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      FailingDataSource counting = new FailingDataSource(database);
      UUID run = runs.start("t");
      try (AutoCloseable _ = carry(counting.dataSource())) {
        runs.settle(run, LIMIT, "nothing");
        Set<Point> points = counting.points();
        if (i == 0) {
          common.addAll(points);
        }
        common.retainAll(points);
      }
    }
    return common;
  }

  /**
   * Ends a process by SIGKILL at a point.
   *
   * @return whether it came by that point
   */
  public boolean kill(Point point, boolean after) throws Exception {
    UUID run = runs.start("t");
    String what = "killed " + (after ? "after" : "before") + ", " + point;
    boolean killed;
    try (WorkerProcess process = start(point, after, "KILL")) {
      killed = comesBy(() -> !process.alive(), run, what, process);
    }
    try (AutoCloseable _ = carry(database)) {
      runs.settle(run, LIMIT, what);
    }
    return killed;
  }

  /**
   * Stops a process by SIGSTOP at a point, until another has brought the run to its end, lets it go
   * on, and has it carry another run: by then whatever it was at is over, and has changed nothing.
   *
   * @return whether it came by that point
   */
  public boolean stop(Point point, boolean after) throws Exception {
    UUID run = runs.start("t");
    String what = "stopped " + (after ? "after" : "before") + ", " + point;
    try (WorkerProcess process = start(point, after, "STOP")) {
      boolean stopped = comesBy(process::frozen, run, what, process);
      if (stopped) {
        try (AutoCloseable _ = carry(database)) {
          runs.settle(run, LIMIT, what);
        }
      }
      long events = events(run);
      process.thaw();
      UUID next = runs.start("t");
      runs.settle(next, LIMIT, "the process went on that was " + what);
      runs.settle(run, LIMIT, what + " and went on");
      if (stopped && events(run) != events) {
        throw new AssertionError(
            "run " + run + " has other events since the process went on that was " + what);
      }
      return stopped;
    }
  }

  /** For a process of the same program that nothing befalls by itself. */
  public WorkerProcess start() throws Exception {
    return start(new Point("none", 0), false, "KILL");
  }

  private WorkerProcess start(Point point, boolean after, String signal) throws Exception {
    return program.start(
        List.of(ledger.url(), point.statement(), "" + point.time(), "" + after, signal));
  }

  private AutoCloseable carry(DataSource through) throws SQLException {
    return driver.carry(through, options, List.of(PaidRuns.graph(ledger.url())));
  }

  private boolean rests(UUID run) throws SQLException {
    return driver.runs().find(run).orElseThrow().resting();
  }

  private long events(UUID run) throws SQLException {
    return driver.runs().find(run).orElseThrow().seq();
  }

  /**
   * Waits until it holds, or the run has rested for a while: at its end, or with a question if the
   * process was so slow that it lost its lease.
   */
  private boolean comesBy(Callable<Boolean> holds, UUID run, String what, WorkerProcess process)
      throws Exception {
    long deadline = System.nanoTime() + LIMIT.toNanos();
    boolean rests = false;
    while (!holds.call()) {
      if (System.nanoTime() - deadline > 0) {
        if (rests) {
          return false;
        }
        throw new AssertionError(
            "never %s: %s%n%s".formatted(what, driver.runs().explain(run), process.output()));
      }
      if (!rests && rests(run)) {
        rests = true;
        deadline = System.nanoTime() + GRACE.toNanos();
      }
      LockSupport.parkNanos(PAUSE.toNanos());
    }
    return true;
  }

  /** In the process: what its program was told. */
  public static final class Here {
    private final String[] arguments;

    /**
     * @param arguments as they were given to the program
     */
    public Here(String[] arguments) {
      this.arguments = arguments.clone();
    }

    /** The program's own arguments. */
    public List<String> arguments() {
      return Arrays.asList(arguments).subList(OWN, arguments.length);
    }

    /** What to carry. */
    public Graph graph() {
      return PaidRuns.graph(arguments[0]);
    }

    /** The way to the database on which the process comes by its end. */
    public DataSource through(DataSource database) {
      FailingDataSource failing = new FailingDataSource(database);
      failing.at(
          new Point(arguments[1], Integer.parseInt(arguments[2])),
          Boolean.parseBoolean(arguments[3]),
          () -> WorkerProcess.signalSelf(arguments[4]));
      return failing.dataSource();
    }
  }
}
