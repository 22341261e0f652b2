package io.bellfounder.graph;

import static org.assertj.core.api.Assertions.assertThat;

import io.bellfounder.graph.testing.InvariantChecker;
import io.bellfounder.testing.KeptConnections;
import io.bellfounder.testing.TemporaryDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What is claimed, by whom and in which order; without anything that carries it. */
class ClaimsTest {
  @RegisterExtension final TemporaryDatabase database = new TemporaryDatabase();

  private static final Graph GRAPH =
      Graph.named("g").node("n", _ -> Update.none()).start("n").build();
  private KeptConnections kept;
  private Database db;
  private Runs runs;
  private Limits limits;

  @BeforeEach
  void install() throws SQLException {
    GraphSchema.install(database.owner(), "g");
    kept = new KeptConnections(database.owner());
    db = new Database(kept.dataSource(), "g");
    runs = new Runs(kept.dataSource(), "g");
    limits = new Limits(kept.dataSource(), "g");
  }

  @AfterEach
  void check() throws SQLException {
    assertThat(InvariantChecker.problems(kept.dataSource(), "g")).isEmpty();
    kept.close();
  }

  private Claims claims(String worker) {
    return new Claims(db, WorkerOptions.named(worker), List.of(GRAPH.hash()), Claims.POSTGRES);
  }

  private UUID start(RunRequest request) throws SQLException {
    return ((Started.Created) runs.start(request)).run();
  }

  private static RunRequest request(String tenant) {
    return RunRequest.of(GRAPH, tenant, Update.none());
  }

  private void ends(List<Journal.Claim> claimed) throws SQLException {
    String[] ids = claimed.stream().map(c -> c.run().toString()).toArray(String[]::new);
    int _ =
        db.transaction(c ->
            db.update(
                c,
                "UPDATE ~.run SET status = 'completed', owner = NULL, lease_until = NULL,"
                    + " ended_at = now() WHERE id = ANY (CAST(? AS uuid[]))",
                (Object) ids));
  }

  private static List<UUID> ids(List<Journal.Claim> claimed) {
    return claimed.stream().map(Journal.Claim::run).toList();
  }

  @Test
  void many_workers_never_pass_a_cap_and_never_claim_a_run_twice() throws Exception {
    int tenants = 12;
    int each = 30;
    backlog(tenants, each, "", 3);
    Map<String, AtomicInteger> now = new ConcurrentHashMap<>();
    AtomicInteger most = new AtomicInteger();
    Set<UUID> seen = ConcurrentHashMap.newKeySet();
    AtomicInteger twice = new AtomicInteger();

    everyone(
        8,
        worker -> {
          Claims claims = claims("w" + worker);
          while (seen.size() < tenants * each) {
            List<Journal.Claim> claimed =
                (worker % 2 == 0 ? claims.claim(7) : claims.claimSoon(7)).runs();
            for (Journal.Claim claim : claimed) {
              most.accumulateAndGet(
                  now.computeIfAbsent(claim.tenant(), _ -> new AtomicInteger()).incrementAndGet(),
                  Math::max);
              if (!seen.add(claim.run())) {
                twice.incrementAndGet();
              }
            }
            claimed.forEach(claim -> now.getOrDefault(claim.tenant(), most).decrementAndGet());
            ends(claimed);
          }
        });

    assertThat(twice).hasValue(0);
    assertThat(most.get()).isBetween(2, 3);
  }

  @Test
  void a_lane_has_a_cap_of_its_own_within_its_tenants() throws Exception {
    backlog(1, 10, "slow", 6);
    // These come first, but for the lane's cap; their ages are random otherwise.
    int _ =
        db.statement(c -> db.update(c, "UPDATE ~.run SET queue_at = queue_at - interval '1 h'"));
    backlog(1, 10, "", 6);
    limits.running("t0", "slow", 2);

    List<Journal.Claim> claimed = claims("w").claim(20).runs();

    assertThat(claimed).hasSize(6);
    assertThat(count("lane = 'slow' AND status = 'running'")).isEqualTo(2);
    assertThat(claims("w").claim(20).runs()).isEmpty();
  }

  @Test
  void a_rate_counts_beginnings_only_and_holds_over_all_workers() throws Exception {
    backlog(1, 40, "", 100);
    limits.rate("t0", new Rate(9, Duration.ofDays(1)));
    AtomicInteger begun = new AtomicInteger();

    everyone(
        6,
        worker -> {
          Claims claims = claims("w" + worker);
          for (int i = 0; i < 10; i++) {
            begun.addAndGet(claims.claim(3).runs().size());
          }
        });

    assertThat(begun).hasValue(9);
    int _ =
        db.transaction(c ->
            db.update(
                c,
                "UPDATE ~.run SET status = 'queued', owner = NULL, lease_until = NULL"
                    + " WHERE status = 'running'"));
    assertThat(claims("w").claim(40).runs()).hasSize(9);
    assertThat(claims("w").claim(40).runs()).isEmpty();
  }

  @Test
  void a_rate_of_a_lane_holds_also() throws Exception {
    backlog(1, 10, "mail", 100);
    limits.rate("t0", "mail", new Rate(4, Duration.ofDays(1)));
    assertThat(claims("w").claim(10).runs()).hasSize(4);
    assertThat(claims("w").claim(10).runs()).isEmpty();
    limits.reset("t0", "mail");
    assertThat(claims("w").claim(10).runs()).hasSize(6);
  }

  @Test
  void tenants_take_turns_however_long_their_queues_are() throws Exception {
    backlog(1, 500, "", 100);
    for (int tenant = 1; tenant < 10; tenant++) {
      start(request("t" + tenant));
    }
    Map<String, Integer> served = new HashMap<>();
    for (Journal.Claim claim : claims("w").claim(10).runs()) {
      served.merge(claim.tenant(), 1, Integer::sum);
    }
    assertThat(served).hasSize(10).allSatisfy((_, n) -> assertThat(n).isEqualTo(1));
  }

  @Test
  void queues_that_are_remembered_take_turns_too() throws Exception {
    backlog(3, 4, "", 100);
    Claims claims = claims("w");
    for (int round = 0; round < 4; round++) {
      Set<String> served = new HashSet<>();
      for (int i = 0; i < 3; i++) {
        served.add(claims.claimSoon(1).runs().getFirst().tenant());
      }
      assertThat(served).hasSize(3);
    }
    assertThat(claims.claimSoon(1).runs()).isEmpty();
  }

  @Test
  void a_rate_or_cap_that_is_set_meanwhile_holds_for_queues_that_are_remembered() throws Exception {
    backlog(3, 20, "", 100);
    Claims claims = claims("w");
    assertThat(claims.claimSoon(3).runs()).hasSize(3);

    limits.rate("t0", new Rate(4, Duration.ofDays(1)));
    limits.running("t1", 6);
    for (int i = 0; i < 40; i++) {
      assertThat(claims.claimSoon(2).runs()).hasSizeLessThanOrEqualTo(2);
    }

    assertThat(count("tenant = 't0' AND status = 'running'")).isEqualTo(5);
    assertThat(count("tenant = 't1' AND status = 'running'")).isEqualTo(6);
    assertThat(count("tenant = 't2' AND status = 'running'")).isEqualTo(20);
  }

  @Test
  void a_queue_that_has_just_appeared_is_found_when_those_remembered_are_empty() throws Exception {
    backlog(1, 2, "", 100);
    Claims claims = claims("w");
    assertThat(claims.claimSoon(1).runs()).hasSize(1);
    UUID other = start(request("other"));
    List<UUID> next = new ArrayList<>(ids(claims.claimSoon(1).runs()));
    next.addAll(ids(claims.claimSoon(1).runs()));

    assertThat(next).hasSize(2).contains(other);
  }

  @Test
  void priority_counts_as_age_and_so_nobody_waits_for_ever() throws Exception {
    UUID plain = start(request("t"));
    UUID urgent = start(request("t").priority(2));
    UUID low = start(request("t").priority(-1));
    // As if it had been waiting for three minutes: three points, more than the urgent one's two.
    UUID old = start(request("t"));
    int _ =
        db.transaction(c ->
            db.update(
                c, "UPDATE ~.run SET queue_at = queue_at - interval '3 min' WHERE id = ?", old));

    Claims claims = claims("w");
    List<UUID> order = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      order.addAll(ids((i % 2 == 0 ? claims.claimSoon(1) : claims.claim(1)).runs()));
    }

    assertThat(order).containsExactly(old, urgent, plain, low);
  }

  @Test
  void a_delayed_run_stays_out_of_the_queue_until_its_time() throws Exception {
    UUID run = start(request("t").delay(Duration.ofHours(1)));
    Starts starts = new Starts(db);
    assertThat(starts.ripen(10)).isFalse();
    assertThat(claims("w").claim(1).runs()).isEmpty();
    int _ =
        db.transaction(
            c -> db.update(c, "UPDATE ~.run SET available_at = now() WHERE id = ?", run));
    assertThat(starts.ripen(10)).isFalse();
    assertThat(ids(claims("w").claim(1).runs())).containsExactly(run);
  }

  @Test
  void a_delayed_run_of_a_thread_joins_behind_what_is_there() throws Exception {
    UUID later = start(request("t").thread("chat").delay(Duration.ofMillis(1)));
    UUID first = start(request("t").thread("chat"));
    int _ =
        db.transaction(
            c -> db.update(c, "UPDATE ~.run SET available_at = now() WHERE id = ?", later));
    assertThat(new Starts(db).ripen(10)).isFalse();
    assertThat(ids(claims("w").claim(5).runs())).containsExactly(first);
    assertThat(runs.explain(later))
        .isEqualTo("Run " + first + " of its thread comes first and is running.");
  }

  @Test
  void one_run_is_admitted_only_when_it_is_its_turn() throws Exception {
    limits.running("t", 1);
    UUID first = start(request("t"));
    UUID second = start(request("t"));
    Claims claims = claims("w");
    assertThat(claims.due(null, 10)).containsExactly(first);
    assertThat(claims.claim(second)).isEmpty();
    Journal.Claim claimed = claims.claim(first).orElseThrow();
    assertThat(claims.claim(second)).isEmpty();
    assertThat(claims.due(first, 10)).isEmpty();
    ends(List.of(claimed));
    assertThat(claims.due(first, 10)).containsExactly(second);
    assertThat(claims.claim(second)).isPresent();
  }

  @Test
  void a_worker_claims_only_what_it_knows_and_another_drivers_runs_are_left_alone()
      throws Exception {
    Graph other = Graph.named("other").node("n", _ -> Update.none()).start("n").build();
    start(RunRequest.of(other, "t", Update.none()));
    new Runs(database.owner(), "g", "elsewhere").start(request("t"));
    assertThat(claims("w").claim(10).runs()).isEmpty();
  }

  @Test
  void a_window_of_queues_moves_on_so_that_all_come_to_be_seen() throws Exception {
    // More queues than one look covers, of which only the last has room.
    int _ =
        db.transaction(c ->
            db.update(
                c,
                "INSERT INTO ~.tenant (id, running_max)"
                    + " SELECT 'a' || lpad(n::text, 4, '0'), 0 FROM generate_series(1, 1200) n"));
    int _ =
        db.transaction(c ->
            db.update(
                c,
                """
                INSERT INTO ~.run (id, tenant, graph, spec_hash, request_hash, input, status,
                  queue_at, available_at)
                SELECT gen_random_uuid(), id, 'g', ?, '', '{}', 'queued', now(), now()
                FROM ~.tenant\
                """,
                GRAPH.hash()));
    UUID last = start(request("z"));
    Claims claims = claims("w");
    List<UUID> claimed = new ArrayList<>();
    int looks = 0;
    boolean again = true;
    while (again && claimed.isEmpty()) {
      Claims.Outcome outcome = claims.claim(5);
      claimed.addAll(ids(outcome.runs()));
      again = outcome.again();
      looks++;
    }
    assertThat(claimed).containsExactly(last);
    assertThat(looks).isEqualTo(3);
  }

  /** With {@code -Dkit.long=true} the whole of it, with the figure on standard output. */
  @Test
  void a_long_backlog_is_claimed_at_speed_with_exact_caps() throws Exception {
    boolean whole = Boolean.getBoolean("kit.long");
    int tenants = whole ? 200 : 40;
    backlog(tenants, whole ? 500 : 50, "", 5);
    int _ = db.transaction(c -> db.update(c, "ANALYZE ~.run"));
    AtomicLong claimed = new AtomicLong();
    AtomicInteger most = new AtomicInteger();
    long goal = whole ? 40_000 : 1_000;
    long begun = System.nanoTime();
    everyone(
        4,
        worker -> {
          Claims claims = claims("w" + worker);
          while (claimed.get() < goal) {
            List<Journal.Claim> mine = claims.claim(64).runs();
            ends(mine);
            claimed.addAndGet(mine.size());
            if (worker == 0) {
              most.accumulateAndGet(
                  db.query(
                          r -> r.getInt(1),
                          "SELECT max(n) FROM (SELECT count(*) AS n FROM ~.run"
                              + " WHERE status = 'running' GROUP BY tenant) x")
                      .getFirst(),
                  Math::max);
            }
          }
        });
    double seconds = (System.nanoTime() - begun) / 1e9;
    if (whole) {
      System.out.printf("claimed and ended %.0f runs/s%n", claimed.get() / seconds);
    }
    assertThat(most.get()).isBetween(0, 5);
  }

  private interface Turn {
    void of(int worker) throws Exception;
  }

  private static void everyone(int workers, Turn turn) throws Exception {
    List<Future<?>> all = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < workers; i++) {
        int worker = i;
        all.add(
            threads.submit(() -> {
              turn.of(worker);
              return null;
            }));
      }
    }
    for (Future<?> each : all) {
      each.get();
    }
  }

  private void backlog(int tenants, int each, String lane, int cap) throws SQLException {
    int _ =
        db.transaction(c ->
            db.update(
                c,
                "INSERT INTO ~.tenant (id, running_max) SELECT 't' || n, ?"
                    + " FROM generate_series(0, ? - 1) n ON CONFLICT DO NOTHING",
                cap,
                tenants));
    int _ =
        db.transaction(c ->
            db.update(
                c,
                """
                INSERT INTO ~.run (id, tenant, lane, graph, spec_hash, request_hash, input, status,
                  queue_at, available_at)
                SELECT gen_random_uuid(), 't' || n % ?, ?, 'g', ?, '', '{}', 'queued',
                  now() - (random() * 1000) * interval '1 s', now()
                FROM generate_series(0, ? * ? - 1) n\
                """,
                tenants,
                lane,
                GRAPH.hash(),
                tenants,
                each));
  }

  private long count(String where) throws SQLException {
    return db.query(r -> r.getLong(1), "SELECT count(*) FROM ~.run WHERE " + where).getFirst();
  }
}
