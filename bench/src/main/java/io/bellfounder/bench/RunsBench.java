package io.bellfounder.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Durable runs beside LangGraph.js and DBOS, on one PostgreSQL. Contestants take turns in random
 * order, and the median of the rounds counts.
 */
@Command(
    name = "runs",
    description = "Durable runs beside LangGraph.js and DBOS: steps a second, statements, disk.",
    mixinStandardHelpOptions = true)
final class RunsBench implements Callable<Integer> {
  @Option(names = "--quick", description = "Fewer and shorter rounds.")
  private boolean quick;

  @Option(names = "--json", paramLabel = "FILE", description = "Also write the figures to FILE.")
  private @Nullable Path json;

  @Option(names = "--seed", description = "Seed of the turns' order (default: ${DEFAULT-VALUE}).")
  private long seed = 1;

  @Option(
      names = "--only",
      split = ",",
      paramLabel = "PART",
      description = "Of count, steps, aims (default: all).")
  private List<String> only = List.of("count", "steps", "aims");

  @Option(
      names = "--peers",
      paramLabel = "DIR",
      description = "Where the peers' packages are, or are to be installed (default: bench/peers).")
  private Path peers = Figures.root().resolve("bench/peers");

  @Option(
      names = "--alone",
      description = "Without the peers: our engine and pgbench only, for profiling.")
  private boolean alone;

  @Option(
      names = "--concurrency",
      split = ",",
      paramLabel = "RUNS",
      description = "For steps: so many runs at a time (default: ${DEFAULT-VALUE}).")
  private List<Integer> concurrencies = List.of(1, 8, 32);

  @Option(
      names = "--connections",
      description = "The pool of our engine (default: ${DEFAULT-VALUE}).")
  private int connections = 16;

  private static final int NPM_SECONDS = 180;

  private final Figures figures = new Figures("runs");

  @Override
  public Integer call() throws Exception {
    if (!alone && !installed()) {
      alone = true;
    }
    Path directory = Files.createTempDirectory("bell-bench");
    boolean kept = true;
    try (BenchCluster cluster = BenchCluster.start(directory.resolve("postgres"))) {
      for (String part : only) {
        kept &=
            switch (part) {
              case "count" -> count(cluster, directory);
              case "steps" -> steps(cluster, directory);
              case "aims" -> new RunsAims(cluster, directory, figures, quick).measure();
              default -> throw new IllegalArgumentException("there is no part \"" + part + "\"");
            };
      }
      System.out.printf(
          "%nMachine: %s; PostgreSQL %s (%s); commit %s; seed %d.%n",
          Figures.machine(),
          cluster.postgres().version(),
          BenchCluster.SETTINGS,
          Figures.commit(),
          seed);
      if (json != null) {
        figures.write(json);
      }
      return kept ? 0 : 1;
    } finally {
      GatewayBench.delete(directory);
    }
  }

  /** Whether the peers are there, or could be installed as their lock file has them. */
  private boolean installed() throws IOException, InterruptedException {
    // npm writes this file last, so a half-done installation is not taken for a whole one.
    if (Files.exists(peers.resolve("node_modules/.package-lock.json"))) {
      return true;
    }
    System.out.printf("Installing the peers' npm packages into %s.%n", peers);
    Path log = Files.createTempFile("bell-bench-npm", ".log");
    String why;
    try {
      Process npm =
          new ProcessBuilder("npm", "ci", "--no-audit", "--no-fund")
              .directory(peers.toFile())
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
      if (!npm.waitFor(NPM_SECONDS, TimeUnit.SECONDS)) {
        npm.descendants().forEach(ProcessHandle::destroy);
        npm.destroy();
        why = "npm took longer than " + NPM_SECONDS + " s";
      } else if (npm.exitValue() != 0) {
        why = "npm ended with " + npm.exitValue() + ":\n" + Files.readString(log).strip();
      } else {
        return true;
      }
    } catch (IOException absent) {
      why = "npm does not start here (" + absent.getMessage() + ")";
    } finally {
      Files.deleteIfExists(log);
    }
    System.out.printf("The peers are left out, the rest is measured: %s%n", why);
    return false;
  }

  /** How many statements, round trips and bytes a step takes, before any clock is looked at. */
  private boolean count(BenchCluster cluster, Path directory) throws Exception {
    System.out.printf(
        Locale.ROOT,
        "%nWork per step, from a run's start to its end, eight at a time%n"
            + "  %-18s %10s %11s %10s %10s %10s %10s%n",
        "contestant",
        "statements",
        "round trips",
        "sent B",
        "received B",
        "WAL B",
        "disk B");
    for (String name : names()) {
      BenchDatabase database = cluster.create("count_" + name.replaceAll("[^a-z]", "_"));
      try (WireCount wire = new WireCount(database.port());
          Contender contender = start(name, database.by(wire.port()), directory);
          var pool = database.pool(1)) {
        contender.turn(8, 0.5);
        WireCount.Passed before = wire.passed();
        Written writtenBefore = Written.in(pool);
        double steps = contender.turn(8, quick ? 2 : 4).steps();
        WireCount.Passed passed = wire.passed().since(before);
        Written written = Written.in(pool).since(writtenBefore);
        double[] values = {
          passed.statements() / steps,
          passed.roundTrips() / steps,
          passed.bytesSent() / steps,
          passed.bytesReceived() / steps,
          written.walBytes() / steps,
          written.diskBytes() / steps
        };
        System.out.printf(
            Locale.ROOT,
            "  %-18s %10.2f %11.2f %10.0f %10.0f %10.0f %10.0f%n",
            name,
            values[0],
            values[1],
            values[2],
            values[3],
            values[4],
            values[5]);
        String[] units = {
          "statements/step",
          "round trips/step",
          "sent B/step",
          "received B/step",
          "WAL B/step",
          "disk B/step"
        };
        for (int i = 0; i < units.length; i++) {
          figures.add("count", name, 8, values[i], units[i]);
        }
      }
    }
    return true;
  }

  private List<String> names() {
    return alone
        ? List.of("bellfounder")
        : List.of("bellfounder", "langgraph.js sync", "langgraph.js async", "dbos");
  }

  private Contender start(String name, BenchDatabase database, Path directory)
      throws IOException, InterruptedException {
    Path log = directory.resolve(name.replace(' ', '-') + ".log");
    return switch (name) {
      case "bellfounder" ->
          Peer.java(EngineRounds.class, database, log, Integer.toString(connections));
      case "langgraph.js sync" -> node(name, database, log, "langgraph.mjs", "sync");
      case "langgraph.js async" -> node(name, database, log, "langgraph.mjs", "async");
      case "dbos" -> node(name, database, log, "dbos.mjs");
      default -> throw new IllegalArgumentException(name);
    };
  }

  private Peer node(
      String name, BenchDatabase database, Path log, String script, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("node", peers.resolve(script).toString()));
    command.addAll(List.of(arguments));
    return Peer.start(name, command, database, log);
  }

  /** Durable steps a second, ten to a run, 1 KB each. */
  private boolean steps(BenchCluster cluster, Path directory) throws Exception {
    int rounds = quick ? 3 : 5;
    double round = quick ? 2.5 : 5;
    Random order = new Random(seed);
    List<Contender> contenders = new ArrayList<>();
    try {
      for (String name : names()) {
        BenchDatabase database = cluster.create("steps_" + name.replaceAll("[^a-z]", "_"));
        contenders.add(start(name, database, directory));
      }
      if (RawCommits.installed()) {
        BenchDatabase database = cluster.create("steps_pgbench");
        try (var pool = database.pool(1)) {
          contenders.add(RawCommits.in(database, pool, directory));
        }
      } else {
        System.out.println("pgbench is not installed; the limit is left out.");
      }
      Map<String, Map<Integer, Double>> medians = new HashMap<>();
      for (Contender contender : contenders) {
        progress("warming up " + contender.name());
        contender.turn(8, contender.name().equals("pgbench") ? 1 : quick ? 6 : 10);
      }
      for (int concurrency : concurrencies) {
        Map<String, List<Double>> all = new HashMap<>();
        for (int i = 0; i < rounds; i++) {
          Collections.shuffle(contenders, order);
          for (Contender contender : contenders) {
            progress(contender.name() + ", " + concurrency + " at a time");
            all.computeIfAbsent(contender.name(), _ -> new ArrayList<>())
                .add(contender.turn(concurrency, round).perSecond());
          }
        }
        all.forEach((name, values) -> {
          double median = Figures.median(values);
          medians.computeIfAbsent(name, _ -> new HashMap<>()).put(concurrency, median);
          figures.add("steps", name, concurrency, median, "steps/s");
        });
      }
      progress("");
      return report(medians);
    } finally {
      contenders.forEach(Contender::close);
    }
  }

  private boolean report(Map<String, Map<Integer, Double>> medians) {
    System.out.printf("%nDurable steps a second, ten a run, 1 KB each, medians%n");
    row("contestant", concurrencies.stream().map(c -> c + " at a time").toList());
    medians.entrySet().stream()
        .sorted(
            Map.Entry.comparingByValue(
                Comparator.comparing(m -> -m.getOrDefault(concurrencies.getLast(), 0.0))))
        .forEach(entry ->
            row(
                entry.getKey(),
                concurrencies.stream()
                    .map(c -> String.format(Locale.ROOT, "%.0f", entry.getValue().get(c)))
                    .toList()));
    boolean kept = true;
    kept &= ratio(medians, "langgraph.js sync", 10, 1, 8, 32);
    kept &= ratio(medians, "langgraph.js async", 0, 1, 8, 32);
    kept &= ratio(medians, "dbos", 2, 8, 32);
    kept &= ratio(medians, "pgbench", 0.4, 32);
    return kept;
  }

  private static void row(String name, List<String> cells) {
    System.out.printf(Locale.ROOT, "  %-20s", name);
    cells.forEach(cell -> System.out.printf(Locale.ROOT, " %12s", cell));
    System.out.println();
  }

  /** Prints how we stand to another; an aim of 0 is none. */
  private boolean ratio(
      Map<String, Map<Integer, Double>> medians, String other, double aim, int... aimed) {
    Map<Integer, Double> theirs = medians.get(other);
    Map<Integer, Double> ours = medians.getOrDefault("bellfounder", Map.of());
    if (theirs == null) {
      return true;
    }
    boolean kept = true;
    for (int concurrency : aimed) {
      if (!concurrencies.contains(concurrency)) {
        continue;
      }
      double ratio = ours.getOrDefault(concurrency, 0.0) / theirs.getOrDefault(concurrency, 1.0);
      figures.add("steps against " + other, "bellfounder", concurrency, ratio, "ratio");
      System.out.printf(
          Locale.ROOT,
          "  %.2f x %s at %d%s%n",
          ratio,
          other,
          concurrency,
          aim == 0
              ? ""
              : String.format(
                  Locale.ROOT, " (aim %.1f: %s)", aim, ratio >= aim ? "met" : "MISSED"));
      kept &= ratio >= aim;
    }
    return kept;
  }

  private static void progress(String text) {
    System.err.printf("\r%-78s", text);
    System.err.flush();
  }
}
