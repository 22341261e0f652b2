package io.bellfounder.bench;

import io.bellfounder.gateway.Attempt;
import io.bellfounder.gateway.GatewayKey;
import io.bellfounder.gateway.OpenedCall;
import io.bellfounder.gateway.PriceBook.Price;
import io.bellfounder.gateway.SettledCall;
import io.bellfounder.gateway.Spool;
import io.bellfounder.gateway.SpoolConfig;
import io.bellfounder.gateway.SpoolReader;
import io.bellfounder.wire.Dialect;
import io.bellfounder.wire.Usage;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * What a call costs in the spool: threads that each open and settle calls without pause, while a
 * reader throws them away as fast as they come. The processor time is the writers' alone, so it
 * means something on a busy machine too; the waits do not.
 */
@Command(
    name = "spool",
    description = "The ledger on disk: processor time and waits of a call's two records.",
    mixinStandardHelpOptions = true)
final class SpoolBench implements Callable<Integer> {
  private static final Duration WARM_UP = Duration.ofSeconds(4);

  @Option(names = "--quick", description = "Shorter rounds.")
  private boolean quick;

  @Option(
      names = "--directory",
      paramLabel = "DIR",
      description = "Where the spool goes, to measure another disk (default: the temporary one).")
  private Path parent = Path.of(System.getProperty("java.io.tmpdir"));

  private record Round(long calls, long cpuNanos, long[] waits) {}

  @Override
  public Integer call() throws Exception {
    System.out.printf(
        "%-8s %12s %12s %10s %10s %10s%n",
        "threads", "calls/s", "CPU us/call", "p50 us", "p99 us", "p99.9 us");
    for (int threads : new int[] {1, 2}) {
      measure(threads);
    }
    return 0;
  }

  private void measure(int threads) throws Exception {
    Path directory = Files.createTempDirectory(parent, "bell-spool");
    try (Spool spool = Spool.open(SpoolConfig.in(directory), InstantSource.system());
        ExecutorService workers = Executors.newCachedThreadPool()) {
      AtomicBoolean over = new AtomicBoolean();
      Future<?> reader = workers.submit(() -> forget(spool.reader(), over));
      round(workers, spool, threads, WARM_UP);
      List<Round> rounds = new ArrayList<>();
      Duration time = Duration.ofSeconds(quick ? 2 : 5);
      for (int i = 0; i < (quick ? 3 : 5); i++) {
        rounds.add(round(workers, spool, threads, time));
      }
      over.set(true);
      reader.get();
      rounds.sort(Comparator.comparingLong(Round::calls));
      Round median = rounds.get(rounds.size() / 2);
      long[] waits = median.waits();
      System.out.printf(
          Locale.ROOT,
          "%-8d %,12d %12.2f %10.1f %10.1f %10.1f%n",
          threads,
          Math.round(median.calls() / (double) time.toSeconds()),
          median.cpuNanos() / 1e3 / median.calls(),
          at(waits, 0.5),
          at(waits, 0.99),
          at(waits, 0.999));
    } finally {
      delete(directory);
    }
  }

  private static double at(long[] sorted, double part) {
    return sorted.length == 0 ? 0 : sorted[(int) (part * (sorted.length - 1))] / 1e3;
  }

  private static Round round(ExecutorService workers, Spool spool, int threads, Duration time)
      throws InterruptedException, ExecutionException {
    long until = System.nanoTime() + time.toNanos();
    List<Future<Round>> parts = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      parts.add(workers.submit(() -> write(spool, until)));
    }
    long calls = 0;
    long cpu = 0;
    List<long[]> waits = new ArrayList<>();
    for (Future<Round> part : parts) {
      calls += part.get().calls();
      cpu += part.get().cpuNanos();
      waits.add(part.get().waits());
    }
    long[] all = waits.stream().flatMapToLong(Arrays::stream).sorted().toArray();
    return new Round(calls, cpu, all);
  }

  private static Round write(Spool spool, long until) {
    var threads = ManagementFactory.getThreadMXBean();
    long[] waits = new long[1 << 20];
    long cpu = threads.getCurrentThreadCpuTime();
    long calls = 0;
    int kept = 0;
    for (long now = System.nanoTime(); now < until; now = System.nanoTime()) {
      OpenedCall opened = opened(calls);
      spool.opened(opened);
      spool.settled(settled(opened));
      if (kept < waits.length) {
        waits[kept++] = System.nanoTime() - now;
      }
      calls++;
    }
    return new Round(calls, threads.getCurrentThreadCpuTime() - cpu, Arrays.copyOf(waits, kept));
  }

  private static final GatewayKey KEY =
      new GatewayKey(
          UUID.randomUUID(), "a developer's laptop", UUID.randomUUID(), UUID.randomUUID(), null);
  private static final Price PRICE =
      new Price(
          "anthropic/claude-sonnet-4-5/2025-09-29",
          true,
          3_000_000,
          3_750_000,
          6_000_000,
          300_000,
          15_000_000);
  private static final long NODE_BITS = 0x1234_5678L << 32;

  private static OpenedCall opened(long number) {
    return new OpenedCall(
        new UUID(NODE_BITS ^ System.nanoTime(), Thread.currentThread().threadId() << 48 ^ number),
        "node-1",
        KEY,
        Dialect.ANTHROPIC,
        "messages",
        "claude-sonnet-4-5-20250929",
        "claude-sonnet-4-5-20250929",
        "anthropic",
        "claude-sonnet-4-5-20250929",
        false,
        Instant.now(),
        1_024,
        312,
        1_024L,
        PRICE,
        "6ad3a9b2-9a0a-4a2e-8f0e-33c0aa5c9a4f",
        null,
        null,
        "claude-cli/2.1.329 (external, cli)",
        "req-" + number);
  }

  private static SettledCall settled(OpenedCall opened) {
    return new SettledCall(
        opened,
        SettledCall.Outcome.COMPLETED,
        200,
        null,
        "anthropic",
        "claude-sonnet-4-5-20250929",
        List.of(
            new Attempt(
                1,
                "anthropic",
                "claude-sonnet-4-5-20250929",
                opened.openedAt(),
                Attempt.Outcome.OK,
                200,
                "req_011CUa1b2c3d4e5f6g7h8i9j",
                3L,
                5,
                null)),
        new Usage(312L, 0L, 0L, 0L, 187L),
        false,
        "{\"input_tokens\":312,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0,\"output_tokens\":187}",
        PRICE,
        3_741_000_000L,
        Instant.now(),
        3L,
        5,
        1_024);
  }

  private static void forget(SpoolReader reader, AtomicBoolean over) {
    try {
      while (!over.get()) {
        SpoolReader.Batch batch = reader.read(5_000);
        reader.commit(batch);
        if (batch.isEmpty()) {
          Thread.sleep(1);
        }
      }
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void delete(Path directory) throws IOException {
    try (var files = Files.list(directory)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        Files.delete(file);
      }
    }
    Files.delete(directory);
  }
}
