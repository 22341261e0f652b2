package io.bellfounder.graph;

import java.lang.System.Logger.Level;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * One claimed run, carried by single supersteps: load, run tasks, decide, commit. What calls it
 * decides whether another step follows. Its methods are for one thread; the flags may be set, and
 * tasks interrupted, from any.
 */
final class StepCarrier {
  private static final String GAVE_UP = "gave_up";
  private static final String TIMED_OUT = "timed_out";
  private static final String SILENT =
      "it left its connection unused for so long that the database ended its transaction";
  private static final System.Logger LOG = System.getLogger(StepCarrier.class.getName());
  private final Database db;
  private final Journal.Claim claim;
  private final Graph graph;
  private final ExecutorService threads;
  private final Journal journal;
  private final List<Future<?>> working = new ArrayList<>();
  private final List<Journal.Entry> entries = new ArrayList<>();
  private final Herald herald;
  private final RunMetrics metrics;
  private final Drafts drafts = new Drafts();

  /** Effects of this claim by path and name; an intent is empty. */
  private final Map<String, Optional<Object>> done = new ConcurrentHashMap<>();

  /** Run after each renewal of the lease. */
  private volatile Runnable pulse = () -> {};

  private long begun = System.nanoTime();
  private volatile long steps;
  private volatile boolean draining;
  private volatile boolean stopped;
  private volatile boolean lost;
  private volatile boolean cancelled;
  private volatile boolean pausing;
  private Map<String, Map<String, Optional<Object>>> known = Map.of();

  /** What the runs of a process share. */
  record Shared(
      Database db, Commits commits, Herald herald, RunMetrics metrics, ExecutorService threads) {}

  StepCarrier(Shared shared, Journal.Claim claim, Graph graph) {
    this.db = shared.db();
    this.claim = claim;
    this.graph = graph;
    this.threads = shared.threads();
    this.herald = shared.herald();
    this.metrics = shared.metrics();
    this.journal = new Journal(db, shared.commits(), claim);
  }

  Journal.Claim claim() {
    return claim;
  }

  /** For log lines: the run, its graph, and how many steps it has taken. */
  String where() {
    return "run=" + claim.run() + " graph=" + graph.name() + " step=" + steps;
  }

  /** Also tell another, after each renewal of the lease, that this run is alive. */
  void pulse(Runnable tells) {
    pulse = tells;
  }

  void beaten() {
    pulse.run();
  }

  /** Stop at the next step's end. */
  void drain() {
    draining = true;
  }

  void pause(boolean wanted) {
    pausing = wanted;
  }

  /** Stop now, hand the run back. */
  void stop() {
    stopped = true;
    interrupt();
  }

  /** The lease is gone: stop now, write nothing. */
  void lose() {
    lost = true;
    interrupt();
  }

  void cancel() {
    cancelled = true;
    interrupt();
  }

  boolean lost() {
    return lost;
  }

  /** As what the run is to be given back before its next step; null if it goes on here. */
  @Nullable String leavesAs() {
    if (draining || stopped) {
      return "queued";
    }
    return pausing ? "paused" : null;
  }

  /** Whether what its tasks still do is for nothing. */
  boolean givenUp() {
    return cancelled || lost || stopped;
  }

  private void interrupt() {
    synchronized (working) {
      working.forEach(work -> work.cancel(true));
    }
  }

  /** Loads the state, or makes the first one; with answers that came in meanwhile. */
  @Nullable Decision begin() throws SQLException {
    record Loaded(Optional<State> state, Map<String, Object> answers, Map<String, Object> base) {}
    if (claim.checkpoint() == 0 && claim.thread() == null) {
      return first(Map.of());
    }
    Loaded loaded =
        db.transaction(c -> {
          Optional<State> state = journal.load(c, graph);
          if (state.isPresent()) {
            known = journal.tasks(c, state.get());
          }
          return new Loaded(
              state,
              journal.answers(c),
              state.isPresent() ? Map.of() : journal.threadValues(c, graph));
        });
    if (loaded.state().isEmpty()) {
      return first(loaded.base());
    }
    State state = loaded.state().get();
    if (state.status() instanceof Status.Waiting) {
      Decision answered = Kernel.answer(graph, state, loaded.answers());
      if (answered.status() instanceof Status.Waiting) {
        throw new IllegalStateException("it was queued while questions are open");
      }
      Decision next = Kernel.decide(graph, answered.state(), Map.of());
      // With the last gate answered nothing may be left to run.
      boolean more = next.status() instanceof Status.Running;
      return more || save(null, next, Map.of()) ? next : null;
    }
    Decision next = Kernel.decide(graph, state, Map.of());
    // A fork may begin at the end.
    boolean more = next.status() instanceof Status.Running;
    return more || save(null, next, Map.of()) ? next : null;
  }

  private @Nullable Decision first(Map<String, Object> base) throws SQLException {
    Decision first = Kernel.start(graph, base, Update.read(Json.read(claim.input())));
    return save(null, first, Map.of()) ? first : null;
  }

  /** One superstep; null if the run is no longer this worker's, or has been given up. */
  @Nullable Decision step(Decision now) throws SQLException {
    steps = now.state().step();
    begun = System.nanoTime();
    List<Task> tasks = now.tasks();
    Map<String, TaskResult> results = new HashMap<>();
    List<Task> open = new ArrayList<>();
    List<Task> inside = new ArrayList<>();
    for (Task task : tasks) {
      Optional<Object> done =
          known.getOrDefault(task.path(), Map.of()).getOrDefault("", Optional.empty());
      if (done.isPresent()) {
        results.put(task.path(), new TaskResult.Done(Update.read(done.get())));
        tell(journal.told(task.path()));
      } else {
        (Kernel.part(graph, task).options().transactional() ? inside : open).add(task);
      }
    }
    work(now.state(), open, tasks.size() > 1, results);
    if (lost) {
      return null;
    }
    if (cancelled) {
      save(null, now, Map.of(), "cancelled");
      return null;
    }
    if (stopped || results.size() + inside.size() < tasks.size()) {
      handBack("queued");
      return null;
    }
    return inside.isEmpty() ? decide(null, now, results) : commitInside(now, inside, results);
  }

  private @Nullable Decision decide(
      @Nullable Connection c, Decision now, Map<String, TaskResult> results) throws SQLException {
    Decision next = Kernel.decide(graph, now.state(), results);
    return save(c, next, results) ? next : null;
  }

  /**
   * Transactional nodes: their writes and the step's commit are one transaction. If one of them
   * fails or asks, nothing of it stands; where the run goes on all the same, the others run again.
   */
  private @Nullable Decision commitInside(
      Decision now, List<Task> inside, Map<String, TaskResult> results) throws SQLException {
    List<Task> left = new ArrayList<>(inside);
    while (true) {
      Map<Task, Attempt> ended = new LinkedHashMap<>();
      try (Connection c = db.source().getConnection()) {
        c.setAutoCommit(false);
        if (!holds(c)) {
          c.rollback();
          return null;
        }
        Task stopped = null;
        for (Task task : left) {
          Attempt attempt = attempt(now.state(), task, 1, c);
          if (!(attempt.result() instanceof TaskResult.Done)) {
            undo(c, attempt.result());
            results.put(task.path(), attempt.result());
            tell(attempt.told());
            stopped = task;
            break;
          }
          ended.put(task, attempt);
        }
        if (stopped == null) {
          return commitInside(c, now, ended, results);
        }
        left.remove(stopped);
      }
      Map<String, TaskResult> all = new HashMap<>(results);
      left.forEach(task -> all.put(task.path(), new TaskResult.Done(Update.none())));
      if (left.isEmpty()
          || Kernel.decide(graph, now.state(), all).status() instanceof Status.Failed) {
        return decide(null, now, all);
      }
    }
  }

  /** Locks the run's row, unless it is another's. */
  private boolean holds(Connection c) throws SQLException {
    return !db.query(
            c,
            r -> 1,
            "SELECT "
                + Database.BOUND_IDLE
                + " FROM ~.run"
                + " WHERE id = ? AND epoch = ? AND status = 'running' FOR UPDATE",
            claim.run(),
            claim.epoch())
        .isEmpty();
  }

  private @Nullable Decision commitInside(
      Connection c, Decision now, Map<Task, Attempt> ended, Map<String, TaskResult> results)
      throws SQLException {
    Map<String, TaskResult> all = new HashMap<>(results);
    ended.forEach((task, attempt) -> all.put(task.path(), attempt.result()));
    Decision next = Kernel.decide(graph, now.state(), all);
    if (next.status() instanceof Status.Failed) {
      // The step does not count, and so neither does what these nodes wrote.
      c.rollback();
      return decide(null, now, all);
    }
    ended.values().forEach(attempt -> tell(attempt.told()));
    boolean wrote = drafts.any();
    try {
      // If another task of the step asks, what these wrote stands, and they must not run again.
      boolean stays = next.state().step() == now.state().step();
      if (stays && !kept(c, ended) || !journal.commit(c, next, all, status(next), taken())) {
        c.rollback();
        return null;
      }
      c.commit();
    } catch (SQLException e) {
      if (!Database.wasSilent(e)) {
        throw e;
      }
      ended.keySet().forEach(t -> all.put(t.path(), new TaskResult.Failed(TIMED_OUT, SILENT)));
      return decide(null, now, all);
    }
    committed(next, status(next), wrote);
    return next;
  }

  private boolean kept(Connection c, Map<Task, Attempt> ended) throws SQLException {
    for (Map.Entry<Task, Attempt> each : ended.entrySet()) {
      if (each.getValue().result() instanceof TaskResult.Done(Update update)
          && !journal.record(c, each.getKey().path(), update.json(), each.getValue().told())) {
        return false;
      }
    }
    return true;
  }

  /** A transaction that the database has ended needs no end; any other has to have one. */
  private static void undo(Connection c, TaskResult result) throws SQLException {
    try {
      c.rollback();
    } catch (SQLException e) {
      if (!(result instanceof TaskResult.Failed(String code, _)) || !code.equals(TIMED_OUT)) {
        throw e;
      }
    }
  }

  private void work(State state, List<Task> open, boolean keep, Map<String, TaskResult> results)
      throws SQLException {
    Map<Task, Future<TaskResult>> futures = new LinkedHashMap<>();
    FutureTask<TaskResult> here = null;
    Semaphore places = new Semaphore(graph.tasksMax());
    for (Task task : open) {
      FutureTask<TaskResult> work =
          new FutureTask<>(() -> {
            places.acquire();
            try {
              return withRetries(state, task, keep);
            } finally {
              places.release();
            }
          });
      futures.put(task, work);
      if (here != null) {
        threads.execute(here);
      }
      here = work;
    }
    synchronized (working) {
      working.clear();
      working.addAll(futures.values());
    }
    if (stopped || lost || cancelled) {
      interrupt();
    }
    if (here != null) {
      // The last one, or the only one, needs no other thread.
      here.run();
      boolean _ = Thread.interrupted();
    }
    for (Map.Entry<Task, Future<TaskResult>> entry : futures.entrySet()) {
      try {
        results.put(entry.getKey().path(), entry.getValue().get());
      } catch (CancellationException e) {
        // Stopped, lost or cancelled; the flags say which.
      } catch (InterruptedException e) {
        stopped = true;
        interrupt();
      } catch (ExecutionException e) {
        if (e.getCause() instanceof SQLException sql) {
          interrupt();
          throw sql;
        }
        if (!(stopped || lost || cancelled)) {
          throw new IllegalStateException("a task ended strangely", e.getCause());
        }
      }
    }
  }

  private TaskResult withRetries(State state, Task task, boolean keep)
      throws SQLException, InterruptedException {
    NodeOptions options = Kernel.part(graph, task).options();
    for (int attempt = 1; ; attempt++) {
      Attempt ended = timed(state, task, attempt, options.timeout());
      TaskResult result = ended.result();
      if (result instanceof TaskResult.Failed(String code, _)
          && !code.equals(GAVE_UP)
          && attempt < options.retry().attemptsMax()) {
        metrics.retried(graph.name(), task.node());
        tell(List.of(superseded(task, claim.takeovers() + attempt)));
        Thread.sleep(options.retry().waitAfter(attempt));
        continue;
      }
      tell(ended.told());
      if (keep && result instanceof TaskResult.Done(Update update)) {
        if (!journal.record(task.path(), update.json(), ended.told())) {
          lose();
        }
      }
      return result;
    }
  }

  private static Journal.Entry superseded(Task task, int attempt) {
    return new Journal.Entry(
        Event.SUPERSEDED, Json.tree(Map.of("path", task.path(), "attempt", (long) attempt)));
  }

  /** How an attempt ended, and what it told. */
  private record Attempt(TaskResult result, List<Journal.Entry> told) {}

  private Attempt timed(State state, Task task, int attempt, Duration limit)
      throws SQLException, InterruptedException {
    Future<Attempt> work = threads.submit(() -> attempt(state, task, attempt, null));
    try {
      return work.get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      work.cancel(true);
      return new Attempt(new TaskResult.Failed(TIMED_OUT, "no result within " + limit), List.of());
    } catch (InterruptedException e) {
      work.cancel(true);
      throw e;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof SQLException sql) {
        throw sql;
      }
      return new Attempt(
          new TaskResult.Failed("node_failed", ErrorKind.of(e.getCause())), List.of());
    }
  }

  private Attempt attempt(State state, Task task, int attempt, @Nullable Connection c)
      throws SQLException {
    Node node = Kernel.part(graph, task).code();
    if (node == null) {
      throw new IllegalStateException("a subgraph is no task");
    }
    TaskContext context = new TaskContext(this, state, task, attempt, c);
    boolean once = Kernel.part(graph, task).options().once();
    TaskResult result = run(once ? _ -> context.atMostOnce(node) : node, context);
    return new Attempt(result, context.told());
  }

  private static TaskResult run(Node node, TaskContext context) throws SQLException {
    try {
      Update update = node.run(context);
      // A node that catches everything also catches the question; it stands all the same.
      TaskContext.Asking asked = context.asking();
      if (asked == null && update == null) {
        return new TaskResult.Failed("node_failed", "it returned null: return Update.none()");
      }
      return asked == null ? new TaskResult.Done(update) : new TaskResult.Asked(asked.asks);
    } catch (TaskContext.Asking asking) {
      return new TaskResult.Asked(asking.asks);
    } catch (TaskContext.JournalFailed e) {
      throw e.cause;
    } catch (GiveUp e) {
      return new TaskResult.Failed(GAVE_UP, ErrorKind.of(e.getCause() == null ? e : e.getCause()));
    } catch (Exception | LinkageError | AssertionError | StackOverflowError e) {
      return Database.wasSilent(e)
          ? new TaskResult.Failed(TIMED_OUT, SILENT)
          : new TaskResult.Failed("node_failed", ErrorKind.of(e));
    }
  }

  private boolean save(@Nullable Connection c, Decision decision, Map<String, TaskResult> results)
      throws SQLException {
    return save(c, decision, results, status(decision));
  }

  private boolean save(
      @Nullable Connection c, Decision decision, Map<String, TaskResult> results, String status)
      throws SQLException {
    List<Journal.Entry> told = new ArrayList<>(taken());
    if (status.equals("cancelled")) {
      told.addAll(drafts.partial(told));
    }
    boolean wrote = drafts.any();
    boolean saved = journal.commit(c, decision, results, status, told);
    if (saved) {
      committed(decision, status, wrote);
    }
    return saved;
  }

  private void committed(Decision decision, String status, boolean wrote) {
    journal.committed(decision);
    drafts.clear();
    herald.changed(claim.run(), journal.seq(), wrote);
    metrics.step(graph.name(), status, Duration.ofNanos(System.nanoTime() - begun));
    if (decision.status() instanceof Status.Failed(String code, String node, String message)) {
      LOG.log(
          Level.WARNING,
          where()
              + " code="
              + code
              + " node="
              + node
              + " has failed ("
              + message
              + "); its state is the one before the step, until it is resumed or forked");
    }
  }

  private List<Journal.Entry> taken() {
    synchronized (entries) {
      List<Journal.Entry> told = List.copyOf(entries);
      entries.clear();
      return told;
    }
  }

  private static String status(Decision decision) {
    return switch (decision.status()) {
      case Status.Running() -> "running";
      case Status.Waiting() -> "waiting";
      case Status.Completed() -> "completed";
      case Status.Failed _ -> "failed";
    };
  }

  /** Gives the run back, or leaves that to the end of its lease. */
  void handBack(String status) {
    // The database may be just restarting: a moment's patience saves a whole lease.
    for (int i = 0; i < 3 && !lost; i++) {
      try {
        journal.handBack(status);
        herald.changed(claim.run(), journal.seq() + 1, drafts.any());
        return;
      } catch (SQLException e) {
        LOG.log(Level.DEBUG, where() + " could not be handed back; it tries again", e);
        LockSupport.parkNanos(100_000_000L);
      }
    }
  }

  /** Takes the run out of the way because it cannot be read or carried on. */
  void park(String code, String why) throws SQLException {
    journal.park(code, why);
    herald.changed(claim.run(), journal.seq() + 1, drafts.any());
  }

  /** What is known of an effect: null if nothing, empty if it was only meant to happen. */
  @Nullable Optional<Object> effect(String path, String name) {
    Optional<Object> here = done.get(path + "\n" + name);
    return here != null ? here : known.getOrDefault(path, Map.of()).get(name);
  }

  /** Commits an effect's intent (no result) or its result; false if the run is lost. */
  boolean record(String path, String name, @Nullable Object result) throws SQLException {
    done.put(path + "\n" + name, Optional.ofNullable(result));
    boolean recorded = journal.record(path, name, result);
    if (!recorded) {
      lose();
    }
    return recorded;
  }

  private void tell(List<Journal.Entry> told) {
    synchronized (entries) {
      entries.addAll(told);
    }
  }

  void token(String message, int attempt, String text) {
    if (message.isEmpty() || message.length() > 200 || message.indexOf('\0') >= 0) {
      throw new IllegalArgumentException("a message's id has 1 to 200 characters");
    }
    if (!givenUp()) {
      long n = drafts.add(message, attempt, text);
      if (n > 0) {
        herald.token(claim, journal.seq(), message, attempt, n, text);
      }
    }
  }
}
