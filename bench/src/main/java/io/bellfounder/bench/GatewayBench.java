package io.bellfounder.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * The gateway beside a plain nginx proxy and the bare upstream: throughput with all connections
 * busy, then latency at half of that. Subjects take turns in random order, and the median of the
 * rounds counts.
 */
@Command(
    name = "gateway",
    description = "The gateway beside nginx: throughput, latency at half load, memory.",
    mixinStandardHelpOptions = true)
final class GatewayBench implements Callable<Integer> {
  private static final double P99_WITHIN_MILLIS = 1.0;

  /** How often both loads go over a subject before it counts. */
  private static final int WARM_UPS = 5;

  @Option(names = "--quick", description = "Fewer and shorter rounds.")
  private boolean quick;

  @Option(names = "--json", paramLabel = "FILE", description = "Also write the figures to FILE.")
  private @Nullable Path json;

  @Option(
      names = "--seed",
      description = "Seed of the subjects' order (default: ${DEFAULT-VALUE}).")
  private long seed = 1;

  @Option(
      names = "--jar",
      paramLabel = "FILE",
      description = "The product (default: ${DEFAULT-VALUE}).")
  private Path jar = Path.of("server/target/bellfounder.jar");

  @Option(
      names = "--data-plane",
      description = "Also measure the data plane alone, with a ledger that forgets.")
  private boolean dataPlane;

  @Option(
      names = "--spool",
      description = "Also measure the data plane with its spool, which nobody reads.")
  private boolean spool;

  @Option(names = "--no-product", description = "Leave the whole product out; needs one of them.")
  private boolean noProduct;

  @Option(
      names = "--only",
      paramLabel = "WORK",
      description = "One kind of work alone: json-1k, json-400k or sse-100.")
  private @Nullable String only;

  private final Figures figures = new Figures("gateway");

  @Override
  public Integer call() throws Exception {
    if (!noProduct && !Files.isReadable(jar)) {
      System.err.println("There is no " + jar + ": build it first, or name it with --jar.");
      return 2;
    }
    List<Workload> works =
        Workload.ALL.stream().filter(work -> only == null || work.key().equals(only)).toList();
    if (works.isEmpty()) {
      System.err.println("There is no work " + only + ": json-1k, json-400k and sse-100 are.");
      return 2;
    }
    Path directory = Files.createTempDirectory("bell-bench");
    List<Subject> subjects = new ArrayList<>();
    try {
      Subject upstream = Subject.upstream(directory.resolve("upstream.log"));
      subjects.add(upstream);
      progress("upstream is up; starting nginx");
      subjects.add(
          Subject.nginx(
              Files.createDirectories(directory.resolve("nginx")), upstream.port(), Ports.free()));
      if (dataPlane) {
        progress("nginx is up; starting the data plane alone");
        subjects.add(Subject.gatewayAlone(directory.resolve("gateway.log"), upstream.port(), null));
      }
      if (spool) {
        progress("starting the data plane with its spool");
        subjects.add(
            Subject.gatewayAlone(
                directory.resolve("gateway-spool.log"),
                upstream.port(),
                Files.createDirectories(directory.resolve("spool"))));
      }
      if (!noProduct) {
        progress("starting Bellfounder");
        Path home = Files.createDirectories(directory.resolve("bellfounder"));
        subjects.add(Subject.bellfounder(home, jar, upstream.port(), Ports.free()));
      }
      Subject product = subjects.getLast();
      figures.add("idle", product.name(), 0, product.residentMebibytes(), "MiB");
      boolean kept = true;
      for (Workload workload : works) {
        kept &= measure(workload, subjects);
      }
      figures.add("after load", product.name(), 0, product.residentMebibytes(), "MiB");
      System.out.printf(
          Locale.ROOT,
          "%nBellfounder's memory, its database included: %.0f MiB after the load.%n",
          product.residentMebibytes());
      System.out.println(
          "Machine: "
              + Figures.machine()
              + "; commit "
              + Figures.commit()
              + "; seed "
              + seed
              + ".");
      if (json != null) {
        figures.write(json);
      }
      return kept ? 0 : 1;
    } finally {
      Collections.reverse(subjects);
      subjects.forEach(Subject::close);
      delete(directory);
    }
  }

  /** One subject under one workload, and what its rounds gave. */
  private record Contender(
      Subject subject,
      Load load,
      List<Double> perSecond,
      List<Double> cpuMicros,
      List<Double> settledMicros,
      List<Double> settleSeconds,
      List<Double> p50Millis,
      List<Double> p99Millis) {
    Contender(Subject subject, Load load) {
      this(
          subject,
          load,
          new ArrayList<>(),
          new ArrayList<>(),
          new ArrayList<>(),
          new ArrayList<>(),
          new ArrayList<>(),
          new ArrayList<>());
    }
  }

  /** True if the product keeps its promises for this workload. */
  private boolean measure(Workload workload, List<Subject> subjects) throws Exception {
    int rounds = quick ? 3 : 7;
    Duration round = Duration.ofSeconds(quick ? 3 : 6);
    Random order = new Random(seed);
    List<Contender> contenders = new ArrayList<>();
    for (Subject subject : subjects) {
      byte[] request = workload.request(subject.port(), subject.key());
      contenders.add(
          new Contender(subject, new Load(subject.port(), request, workload.connections())));
    }
    try {
      for (Contender contender : contenders) {
        warmUp(workload, contender, round);
      }
      for (Contender contender : turns(contenders, rounds, order)) {
        progress(workload.title() + ": all connections busy, " + contender.subject().name());
        double before = contender.subject().cpuSeconds();
        Load.Result result = checked(contender.subject(), contender.load().closed(round));
        contender.perSecond().add(result.perSecond());
        double answers = result.latencyNanos().getTotalCount();
        contender.cpuMicros().add((contender.subject().cpuSeconds() - before) / answers * 1e6);
        long ended = System.nanoTime();
        contender.subject().settle();
        contender.settleSeconds().add((System.nanoTime() - ended) / 1e9);
        contender.settledMicros().add((contender.subject().cpuSeconds() - before) / answers * 1e6);
      }
      double half = Figures.median(contenders.getLast().perSecond()) / 2;
      for (Contender contender : turns(contenders, rounds, order)) {
        progress(workload.title() + ": half load, " + contender.subject().name());
        Load.Result result = checked(contender.subject(), contender.load().open(round, half));
        contender.p50Millis().add(result.millisAt(50));
        contender.p99Millis().add(result.millisAt(99));
        contender.subject().settle();
      }
      return report(workload, contenders, half);
    } finally {
      contenders.forEach(contender -> contender.load().close());
    }
  }

  /**
   * Of the shape that is measured, both loads on new connections again and again: a compiler that
   * has seen nothing but one steady load leaves out what begins and ends a connection, and starts
   * over when it comes.
   */
  private void warmUp(Workload workload, Contender contender, Duration round) throws Exception {
    for (int i = 1; i <= WARM_UPS; i++) {
      progress(
          "%s: warming up %s, %d of %d"
              .formatted(workload.title(), contender.subject().name(), i, WARM_UPS));
      double perSecond = contender.load().closed(round.dividedBy(2)).perSecond();
      contender.load().open(round.dividedBy(2), perSecond / 2);
      contender.subject().settle();
    }
  }

  /** Everybody once a round, each round in another order. */
  private static List<Contender> turns(List<Contender> contenders, int rounds, Random order) {
    List<Contender> turns = new ArrayList<>();
    for (int i = 0; i < rounds; i++) {
      List<Contender> round = new ArrayList<>(contenders);
      Collections.shuffle(round, order);
      turns.addAll(round);
    }
    return turns;
  }

  private static Contender named(List<Contender> contenders, String name) {
    return contenders.stream()
        .filter(contender -> contender.subject().name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private boolean report(Workload workload, List<Contender> contenders, double half) {
    progress("");
    Contender nginx = named(contenders, "nginx");
    Contender product = contenders.getLast();
    double nginxPerSecond = Figures.median(nginx.perSecond());
    System.out.printf(
        Locale.ROOT,
        "%n%s, %d connections; latency at %.0f a second%n  %-12s %10s %8s %10s %8s %8s%n",
        workload.title(),
        workload.connections(),
        half,
        "subject",
        "per second",
        "of nginx",
        "CPU us/req",
        "p50 ms",
        "p99 ms");
    for (Contender contender : contenders) {
      String name = contender.subject().name();
      double perSecond = Figures.median(contender.perSecond());
      double cpuMicros = Figures.median(contender.cpuMicros());
      double p50 = Figures.median(contender.p50Millis());
      double p99 = Figures.median(contender.p99Millis());
      System.out.printf(
          Locale.ROOT,
          "  %-12s %10.0f %8.2f %10.1f %8.2f %8.2f%n",
          name,
          perSecond,
          perSecond / nginxPerSecond,
          cpuMicros,
          p50,
          p99);
      int connections = workload.connections();
      figures.add(
          workload.key(), name, connections, perSecond, workload.stream() ? "streams/s" : "req/s");
      figures.add(workload.key(), name, connections, cpuMicros, "us/req");
      figures.add(workload.key() + " half load p50", name, connections, p50, "ms");
      figures.add(workload.key() + " half load p99", name, connections, p99, "ms");
    }
    double ratio = Figures.median(product.perSecond()) / nginxPerSecond;
    double p99Apart = Figures.median(product.p99Millis()) - Figures.median(nginx.p99Millis());
    figures.add(workload.key(), product.subject().name(), workload.connections(), ratio, "ratio");
    System.out.printf(
        Locale.ROOT,
        "  throughput %.2f of nginx's (aim %.2f: %s), p99 %+.2f ms against nginx (aim within %.0f ms: %s)%n",
        ratio,
        workload.target(),
        ratio >= workload.target() ? "met" : "MISSED",
        p99Apart,
        P99_WITHIN_MILLIS,
        p99Apart <= P99_WITHIN_MILLIS ? "met" : "MISSED");
    double settledMicros = Figures.median(product.settledMicros());
    double settleSeconds = Figures.median(product.settleSeconds());
    figures.add(
        workload.key() + " ledger caught up",
        product.subject().name(),
        workload.connections(),
        settledMicros,
        "us/req");
    System.out.printf(
        Locale.ROOT,
        "  with its ledger in the database, %.1f s later: %.1f us of CPU a request%n",
        settleSeconds,
        settledMicros);
    return ratio >= workload.target() && p99Apart <= P99_WITHIN_MILLIS;
  }

  /** A figure with errors in it is no figure. */
  private static Load.Result checked(Subject subject, Load.Result result) throws IOException {
    if (result.errors() > 0) {
      throw new IOException(
          subject.name() + " answered " + result.errors() + " requests with an error.");
    }
    return result;
  }

  private static void progress(String text) {
    System.err.printf("\r%-78s", text);
    System.err.flush();
  }

  static void delete(Path directory) throws IOException {
    try (var paths = Files.walk(directory)) {
      for (Path path : paths.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    }
  }
}
