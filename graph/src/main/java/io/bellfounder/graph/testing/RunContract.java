package io.bellfounder.graph.testing;

import io.bellfounder.graph.Answered;
import io.bellfounder.graph.Channel;
import io.bellfounder.graph.Event;
import io.bellfounder.graph.Graph;
import io.bellfounder.graph.Limits;
import io.bellfounder.graph.Node;
import io.bellfounder.graph.Question;
import io.bellfounder.graph.RunRequest;
import io.bellfounder.graph.Runs;
import io.bellfounder.graph.Started;
import io.bellfounder.graph.StateView;
import io.bellfounder.graph.Update;
import io.bellfounder.graph.WorkerOptions;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import javax.sql.DataSource;

/**
 * What every driver promises, as cases that need no test framework: each wants an installed schema
 * of its own, throws {@link AssertionError} where a promise is broken, and reads the tables with
 * {@link InvariantChecker} at its end. Waits are bounded by 60 s.
 */
public final class RunContract {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Channel<List<String>> LOG = Channel.append("log", String.class);
  private static final Graph LINE =
      Graph.named("line")
          .channels(LOG)
          .node("a", says("a"))
          .node("b", says("b"))
          .node("c", says("c"))
          .start("a")
          .edge("a", "b")
          .edge("b", "c")
          .build();
  private static final Graph ASKS =
      Graph.named("asks")
          .channels(LOG)
          .node("a", c -> Update.of(LOG, List.of("" + c.interrupt("sure?"))))
          .start("a")
          .build();

  private final Driver driver;
  private final DataSource database;
  private final String schema;
  private final EffectLedger ledger;
  private final RandomGenerator random;
  private final int rounds;
  private final PaidRuns paid;
  private final List<AutoCloseable> workers = new ArrayList<>();

  private RunContract(
      Driver driver,
      DataSource database,
      String schema,
      EffectLedger ledger,
      RandomGenerator random,
      int rounds) {
    this.driver = driver;
    this.database = database;
    this.schema = schema;
    this.ledger = ledger;
    this.random = random;
    this.rounds = rounds;
    this.paid = new PaidRuns(driver, ledger);
  }

  /** One promise. */
  public enum Case {
    EVENTS_HAVE_NO_GAPS,
    A_START_HAPPENS_ONCE,
    AN_ANSWER_COUNTS_ONCE,
    A_FAILURE_AT_EVERY_STATEMENT_IS_RECOVERED_FROM,
    TERMINATED_BACKENDS_COST_NO_RUN,
    A_CRASH_OF_THE_DATABASE_COSTS_NO_RUN,
    TWO_NODES_OF_ONE_NAME_COUNT_NO_STEP_TWICE,
    A_TOOL_THAT_OUTLIVES_ITS_LEASE_CHANGES_NOTHING,
    A_READER_GOES_ON_FROM_ANY_NUMBER,
    A_TENANTS_LIMIT_HOLDS,
    A_LOUD_TENANT_HOLDS_UP_NOBODY,
    EVERY_TRANSITION_IS_VISITED
  }

  /**
   * Checks one promise.
   *
   * @param schema installed and empty
   * @param rounds how much is tried: 1 and up; 8 takes half a minute for all promises
   */
  public static void check(
      Case promise,
      Driver.Factory drivers,
      DataSource database,
      String schema,
      EffectLedger ledger,
      RandomGenerator random,
      int rounds)
      throws Exception {
    Transitions.watch(database, schema);
    RunContract contract =
        new RunContract(
            drivers.on(database, schema), database, schema, ledger, random, Math.max(1, rounds));
    try {
      contract.run(promise);
    } finally {
      for (AutoCloseable worker : contract.workers) {
        worker.close();
      }
    }
    List<String> problems = InvariantChecker.problems(database, schema);
    expect(problems.isEmpty(), "the tables: " + problems);
    Set<String> other = new TreeSet<>(Transitions.seen(database, schema));
    other.removeAll(Transitions.ALL);
    expect(other.isEmpty(), "transitions that must not be: " + other);
  }

  private void run(Case promise) throws Exception {
    switch (promise) {
      case EVENTS_HAVE_NO_GAPS -> eventsHaveNoGaps();
      case A_START_HAPPENS_ONCE -> aStartHappensOnce();
      case AN_ANSWER_COUNTS_ONCE -> anAnswerCountsOnce();
      case A_FAILURE_AT_EVERY_STATEMENT_IS_RECOVERED_FROM -> failures();
      case TERMINATED_BACKENDS_COST_NO_RUN -> terminatedBackends();
      case A_CRASH_OF_THE_DATABASE_COSTS_NO_RUN -> crashes();
      case TWO_NODES_OF_ONE_NAME_COUNT_NO_STEP_TWICE -> twoNodesOfOneName();
      case A_TOOL_THAT_OUTLIVES_ITS_LEASE_CHANGES_NOTHING -> lostHeartbeats();
      case A_READER_GOES_ON_FROM_ANY_NUMBER -> reconnects();
      case A_TENANTS_LIMIT_HOLDS -> limits();
      case A_LOUD_TENANT_HOLDS_UP_NOBODY -> fairness();
      case EVERY_TRANSITION_IS_VISITED -> transitions();
    }
  }

  private void eventsHaveNoGaps() throws Exception {
    UUID run = start(RunRequest.of(LINE, "t", Update.of(LOG, List.of("in"))));
    work(LINE);
    awaits(run, "completed");
    same(List.of("in", "a", "b", "c"), log(run, LINE), "state");
    List<Event> events = driver.runs().events(run, 0, 1000);
    same(
        LongStream.rangeClosed(1, events.size()).boxed().toList(),
        events.stream().map(Event::seq).toList(),
        "event numbers");
    // On a machine so busy that a lease was lost there is more to tell.
    same(
        List.of(Event.STEP, Event.STEP, Event.STEP, Event.COMPLETED),
        events.stream().map(Event::kind).filter(kind -> !kind.equals(Event.SUPERSEDED)).toList(),
        "events");
  }

  private void aStartHappensOnce() throws Exception {
    RunRequest request = RunRequest.of(LINE, "t", Update.none()).key("k");
    List<Started> started = atOnce(8, () -> driver.start(request));
    same(1L, started.stream().filter(s -> s instanceof Started.Created).count(), "runs made");
    RunRequest other = RunRequest.of(LINE, "t", Update.of(LOG, List.of("x"))).key("k");
    expect(driver.start(other) instanceof Started.Conflict, "another body with the key conflicts");
  }

  private void anAnswerCountsOnce() throws Exception {
    UUID run = start(RunRequest.of(ASKS, "t", Update.none()));
    work(ASKS);
    awaits(run, "waiting");
    UUID question = driver.runs().questions(run).getFirst().id();
    List<Answered> all = atOnce(8, () -> driver.answer(question, "yes"));
    same(1L, all.stream().filter(a -> a == Answered.ACCEPTED).count(), "answers accepted");
    same(Answered.CONFLICT, driver.answer(question, "no"), "another answer");
    awaits(run, "completed");
    same(List.of("yes"), log(run, ASKS), "state");
    same(Answered.REPEATED, driver.answer(question, "yes"), "the same answer afterwards");
  }

  /**
   * Fails at the first statement, the second and so on, until a run comes to its end before the
   * failure: whatever a driver asks the database is tried. Each statement fails before or after it
   * took effect, from 20 rounds on both.
   */
  private void failures() throws Exception {
    Graph graph = PaidRuns.graph(ledger.url());
    FailingDataSource failing = new FailingDataSource(database);
    workers.add(driver.carry(failing.dataSource(), options("w"), List.of(graph)));
    boolean untouched = false;
    for (int n = 1; !untouched; n++) {
      expect(n < 500, "a run of three steps takes less than 500 statements");
      boolean first = random.nextBoolean();
      untouched = failsAt(failing, n, first);
      if (rounds >= 20) {
        untouched &= failsAt(failing, n, !first);
      }
    }
  }

  private boolean failsAt(FailingDataSource failing, int n, boolean after) throws Exception {
    failing.failAt(n, after);
    UUID run = paid.start("t");
    String where = "failure at statement " + n + (after ? ", after it" : ", before it");
    paid.settle(run, LIMIT, where);
    boolean untouched = !failing.failed();
    failing.failAt(Long.MAX_VALUE, false);
    return untouched;
  }

  private void terminatedBackends() throws Exception {
    Graph graph = PaidRuns.graph(ledger.url());
    workers.add(driver.carry(database, options("w"), List.of(graph)));
    for (int i = 0; i < Math.max(1, rounds / 4); i++) {
      List<UUID> all = starts(20);
      for (int kills = 0; kills < 3; kills++) {
        long before = steps();
        Outages.terminateBackends(database);
        until("work goes on", () -> steps() > before || ended(all) == all.size());
      }
      for (UUID run : all) {
        paid.settle(run, LIMIT, "backends were terminated");
      }
    }
  }

  /** At a statement of one run, in the middle of whatever the others are at. */
  private void crashes() throws Exception {
    Graph graph = PaidRuns.graph(ledger.url());
    FailingDataSource failing = new FailingDataSource(database);
    workers.add(driver.carry(failing.dataSource(), options("w"), List.of(graph)));
    for (int i = 0; i < Math.max(1, rounds / 8); i++) {
      List<UUID> all = starts(20);
      int n = random.nextInt(1, 30);
      boolean after = random.nextBoolean();
      CountDownLatch serves = new CountDownLatch(1);
      failing.at(n, after, () -> crash(serves));
      expect(serves.await(90, TimeUnit.SECONDS), "the database has crashed and serves again");
      for (UUID run : all) {
        paid.settle(run, LIMIT, "crash at statement " + n + (after ? ", after it" : ", before it"));
      }
    }
  }

  private void crash(CountDownLatch serves) {
    try {
      Outages.crash(database);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
    serves.countDown();
  }

  private void twoNodesOfOneName() throws Exception {
    Graph graph = PaidRuns.graph(ledger.url());
    workers.add(driver.carry(database, options("twin"), List.of(graph)));
    workers.add(driver.carry(database, options("twin"), List.of(graph)));
    for (UUID run : starts(20)) {
      paid.settle(run, LIMIT, "two nodes of one name");
    }
  }

  private void lostHeartbeats() throws Exception {
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch left = new CountDownLatch(1);
    AtomicBoolean first = new AtomicBoolean(true);
    Graph graph =
        Graph.named("outlives")
            .channels(LOG)
            .node(
                "a",
                c -> {
                  if (!first.compareAndSet(true, false)) {
                    return Update.of(LOG, List.of("second"));
                  }
                  inside.countDown();
                  // A tool that cannot be interrupted, and notices only when it is done.
                  while (!c.cancelled()) {
                    LockSupport.parkNanos(5_000_000);
                  }
                  left.countDown();
                  return Update.of(LOG, List.of("first"));
                })
            .node("b", says("b"))
            .start("a")
            .edge("a", "b")
            .build();
    FailingDataSource failing = new FailingDataSource(database);
    workers.add(driver.carry(failing.dataSource(), options("w"), List.of(graph)));
    UUID run = start(RunRequest.of(graph, "t", Update.none()));
    expect(inside.await(60, TimeUnit.SECONDS), "the tool began");
    failing.mute("graph-beat-");
    workers.add(driver.carry(database, options("other"), List.of(graph)));
    awaits(run, "completed");
    expect(left.await(60, TimeUnit.SECONDS), "the tool was told that it works for nothing");
    same(List.of("second", "b"), log(run, graph), "state");
  }

  private void reconnects() throws Exception {
    int steps = 60;
    Graph graph =
        Graph.named("talks")
            .channels(LOG)
            .node(
                "a",
                c -> {
                  c.event("word", c.get(LOG).size());
                  return Update.of(LOG, List.of("x"))
                      .go(c.get(LOG).size() + 1 < steps ? "a" : Graph.END);
                })
            .start("a")
            .build();
    UUID run = start(RunRequest.of(graph, "t", Update.none()));
    work(graph);
    // Read while it is written, cut off and begun again anywhere.
    List<Long> read = new ArrayList<>();
    long last = 0;
    long deadline = System.nanoTime() + LIMIT.toNanos();
    boolean ended = false;
    while (!ended && System.nanoTime() < deadline) {
      ended = driver.runs().find(run).orElseThrow().ended();
      for (Event event : driver.runs().events(run, last, random.nextInt(1, 9))) {
        read.add(event.seq());
        last = event.seq();
      }
    }
    expect(ended, "it ended");
    List<Long> all = numbers(run, 0);
    same(all.subList(0, read.size()), read, "what was read in pieces");
    for (int i = 0; i < 20; i++) {
      int from = random.nextInt(all.size());
      same(all.subList(from, all.size()), numbers(run, from), "events after " + from);
    }
  }

  private void limits() throws Exception {
    AtomicInteger now = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    Graph graph =
        Graph.named("capped")
            .channels(LOG)
            .node(
                "a",
                _ -> {
                  most.accumulateAndGet(now.incrementAndGet(), Math::max);
                  boolean never = new CountDownLatch(1).await(10, TimeUnit.MILLISECONDS);
                  now.decrementAndGet();
                  return Update.of(LOG, List.of("" + never));
                })
            .start("a")
            .build();
    new Limits(database, schema).running("t", 2);
    List<UUID> all = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      all.add(start(RunRequest.of(graph, "t", Update.none())));
    }
    work(graph);
    work(graph);
    for (UUID run : all) {
      awaits(run, "completed");
    }
    expect(most.get() >= 1 && most.get() <= 2, most + " at a time, and 2 are allowed");
  }

  /**
   * 200 tenants with one run each come after one that has thousands. Where tenants do not take
   * turns, there are fewer of all, the loud one has a limit, and the others need only come to their
   * end.
   */
  private void fairness() throws Exception {
    Graph graph = Graph.named("one").channels(LOG).node("a", says("a")).start("a").build();
    if (!driver.takesTurns()) {
      new Limits(database, schema).running("loud", 4);
    }
    int many = driver.takesTurns() ? Math.min(5000, 250 * rounds) : 50;
    for (int i = 0; i < many; i++) {
      start(RunRequest.of(graph, "loud", Update.none()));
    }
    List<UUID> quiet = new ArrayList<>();
    int others = driver.takesTurns() ? 200 : Math.min(200, 20 * rounds);
    for (int i = 0; i < others; i++) {
      quiet.add(start(RunRequest.of(graph, "quiet" + i, Update.none())));
    }
    workers.add(driver.carry(database, options("w").runsMax(32), List.of(graph)));
    until("all quiet tenants are done", () -> ended(quiet) == quiet.size());
    long left =
        number("SELECT count(*) FROM ~.run WHERE tenant = 'loud' AND status <> 'completed'");
    expect(
        left * 2 > many || !driver.takesTurns(),
        "of the loud tenant's " + many + " runs only " + left + " have waited");
  }

  private void transitions() throws Exception {
    Map<String, CountDownLatch> inside = new LinkedHashMap<>();
    AtomicBoolean fails = new AtomicBoolean(true);
    CountDownLatch go = new CountDownLatch(1);
    Node holds =
        c -> {
          latch(inside, c.runId()).countDown();
          while (!c.cancelled() && go.getCount() > 0) {
            LockSupport.parkNanos(5_000_000);
          }
          return Update.of(LOG, List.of("held"));
        };
    Graph slow =
        Graph.named("slow")
            .channels(LOG)
            .node("a", holds)
            .node("b", says("b"))
            .start("a")
            .edge("a", "b")
            .build();
    CountDownLatch free = new CountDownLatch(1);
    Graph stuck =
        Graph.named("stuck")
            .channels(LOG)
            .node(
                "a",
                c -> {
                  latch(inside, c.runId()).countDown();
                  while (!c.cancelled() && free.getCount() > 0) {
                    LockSupport.parkNanos(5_000_000);
                  }
                  return Update.of(LOG, List.of("a"));
                })
            .start("a")
            .build();
    Graph failing =
        Graph.named("failing")
            .channels(LOG)
            .node(
                "a",
                _ -> {
                  if (fails.get()) {
                    throw new IllegalStateException("on purpose");
                  }
                  return Update.of(LOG, List.of("a"));
                })
            .start("a")
            .build();

    // Before there is a worker.
    UUID early = start(RunRequest.of(LINE, "t", Update.none()));
    expect(driver.pause(early), "a queued run is paused");
    UUID pausedAndCancelled = start(RunRequest.of(LINE, "t", Update.none()));
    expect(driver.pause(pausedAndCancelled), "paused");
    expect(driver.cancel(pausedAndCancelled), "a paused run is cancelled");
    expect(driver.cancel(start(RunRequest.of(LINE, "t", Update.none()))), "a queued one also");
    expect(driver.resume(early), "a paused run is resumed");

    AutoCloseable worker =
        driver.carry(database, options("w"), List.of(slow, stuck, failing, LINE, ASKS));
    workers.add(worker);
    awaits(early, "completed");
    UUID failed = start(RunRequest.of(failing, "t", Update.none()));
    awaits(failed, "failed");
    fails.set(false);
    expect(driver.resume(failed), "a failed run is resumed");
    awaits(failed, "completed");
    UUID answered = start(RunRequest.of(ASKS, "t", Update.none()));
    UUID left = start(RunRequest.of(ASKS, "t", Update.none()));
    UUID rests = start(RunRequest.of(ASKS, "t", Update.none()));
    for (UUID run : List.of(answered, left, rests)) {
      awaits(run, "waiting");
    }
    expect(driver.cancel(left), "a waiting run is cancelled");
    expect(driver.pause(rests), "a waiting run will pause");
    for (UUID run : List.of(answered, rests)) {
      for (Question question : driver.runs().questions(run)) {
        same(Answered.ACCEPTED, driver.answer(question.id(), "yes"), "an answer");
      }
    }
    awaits(answered, "completed");
    awaits(rests, "paused");
    UUID cancelled = start(RunRequest.of(slow, "t", Update.none()));
    UUID paused = start(RunRequest.of(slow, "t", Update.none()));
    for (UUID run : List.of(cancelled, paused)) {
      expect(latch(inside, run.toString()).await(60, TimeUnit.SECONDS), "it is inside");
    }
    expect(driver.cancel(cancelled), "a running run is cancelled");
    awaits(cancelled, "cancelled");
    expect(driver.pause(paused), "a running run will pause");
    awaitsPauseRequest();
    go.countDown();
    awaits(paused, "paused");

    // Handed back, and what only faults lead to: the tables are set as the fault leaves them.
    UUID returned = start(RunRequest.of(stuck, "t", Update.none()));
    expect(latch(inside, returned.toString()).await(60, TimeUnit.SECONDS), "it is inside");
    worker.close();
    workers.remove(worker);
    awaits(returned, "queued");
    free.countDown();
    UUID overdue = start(RunRequest.of(LINE, "t", Update.none()));
    UUID dead = start(RunRequest.of(LINE, "t", Update.none()));
    UUID buried = start(RunRequest.of(LINE, "t", Update.none()));
    UUID parked = start(RunRequest.of(LINE, "t", Update.none()));
    UUID discarded = start(RunRequest.of(LINE, "t", Update.none()));
    hold(overdue, 0);
    hold(dead, 4);
    hold(buried, 4);
    spoil(parked, "jsonb_build_object('writes', 7)");
    spoil(discarded, "jsonb_build_object('writes', 7)");
    work(slow, stuck, failing, LINE, ASKS);
    awaits(returned, "completed");
    awaits(overdue, "completed");
    awaits(dead, "dead");
    awaits(buried, "dead");
    awaits(parked, "parked");
    awaits(discarded, "parked");
    spoil(parked, "jsonb_build_object('writes', jsonb_build_array())");
    expect(driver.resume(dead), "a dead run is resumed");
    expect(driver.resume(parked), "a parked run is resumed");
    expect(driver.cancel(buried), "a dead run is cancelled");
    expect(driver.cancel(discarded), "a parked run is cancelled");
    awaits(dead, "completed");
    awaits(parked, "completed");

    Set<String> missing = new TreeSet<>(Transitions.ALL);
    missing.removeAll(Transitions.seen(database, schema));
    expect(missing.isEmpty(), "never visited: " + missing);
  }

  private static CountDownLatch latch(Map<String, CountDownLatch> all, String run) {
    synchronized (all) {
      return all.computeIfAbsent(run, _ -> new CountDownLatch(1));
    }
  }

  /** A request reaches its worker with the next heartbeat; one more has gone by then. */
  private void awaitsPauseRequest() throws InterruptedException {
    boolean never =
        new CountDownLatch(1).await(2 * options("w").heartbeat().toMillis(), TimeUnit.MILLISECONDS);
    expect(!never, "time passed");
  }

  /** As a worker leaves a run that dies while it holds it. */
  private void hold(UUID run, int takeovers) throws SQLException {
    update(
        "UPDATE ~.run SET status = 'running', owner = 'gone', epoch = 1, fresh = false,"
            + " takeovers = ?, lease_until = now() - interval '1 s' WHERE id = ?::uuid",
        takeovers,
        run);
  }

  private void spoil(UUID run, String input) throws SQLException {
    update("UPDATE ~.run SET input = " + input + "::json WHERE ? = 0 AND id = ?::uuid", 0, run);
  }

  private void update(String sql, int number, UUID run) throws SQLException {
    try (var connection = database.getConnection();
        var statement = connection.prepareStatement(sql.replace("~.", schema + "."))) {
      statement.setInt(1, number);
      statement.setString(2, run.toString());
      same(1, statement.executeUpdate(), "rows changed");
    }
  }

  private void work(Graph... graphs) throws SQLException {
    workers.add(driver.carry(database, options("w"), List.of(graphs)));
  }

  private static WorkerOptions options(String name) {
    return WorkerOptions.named(name).lease(Duration.ofMillis(1500));
  }

  private List<UUID> starts(int many) throws SQLException {
    List<UUID> all = new ArrayList<>();
    for (int i = 0; i < many; i++) {
      all.add(paid.start("t" + i % 3));
    }
    return all;
  }

  private UUID start(RunRequest request) throws SQLException {
    return ((Started.Created) driver.start(request)).run();
  }

  private String awaits(UUID run, String... wanted) throws Exception {
    Runs runs = driver.runs();
    String[] status = {""};
    try {
      until(
          "the run's status",
          () -> {
            status[0] = runs.find(run).orElseThrow().status();
            return List.of(wanted).contains(status[0]);
          });
    } catch (AssertionError e) {
      throw new AssertionError(
          "run " + run + " is " + status[0] + ", not " + List.of(wanted) + ": " + runs.explain(run),
          e);
    }
    return status[0];
  }

  /** While the database is away, nothing is known yet. */
  private static void until(String what, Callable<Boolean> holds) throws Exception {
    long deadline = System.nanoTime() + LIMIT.toNanos();
    while (true) {
      SQLException away = null;
      try {
        if (holds.call()) {
          return;
        }
      } catch (SQLException e) {
        away = e;
      }
      if (System.nanoTime() > deadline) {
        throw new AssertionError("not within 60 s: " + what, away);
      }
      LockSupport.parkNanos(5_000_000);
    }
  }

  /** Of these, those that are at their end or wait for a person. */
  private int ended(List<UUID> runs) throws SQLException {
    String ids = runs.stream().map(run -> "'" + run + "'").collect(Collectors.joining(", "));
    return Math.toIntExact(
        number(
            "SELECT count(*) FROM ~.run WHERE status IN ('completed', 'waiting') AND id IN ("
                + ids
                + ")"));
  }

  private long steps() throws SQLException {
    return number("SELECT coalesce(sum(step), 0) FROM ~.run");
  }

  private long number(String sql) throws SQLException {
    try (var connection = database.getConnection();
        var statement = connection.createStatement();
        var row = statement.executeQuery(sql.replace("~.", schema + "."))) {
      row.next();
      return row.getLong(1);
    }
  }

  private List<String> log(UUID run, Graph graph) throws SQLException {
    StateView state = driver.runs().state(run, graph);
    return state.get(LOG);
  }

  private List<Long> numbers(UUID run, long after) throws SQLException {
    return driver.runs().events(run, after, 1000).stream().map(Event::seq).toList();
  }

  private static <T> List<T> atOnce(int threads, Callable<T> call) throws Exception {
    try (ExecutorService all = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<T>> futures = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        futures.add(all.submit(call));
      }
      List<T> results = new ArrayList<>();
      for (Future<T> future : futures) {
        results.add(future.get());
      }
      return results;
    }
  }

  private static Node says(String word) {
    return _ -> Update.of(LOG, List.of(word));
  }

  private static void same(Object expected, Object actual, String what) {
    expect(expected.equals(actual), what + ": " + actual + " instead of " + expected);
  }

  private static void expect(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError(what);
    }
  }
}
