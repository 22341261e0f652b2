package io.bellfounder.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import io.bellfounder.graph.testing.Driver;
import io.bellfounder.graph.testing.EffectLedger;
import io.bellfounder.graph.testing.InvariantChecker;
import io.bellfounder.graph.testing.PaidRuns;
import io.bellfounder.graph.testing.WorkerProcess;
import io.bellfounder.testing.Await;
import io.bellfounder.testing.KeptConnections;
import io.bellfounder.testing.Seeds;
import io.bellfounder.testing.TemporaryDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * Two worker processes whose machines disagree by two minutes, many times their lease. Their clocks
 * are put wrong by libfaketime (Debian: {@code apt-get install faketime}); where it is not
 * installed, the test is skipped.
 */
class SkewedClockTest {
  private static final Duration LEASE = Duration.ofSeconds(4);
  private static final Duration DELAY = Duration.ofSeconds(6);

  /** For a busy machine, and less than a clock is wrong. */
  private static final Duration LATE_MAX = Duration.ofSeconds(45);

  @RegisterExtension final TemporaryDatabase database = new TemporaryDatabase();
  private EffectLedger ledger;
  private Database db;

  private static WorkerOptions options(String name) {
    return WorkerOptions.named(name).lease(LEASE).runsMax(4);
  }

  /** Of steps that last, so that a worker is killed in the middle of some. */
  private static Graph slow() {
    return Graph.named("slow")
        .node(
            "a",
            _ -> {
              boolean never = new CountDownLatch(1).await(2, TimeUnit.SECONDS);
              return never ? Update.none().go("a") : Update.none();
            })
        .start("a")
        .build();
  }

  /** Address, user, password, ledger, name. */
  static final class Main {
    private Main() {}

    public static void main(String[] args) throws Exception {
      System.out.println("clock " + System.currentTimeMillis());
      PGSimpleDataSource source = new PGSimpleDataSource();
      source.setUrl(args[0]);
      source.setUser(args[1]);
      source.setPassword(args[2]);
      List<Graph> graphs = List.of(PaidRuns.graph(args[3]), slow());
      Worker worker =
          Worker.start(new KeptConnections(source).dataSource(), "g", options(args[4]), graphs);
      while (System.in.read() >= 0) {
        Thread.onSpinWait();
      }
      worker.close();
    }
  }

  @BeforeEach
  void open() throws Exception {
    GraphSchema.install(database.owner(), "g");
    db = new Database(database.owner(), "g");
    ledger = EffectLedger.start();
  }

  @AfterEach
  void check() throws Exception {
    ledger.close();
    assertThat(InvariantChecker.problems(database.owner(), "g")).isEmpty();
  }

  @Test
  void workers_whose_clocks_are_two_minutes_apart_take_over_and_begin_when_the_databases_says()
      throws Exception {
    PaidRuns paid = new PaidRuns(Driver.workers().on(database.owner(), "g"), ledger);
    List<UUID> all = new ArrayList<>();
    Graph graph = PaidRuns.graph(ledger.url());
    boolean aheadDies = Seeds.random("SkewedClockTest").nextBoolean();
    try (WorkerProcess ahead = process("ahead", "+60s");
        WorkerProcess behind = process("behind", "-60s")) {
      assertThat(skew(ahead)).isBetween(40_000L, 61_000L);
      assertThat(skew(behind)).isBetween(-80_000L, -59_000L);

      Runs runs = new Runs(database.owner(), "g");
      UUID delayed = started(runs, RunRequest.of(graph, "delayed", Update.none()).delay(DELAY));
      new Schedules(database.owner(), "g")
          .put(
              "minutely",
              Schedule.of(
                  RunRequest.of(graph, "cron", Update.none()), "* * * * *", ZoneOffset.UTC));
      Instant due = at("UPDATE ~.schedule SET next_at = now() + interval '6 s' RETURNING next_at");
      for (int i = 0; i < 6; i++) {
        all.add(started(runs, RunRequest.of(slow(), "slow", Update.none())));
      }
      Await.until(
          "both are in the middle of a step",
          Duration.ofSeconds(40),
          () -> number("SELECT count(DISTINCT owner) FROM ~.run WHERE status = 'running'") == 2);
      for (int i = 0; i < 10; i++) {
        paid.settle(paid.start("t" + i % 3), LATE_MAX, "clocks were put wrong");
      }
      assertThat(number("SELECT count(*) FROM ~.event WHERE kind = 'superseded'")).isZero();

      for (int i = 0; i < 6; i++) {
        all.add(started(runs, RunRequest.of(slow(), "slow", Update.none())));
      }
      String victim = aheadDies ? "ahead" : "behind";
      Await.until(
          "the victim is in the middle of a step",
          Duration.ofSeconds(40),
          () ->
              number(
                      "SELECT count(*) FROM ~.run WHERE status = 'running' AND owner = '%s'"
                          .formatted(victim))
                  > 0);
      (aheadDies ? ahead : behind).kill();
      Instant killed = at("SELECT clock_timestamp()");
      for (UUID run : all) {
        assertThat(runs.await(run, LATE_MAX).status()).isEqualTo("completed");
      }

      Instant taken = at("SELECT min(at) FROM ~.event WHERE kind = 'superseded'");
      assertThat(taken).isBetween(killed.plus(LEASE.dividedBy(3)), killed.plus(LATE_MAX));
      paid.settle(delayed, LATE_MAX, "it was delayed");
      begunAt("delayed", at("SELECT available_at FROM ~.run WHERE tenant = 'delayed'"));
      Await.until(
          "the schedule has started a run",
          () -> number("SELECT count(*) FROM ~.run WHERE tenant = 'cron'") > 0);
      begunAt("cron", due);
      Instant next = at("SELECT next_at FROM ~.schedule");
      assertThat(next).isBetween(due, at("SELECT clock_timestamp()").plusSeconds(61));
      // One, and one for each full minute that has passed since.
      assertThat(number("SELECT count(*) FROM ~.run WHERE tenant = 'cron'"))
          .isBetween(1L, 1 + Duration.between(due, next).toMinutes());
    }
  }

  private void begunAt(String tenant, Instant due) throws SQLException {
    Instant begun =
        at(
            "SELECT min(e.at) FROM ~.event e JOIN ~.run r ON r.id = e.run WHERE r.tenant = '%s'"
                .formatted(tenant));
    assertThat(begun).as(tenant).isBetween(due, due.plus(LATE_MAX));
  }

  private static UUID started(Runs runs, RunRequest request) throws SQLException {
    return ((Started.Created) runs.start(request)).run();
  }

  private long number(String sql) throws SQLException {
    return db.query(r -> r.getLong(1), sql).getFirst();
  }

  private Instant at(String sql) throws SQLException {
    return db.query(r -> r.getObject(1, OffsetDateTime.class).toInstant(), sql).getFirst();
  }

  private WorkerProcess process(String name, String offset) throws Exception {
    return WorkerProcess.start(
        Map.of(
            "LD_PRELOAD",
            library().toString(),
            "FAKETIME",
            offset,
            // How long something takes is measured truly, as on a real machine; and what the
            // library
            // mends in old C libraries ends every park of a current JVM at once.
            "FAKETIME_DONT_FAKE_MONOTONIC",
            "1",
            "FAKETIME_FORCE_MONOTONIC_FIX",
            "0"),
        Main.class,
        database.jdbcUrl(),
        database.ownerRole(),
        database.password(),
        ledger.url(),
        name);
  }

  /** How far the process's clock is ahead of this one's, in milliseconds and a start's length. */
  private static long skew(WorkerProcess process) {
    String said =
        Await.value(
            "it says its time",
            Duration.ofSeconds(40),
            process::output,
            output -> output.lines().anyMatch(line -> line.matches("clock \\d+")));
    long there =
        Long.parseLong(
            said.lines()
                .filter(line -> line.startsWith("clock "))
                .findFirst()
                .orElseThrow()
                .substring(6));
    return there - System.currentTimeMillis();
  }

  private static Path library() throws IOException {
    Path libraries = Path.of("/usr/lib");
    if (Files.isDirectory(libraries)) {
      try (Stream<Path> folders = Files.list(libraries)) {
        for (Path folder : folders.toList()) {
          Path library = folder.resolve("faketime/libfaketimeMT.so.1");
          if (Files.exists(library)) {
            return library;
          }
        }
      }
    }
    return abort("libfaketime is not installed: on Debian, apt-get install faketime");
  }
}
