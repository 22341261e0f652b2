package io.bellfounder.graph;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** One attempt of one task: what its node sees, and the questions it asked. */
final class TaskContext implements NodeContext {
  /** Keeps the ordinals of an effect's questions apart from those of others. */
  private static final int AGAIN = 1_000_000;

  private final StepCarrier carrier;
  private final State state;
  private final Task task;
  private final int attempt;
  private final @Nullable Connection connection;
  private final List<Journal.Entry> told = new ArrayList<>();
  private @Nullable Asking asking;
  private boolean atMostOnce;
  private int asked;
  private int effects;

  TaskContext(
      StepCarrier carrier, State state, Task task, int attempt, @Nullable Connection connection) {
    this.carrier = carrier;
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
    return carrier.claim().run().toString();
  }

  @Override
  public String path() {
    return task.path();
  }

  @Override
  public int attempt() {
    return carrier.claim().takeovers() + attempt;
  }

  @Override
  public boolean cancelled() {
    return carrier.givenUp();
  }

  @Override
  public Object interrupt(Object payload) {
    return interruptAll(List.of(payload)).getFirst();
  }

  @Override
  public List<Object> interruptAll(List<?> payloads) {
    if (atMostOnce) {
      throw new IllegalStateException(
          "node " + task.node() + " runs at most once and cannot ask: let another node ask before");
    }
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
    return Graph.sha256(carrier.claim().run() + "\n" + task.path() + "\n" + name);
  }

  @Override
  public Object once(String name, Callable<?> effect, Function<String, Optional<?>> lookup)
      throws Exception {
    if (name.isEmpty() || name.length() > 200 || name.chars().anyMatch(c -> c < ' ')) {
      throw new IllegalArgumentException(
          "an effect's name has 1 to 200 characters and no control characters");
    }
    if (connection != null) {
      // Its intent would wait for the run's row, which this node's own transaction holds.
      throw new IllegalStateException(
          "node "
              + task.node()
              + " is transactional and cannot commit an effect of its own: let another node do it");
    }
    int ordinal = 1000 + effects++;
    Optional<Object> done = effect(name);
    if (done != null) {
      return done.isPresent() ? done.get() : settle(name, ordinal, effect, lookup);
    }
    put(name, null);
    return keep(name, Json.tree(effect.call()));
  }

  /** A whole node as one effect. */
  Update atMostOnce(Node node) throws Exception {
    atMostOnce = true;
    Object result = once("(node)", () -> node.run(this).json());
    return result instanceof Map<?, ?> map && map.containsKey("writes")
        ? Update.read(result)
        : Update.none();
  }

  /**
   * An intent without a result: the receiver may know, else a person must. Who says that it is to
   * be done again allows that once; then there is an intent anew, and maybe a question.
   */
  private Object settle(
      String name, int ordinal, Callable<?> effect, Function<String, Optional<?>> lookup)
      throws Exception {
    for (int again = 0; ; again++) {
      Map<String, String> payload = Map.of("unknown", name);
      Ask ask = new Ask(task.path(), ordinal + again * AGAIN, task.node(), payload);
      Object answer = state.answers().get(ask.key());
      if (answer == null) {
        Optional<?> found = lookup.apply(effectKey(name));
        if (found.isPresent()) {
          return keep(name, Json.tree(found.get()));
        }
        throw asks(List.of(ask));
      }
      if (!(answer instanceof Map<?, ?> map) || !Boolean.TRUE.equals(map.get("retry"))) {
        return keep(name, answer);
      }
      String retry = name + "\n" + (again + 1);
      if (effect(retry) == null) {
        put(retry, null);
        Object result = keep(name, Json.tree(effect.call()));
        put(retry, true);
        return result;
      }
    }
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
    return carrier.effect(task.path(), name);
  }

  private void put(String name, @Nullable Object result) {
    try {
      if (!carrier.record(task.path(), name, result)) {
        throw new IllegalStateException("the run is another worker's by now");
      }
    } catch (SQLException e) {
      throw new JournalFailed(e);
    }
  }

  @Override
  public void event(String kind, Object data) {
    Event.checkKind(kind);
    synchronized (told) {
      told.add(new Journal.Entry(kind, Json.tree(data)));
    }
  }

  @Override
  public void token(String message, String text) {
    carrier.token(message, attempt(), text);
  }

  /** What it told so far. */
  List<Journal.Entry> told() {
    synchronized (told) {
      return List.copyOf(told);
    }
  }

  @Override
  public Connection connection() {
    if (connection == null) {
      throw new IllegalStateException("node " + task.node() + " is not transactional: make it so");
    }
    return connection;
  }

  /** The questions that stand open, whether or not the node let the exception through. */
  @Nullable Asking asking() {
    return asking;
  }

  /** Leaves a node that needs an answer. */
  static final class Asking extends RuntimeException {
    final transient List<Ask> asks;

    Asking(List<Ask> asks) {
      super("the node asks a question", null, false, false);
      this.asks = asks;
    }
  }

  static final class JournalFailed extends RuntimeException {
    final SQLException cause;

    JournalFailed(SQLException cause) {
      super(cause);
      this.cause = cause;
    }
  }
}
