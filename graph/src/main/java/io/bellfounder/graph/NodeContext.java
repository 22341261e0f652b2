package io.bellfounder.graph;

import java.sql.Connection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Function;

/** What a node sees while it runs. Valid until the node returns; for the node's thread only. */
public interface NodeContext {
  /** The channels of the node's own graph, as they were when the step began. */
  StateView state();

  /**
   * A channel's value when the step began.
   *
   * @throws IllegalStateException if it has none
   */
  default <T> T get(Channel<T> channel) {
    return state().get(channel);
  }

  /** The same, empty if it has none. */
  default <T> Optional<T> find(Channel<T> channel) {
    return state().find(channel);
  }

  /** What was sent to this task, or {@link JsonNull}. */
  Object input();

  /** What was sent to this task, as {@link Codec#of(Class)} reads it. */
  default <T> T input(Class<T> type) {
    return Codec.of(type).decode(input());
  }

  /** The run's id and the task's path. */
  String runId();

  /** The task's place in the run, the same in every attempt. */
  String path();

  /** Counts from 1; an earlier process's attempts count as one for each take-over. */
  int attempt();

  /** Whether the run was cancelled or its lease lost: stop soon, nothing will be kept. */
  boolean cancelled();

  /**
   * Asks a person, and returns the answer when there is one. Without one the run waits, the node
   * starts anew after the answer, and then this returns; so what stands before it runs again.
   */
  Object interrupt(Object payload);

  /** As above, with the answer as {@link Codec#of(Class)} reads it. */
  default <T> T interrupt(Object payload, Class<T> answer) {
    return Codec.of(answer).decode(interrupt(payload));
  }

  /** Asks several questions at once; returns when all are answered. */
  List<Object> interruptAll(List<?> payloads);

  /**
   * A key for one effect of this task, the same in every attempt and on every machine: send it as
   * {@code Idempotency-Key}. A fork of the run has other keys.
   */
  String effectKey(String name);

  /**
   * Does something at most once. An intent is committed before the call and the result after it. If
   * a process dies between the two, nobody knows: then {@code lookup} is asked with the effect's
   * key, and if it does not know either, the run waits for a person, whose answer is the result, or
   * {@code {"retry": true}} to do it again.
   */
  Object once(String name, Callable<?> effect, Function<String, Optional<?>> lookup)
      throws Exception;

  /** As above, without a way to look. */
  default Object once(String name, Callable<?> effect) throws Exception {
    return once(name, effect, _ -> Optional.empty());
  }

  /** As above, with the result, or a person's answer, as {@link Codec#of(Class)} reads it. */
  default <T> T once(String name, Class<T> result, Callable<T> effect) throws Exception {
    return Codec.of(result).decode(once(name, effect));
  }

  /**
   * An event of the caller's kind, committed with the step. What a failed attempt told is dropped
   * when the task is tried again.
   *
   * @throws IllegalArgumentException if it is one of the engine's own kinds
   */
  void event(String kind, Object data);

  /**
   * Shows readers a piece of a message while it is being written, within some 20 ms. It does not
   * wait for anybody: pieces that the database does not take in time are dropped, which readers see
   * by their numbers. Ends with {@link #message}.
   *
   * @param message chosen by the node, unique within the run
   */
  void token(String message, String text);

  /** A whole message, committed with the step; its tokens vanish then. */
  default void message(String id, Object message) {
    event(Event.MESSAGE, Map.of("id", id, "message", message));
  }

  /** A call of a tool or its result, committed with the step. */
  default void tool(String call, Object data) {
    event(Event.TOOL, Map.of("call", call, "tool", data));
  }

  /**
   * The connection of the step's own transaction, for transactional nodes only. Do not commit,
   * close or keep it.
   */
  Connection connection();
}
