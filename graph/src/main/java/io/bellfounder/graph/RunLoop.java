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
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One claimed run, from its last commit to its end or until it is given up: load, run tasks,
 * decide, commit, and again. One virtual thread; the worker's threads only set flags and interrupt.
 */
final class RunLoop {
  private static final System.Logger LOG = System.getLogger(RunLoop.class.getName());
  private final Database db;
  private final Journal.Claim claim;
  private final Graph graph;
  private final ExecutorService threads;
  private final Journal journal;
  private final List<Future<?>> working = new ArrayList<>();
  private final List<Journal.Entry> entries = new ArrayList<>();

  /** Effects of this claim by path and name; an intent is empty. */
  private final Map<String, Optional<Object>> done = new ConcurrentHashMap<>();

  private volatile boolean draining;
  private volatile boolean stopped;
  private volatile boolean lost;
  private volatile boolean cancelled;
  private volatile boolean pausing;
  private Map<String, Map<String, Optional<Object>>> known = Map.of();

  RunLoop(Database db, Journal.Claim claim, Graph graph, ExecutorService threads) {
    this.db = db;
    this.claim = claim;
    this.graph = graph;
    this.threads = threads;
    this.journal = new Journal(db, claim);
  }

  Journal.Claim claim() {
    return claim;
  }

  /** Stop at the next step's end. */
  void drain() {
    draining = true;
  }

  void pause() {
    pausing = true;
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

  private void interrupt() {
    synchronized (working) {
      working.forEach(work -> work.cancel(true));
    }
  }

  void run() {
    try {
      carry();
    } catch (SQLException e) {
      // The lease runs out unless the hand-back gets through; either way another goes on.
      LOG.log(
          Level.WARNING,
          "run " + claim.run() + " stops here: the database failed; it is taken up again",
          e);
      handBack("queued");
    } catch (RuntimeException e) {
      LOG.log(Level.ERROR, "run " + claim.run() + " cannot be read and is parked", e);
      try {
        journal.park(e.getClass().getSimpleName() + ": " + e.getMessage());
      } catch (SQLException sql) {
        LOG.log(
            Level.WARNING, "run " + claim.run() + " could not be parked; its lease runs out", sql);
      }
    }
  }

  private void carry() throws SQLException {
    @Nullable Decision decision = begin();
    while (decision != null) {
      if (lost) {
        return;
      }
      if (!(decision.status() instanceof Status.Running)) {
        return;
      }
      if (draining || stopped || pausing) {
        handBack(pausing && !stopped && !draining ? "paused" : "queued");
        return;
      }
      decision = step(decision);
    }
  }

  /** Loads the state, or makes the first one; with answers that came in meanwhile. */
  private @Nullable Decision begin() throws SQLException {
    record Loaded(Optional<State> state, Map<String, Object> answers, Map<String, Object> base) {}
    Loaded loaded =
        db.transaction(c -> {
          known = journal.tasks(c);
          Optional<State> state = Journal.load(db, c, claim.run(), graph);
          return new Loaded(
              state,
              journal.answers(c),
              state.isPresent() ? Map.of() : journal.threadValues(c, graph));
        });
    if (loaded.state().isEmpty()) {
      Decision first = Kernel.start(graph, loaded.base(), Update.read(Json.read(claim.input())));
      return save(null, first) ? first : null;
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
      return more || save(null, next) ? next : null;
    }
    return Kernel.decide(graph, state, Map.of());
  }

  /** One superstep; null if the run is no longer this worker's, or has been given up. */
  private @Nullable Decision step(Decision now) throws SQLException {
    List<Task> tasks = now.tasks();
    Map<String, TaskResult> results = new HashMap<>();
    List<Task> open = new ArrayList<>();
    List<Task> inside = new ArrayList<>();
    for (Task task : tasks) {
      Optional<Object> done =
          known.getOrDefault(task.path(), Map.of()).getOrDefault("", Optional.empty());
      if (done.isPresent()) {
        results.put(task.path(), new TaskResult.Done(Update.read(done.get())));
      } else {
        (Kernel.part(graph, task).options().transactional() ? inside : open).add(task);
      }
    }
    work(now.state(), open, tasks.size() > 1, results);
    if (lost) {
      return null;
    }
    if (cancelled) {
      save(null, now, "cancelled");
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
    return save(c, next) ? next : null;
  }

  /** Transactional nodes: their writes and the step's commit are one transaction. */
  private @Nullable Decision commitInside(
      Decision now, List<Task> inside, Map<String, TaskResult> results) throws SQLException {
    try (Connection c = db.source().getConnection()) {
      c.setAutoCommit(false);
      boolean mine =
          !db.query(
                  c,
                  r -> 1,
                  "SELECT 1 FROM ~.run WHERE id = ? AND epoch = ? AND status = 'running' FOR UPDATE",
                  claim.run(),
                  claim.epoch())
              .isEmpty();
      if (!mine) {
        c.rollback();
        return null;
      }
      for (Task task : inside) {
        TaskResult result = attempt(now.state(), task, 1, c);
        results.put(task.path(), result);
        if (!(result instanceof TaskResult.Done)) {
          c.rollback();
          for (Task other : inside) {
            results.putIfAbsent(other.path(), result);
          }
          Map<String, TaskResult> failed = new HashMap<>(results);
          inside.forEach(t -> failed.put(t.path(), result));
          return decide(null, now, failed);
        }
      }
      Decision next = Kernel.decide(graph, now.state(), results);
      List<Journal.Entry> told = taken();
      if (!journal.commit(c, next, status(next), told)) {
        c.rollback();
        return null;
      }
      c.commit();
      journal.committed(next, told.size());
      return next;
    }
  }

  private void work(State state, List<Task> open, boolean keep, Map<String, TaskResult> results)
      throws SQLException {
    Map<Task, Future<TaskResult>> futures = new LinkedHashMap<>();
    for (Task task : open) {
      futures.put(task, threads.submit(() -> withRetries(state, task, keep)));
    }
    synchronized (working) {
      working.clear();
      working.addAll(futures.values());
    }
    if (stopped || lost || cancelled) {
      interrupt();
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
      TaskResult result = timed(state, task, attempt, options.timeout());
      if (result instanceof TaskResult.Failed && attempt < options.retry().attemptsMax()) {
        Thread.sleep(options.retry().waitAfter(attempt));
        continue;
      }
      if (keep && result instanceof TaskResult.Done(Update update)) {
        if (!journal.record(task.path(), "", update.json())) {
          lose();
        }
      }
      return result;
    }
  }

  private TaskResult timed(State state, Task task, int attempt, Duration limit)
      throws SQLException, InterruptedException {
    Future<TaskResult> work = threads.submit(() -> attempt(state, task, attempt, null));
    try {
      return work.get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      work.cancel(true);
      return new TaskResult.Failed("timed_out", "no result within " + limit);
    } catch (InterruptedException e) {
      work.cancel(true);
      throw e;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof SQLException sql) {
        throw sql;
      }
      return new TaskResult.Failed("node_failed", describe(e.getCause()));
    }
  }

  private TaskResult attempt(State state, Task task, int attempt, @Nullable Connection c)
      throws SQLException {
    Node node = Kernel.part(graph, task).code();
    if (node == null) {
      throw new IllegalStateException("a subgraph is no task");
    }
    Context context = new Context(state, task, attempt, c);
    try {
      Update update = node.run(context);
      // A node that catches everything also catches the question; it stands all the same.
      return context.asking == null
          ? new TaskResult.Done(update)
          : new TaskResult.Asked(context.asking.asks);
    } catch (Asking asking) {
      return new TaskResult.Asked(asking.asks);
    } catch (JournalFailed e) {
      throw e.cause;
    } catch (Exception e) {
      return new TaskResult.Failed("node_failed", describe(e));
    }
  }

  /** The kind of error only: its message may hold what must not be stored. */
  private static String describe(@Nullable Throwable error) {
    return error == null ? "unknown" : error.getClass().getName();
  }

  private boolean save(@Nullable Connection c, Decision decision) throws SQLException {
    return save(c, decision, status(decision));
  }

  private boolean save(@Nullable Connection c, Decision decision, String status)
      throws SQLException {
    List<Journal.Entry> told = taken();
    boolean saved =
        c != null
            ? journal.commit(c, decision, status, told)
            : db.transaction(own -> journal.commit(own, decision, status, told));
    if (saved) {
      journal.committed(decision, told.size());
    }
    return saved;
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

  private void handBack(String status) {
    // The database may be just restarting: a moment's patience saves a whole lease.
    for (int i = 0; i < 3 && !lost; i++) {
      try {
        journal.handBack(status);
        return;
      } catch (SQLException e) {
        LOG.log(Level.DEBUG, "run " + claim.run() + " could not be handed back yet", e);
        LockSupport.parkNanos(100_000_000L);
      }
    }
  }

  /** Leaves a node that needs an answer. */
  private static final class Asking extends RuntimeException {
    private final transient List<Ask> asks;

    Asking(List<Ask> asks) {
      super("the node asks a question", null, false, false);
      this.asks = asks;
    }
  }

  private static final class JournalFailed extends RuntimeException {
    private final SQLException cause;

    JournalFailed(SQLException cause) {
      super(cause);
      this.cause = cause;
    }
  }

  private final class Context implements NodeContext {
    private final State state;
    private final Task task;
    private final int attempt;
    private final @Nullable Connection connection;
    private @Nullable Asking asking;
    private int asked;
    private int effects;

    Context(State state, Task task, int attempt, @Nullable Connection connection) {
      this.state = state;
      this.task = task;
      this.attempt = attempt;
      this.connection = connection;
    }

    @Override
    public StateView state() {
      return Kernel.view(state, task);
    }

    @Override
    public Object input() {
      return task.input();
    }

    @Override
    public String runId() {
      return claim.run().toString();
    }

    @Override
    public String path() {
      return task.path();
    }

    @Override
    public int attempt() {
      return claim.takeovers() + attempt;
    }

    @Override
    public boolean cancelled() {
      return cancelled || lost || stopped;
    }

    @Override
    public Object interrupt(Object payload) {
      return interruptAll(List.of(payload)).getFirst();
    }

    @Override
    public List<Object> interruptAll(List<?> payloads) {
      List<Object> answers = new ArrayList<>();
      List<Ask> open = new ArrayList<>();
      for (Object payload : payloads) {
        Ask ask = new Ask(task.path(), asked++, task.node(), payload);
        Object answer = state.answers().get(ask.key());
        if (answer == null) {
          open.add(ask);
        } else {
          answers.add(answer);
        }
      }
      if (!open.isEmpty()) {
        throw asks(open);
      }
      return answers;
    }

    @Override
    public String effectKey(String name) {
      return Graph.sha256(claim.run() + "\n" + task.path() + "\n" + name);
    }

    @Override
    public Object once(String name, Callable<?> effect, Function<String, Optional<?>> lookup)
        throws Exception {
      if (name.isEmpty()) {
        throw new IllegalArgumentException("an effect needs a name");
      }
      int ordinal = 1000 + effects++;
      Optional<Object> done = effect(name);
      if (done != null && done.isPresent()) {
        return done.get();
      }
      if (done != null) {
        Optional<Object> settled = settle(name, ordinal, lookup);
        if (settled.isPresent()) {
          return keep(name, settled.get());
        }
      } else {
        put(name, null);
      }
      return keep(name, Json.tree(effect.call()));
    }

    /** An intent without a result: the receiver may know, else a person must. */
    private Optional<Object> settle(
        String name, int ordinal, Function<String, Optional<?>> lookup) {
      Optional<?> found = lookup.apply(effectKey(name));
      if (found.isPresent()) {
        return Optional.of(Json.tree(found.get()));
      }
      Ask ask = new Ask(task.path(), ordinal, task.node(), Map.of("unknown", name));
      Object answer = state.answers().get(ask.key());
      if (answer == null) {
        throw asks(List.of(ask));
      }
      boolean again = answer instanceof Map<?, ?> map && Boolean.TRUE.equals(map.get("retry"));
      return again ? Optional.empty() : Optional.of(answer);
    }

    private Asking asks(List<Ask> open) {
      asking = new Asking(open);
      return asking;
    }

    private Object keep(String name, Object result) {
      put(name, result);
      return result;
    }

    private @Nullable Optional<Object> effect(String name) {
      Optional<Object> here = done.get(task.path() + "\n" + name);
      return here != null ? here : known.getOrDefault(task.path(), Map.of()).get(name);
    }

    private void put(String name, @Nullable Object result) {
      done.put(task.path() + "\n" + name, Optional.ofNullable(result));
      try {
        if (!journal.record(task.path(), name, result)) {
          lose();
          throw new IllegalStateException("the run is another worker's by now");
        }
      } catch (SQLException e) {
        throw new JournalFailed(e);
      }
    }

    @Override
    public void event(String kind, Object data) {
      synchronized (entries) {
        entries.add(new Journal.Entry(kind, Json.tree(data)));
      }
    }

    @Override
    public Connection connection() {
      if (connection == null) {
        throw new IllegalStateException(
            "node " + task.node() + " is not transactional: make it so");
      }
      return connection;
    }
  }
}
