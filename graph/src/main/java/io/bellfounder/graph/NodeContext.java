package io.bellfounder.graph;

import java.sql.Connection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Function;

/** What a node sees while it runs. Valid until the node returns; for the node's thread only. */
public interface NodeContext {
  StateView state();

  default <T> T get(Channel<T> channel) {
    return state().get(channel);
  }

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

  /** An event of the caller's kind, committed with the step. */
  void event(String kind, Object data);

  /**
   * The connection of the step's own transaction, for transactional nodes only. Do not commit,
   * close or keep it.
   */
  Connection connection();
}
