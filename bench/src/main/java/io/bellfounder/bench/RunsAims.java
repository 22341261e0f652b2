package io.bellfounder.bench;

import com.zaxxer.hikari.HikariDataSource;
import io.bellfounder.graph.Graph;
import io.bellfounder.graph.GraphSchema;
import io.bellfounder.graph.Limits;
import io.bellfounder.graph.RunRequest;
import io.bellfounder.graph.Runs;
import io.bellfounder.graph.Update;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Locale;
import java.util.concurrent.locks.LockSupport;

/** What our engine promises beside its speed against others, each as one line with its aim. */
final class RunsAims {
  private static final int TENANTS = 200;
  private static final int EACH_MAX = 50;
  private static final int HELD = TENANTS * EACH_MAX;
  private static final int LEASE_MS = 3000;

  /** As {@code WorkerOptions.lease} derives it. */
  private static final int SWEEP_MS = LEASE_MS / 5;

  private final BenchCluster cluster;
  private final Path directory;
  private final Figures figures;
  private final boolean quick;
  private boolean kept = true;

  RunsAims(BenchCluster cluster, Path directory, Figures figures, boolean quick) {
    this.cluster = cluster;
    this.directory = directory;
    this.figures = figures;
    this.quick = quick;
  }

  /** Measures all; false if an aim was missed. */
  boolean measure() throws Exception {
    System.out.printf("%nOther aims%n");
    disk();
    tokens();
    backlog();
    takeOver();
    handOver();
    return kept;
  }

  private void line(String what, double value, String unit, double aim, boolean atLeast) {
    boolean met = atLeast ? value >= aim : value <= aim;
    kept &= met;
    figures.add(what, "bellfounder", 1, value, unit);
    System.out.printf(
        Locale.ROOT,
        "  %-58s %10.2f %-7s (aim %s %.2f: %s)%n",
        what,
        value,
        unit,
        atLeast ? "at least" : "at most",
        aim,
        met ? "met" : "MISSED");
  }

  /** 300 steps that each add 1 KB to a list. */
  private void disk() throws Exception {
    BenchDatabase database = cluster.create("aim_disk");
    try (HikariDataSource pool = database.pool(2);
        Peer engine = Peer.java(EngineRounds.class, database, directory.resolve("disk.log"), "4")) {
      Written before = Written.in(pool);
      String[] _ = engine.ask("append 300", 60);
      double bytes = Written.in(pool).since(before).diskBytes();
      line("300 steps of 1 KB in an append channel, on disk", bytes / 1e6, "MB", 1.5, false);
    }
  }

  /** Eight runs show messages while they write them, each to one reader. */
  private void tokens() throws Exception {
    BenchDatabase database = cluster.create("aim_tokens");
    Path log = directory.resolve("tokens.log");
    try (Peer engine = Peer.java(EngineRounds.class, database, log, "16")) {
      String[] _ = engine.ask("tokens 8 5000", 60);
      String[] said = engine.ask("tokens 8 " + (quick ? 20_000 : 50_000), 120);
      double perSecond = Double.parseDouble(said[0]) / Double.parseDouble(said[1]);
      line("token events a second, from nodes to readers", perSecond, "events/s", 20_000, true);
    }
  }

  /** 100,000 runs of 200 tenants wait; one worker takes what their caps allow, and holds it. */
  private void backlog() throws Exception {
    int runs = quick ? 40_000 : 100_000;
    BenchDatabase database = cluster.create("aim_backlog");
    try (HikariDataSource pool = database.pool(4)) {
      GraphSchema.install(pool, HeldRuns.SCHEMA);
      Limits limits = new Limits(pool, HeldRuns.SCHEMA);
      for (int i = 0; i < TENANTS; i++) {
        limits.running("tenant-" + i, EACH_MAX);
      }
      start(pool, HeldRuns.WAITING, runs);
      try (Peer worker = held(database, "claiming", 2 * HELD, 15_000)) {
        double seconds = Double.parseDouble(worker.ask("work " + HELD, 120)[1]);
        line(
            "runs claimed a second, " + runs + " of 200 tenants waiting",
            HELD / seconds,
            "runs/s",
            5000,
            true);
        // Two sweeps, in which it would take more if it could.
        LockSupport.parkNanos(6_000_000_000L);
        String counts =
            "SELECT %s(n) FROM (SELECT count(*) AS n FROM graph.run WHERE status = 'running'"
                + " GROUP BY tenant) c";
        line(
            "most runs of a tenant at work",
            number(pool, counts.formatted("max")),
            "runs",
            EACH_MAX,
            false);
        line(
            "fewest runs of a tenant at work",
            number(pool, counts.formatted("min")),
            "runs",
            EACH_MAX,
            true);
        line(
            HELD + " waiting runs in one worker, resident",
            resident(worker.pid()),
            "MB",
            500,
            false);
      }
    }
  }

  /** From kill -9 of a worker with fifty runs until another holds the last of them. */
  private void takeOver() throws Exception {
    double worst = 0;
    for (int i = 0; i < (quick ? 1 : 3); i++) {
      BenchDatabase database = cluster.create("aim_take_over_" + i);
      worst = Math.max(worst, changeHands(database, true));
    }
    line(
        "take-over after kill -9 (lease 3 s, sweep 0.6 s)",
        worst,
        "s",
        (LEASE_MS + SWEEP_MS) / 1000.0,
        false);
  }

  /** The same after SIGTERM. */
  private void handOver() throws Exception {
    double worst = 0;
    for (int i = 0; i < (quick ? 1 : 3); i++) {
      BenchDatabase database = cluster.create("aim_hand_over_" + i);
      worst = Math.max(worst, changeHands(database, false));
    }
    line("hand-over after SIGTERM", worst, "s", 1, false);
  }

  private double changeHands(BenchDatabase database, boolean killed) throws Exception {
    int runs = 50;
    try (HikariDataSource pool = database.pool(2)) {
      GraphSchema.install(pool, HeldRuns.SCHEMA);
      start(pool, HeldRuns.STEPPING, runs);
      try (Peer first = held(database, "first", 100, LEASE_MS)) {
        String[] _ = first.ask("work " + runs, 60);
        try (Peer second = held(database, "second", 100, LEASE_MS)) {
          String[] _ = second.ask("work 0", 60);
          // A while, so that it happens anywhere between two heartbeats.
          LockSupport.parkNanos(1_300_000_000L);
          long begun = System.nanoTime();
          if (killed) {
            first.kill();
          } else {
            first.terminate();
          }
          String taken =
              "SELECT count(*) FROM graph.run WHERE owner = 'second' AND status = 'running'";
          while (number(pool, taken) < runs) {
            if (System.nanoTime() - begun > 30_000_000_000L) {
              throw new IOException("the second worker did not take all runs within 30 s");
            }
            LockSupport.parkNanos(2_000_000);
          }
          return (System.nanoTime() - begun) / 1e9;
        }
      }
    }
  }

  private Peer held(BenchDatabase database, String name, int runsMax, int leaseMillis)
      throws IOException, InterruptedException {
    return Peer.java(
        HeldRuns.class,
        database,
        directory.resolve(name + ".log"),
        name,
        Integer.toString(runsMax),
        Integer.toString(leaseMillis));
  }

  private static void start(HikariDataSource pool, Graph graph, int runs) throws SQLException {
    Runs engine = new Runs(pool, HeldRuns.SCHEMA);
    try (Connection connection = pool.getConnection()) {
      connection.setAutoCommit(false);
      for (int i = 0; i < runs; i++) {
        var _ =
            engine.start(connection, RunRequest.of(graph, "tenant-" + i % TENANTS, Update.none()));
        if (i % 1000 == 999 || i == runs - 1) {
          connection.commit();
        }
      }
    }
  }

  private static double number(HikariDataSource pool, String sql) throws SQLException {
    try (Connection connection = pool.getConnection();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getDouble(1);
    }
  }

  /** What a process has in memory, in MB; it needs Linux. */
  private static double resident(long pid) throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc", Long.toString(pid), "status"))) {
      if (line.startsWith("VmRSS:")) {
        return Double.parseDouble(line.replaceAll("[^0-9]", "")) * 1024 / 1e6;
      }
    }
    throw new IOException("no VmRSS of " + pid);
  }
}
