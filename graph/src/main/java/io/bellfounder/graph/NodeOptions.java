package io.bellfounder.graph;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a node runs.
 *
 * @param retry default {@link RetryPolicy#NEVER}
 * @param timeout of one attempt; default 10 minutes
 * @param deferred runs only when nothing else is left to run
 * @param askBefore waits for a person before it runs
 * @param askAfter waits for a person after it ran
 * @param onFailure where to go when it failed for good, instead of failing the run
 * @param goes where its commands may lead; empty means anywhere
 * @param transactional runs inside the step's commit, see {@link NodeContext#connection()}
 * @param once runs at most once, as one {@linkplain NodeContext#once effect}: after a failure, or
 *     if a process dies in it, a person is asked, whose answer is {@code {"retry": true}} or
 *     anything else, by which it counts as done without an update. It cannot be transactional, be
 *     tried again by itself, or ask questions
 */
public record NodeOptions(
    RetryPolicy retry,
    Duration timeout,
    boolean deferred,
    boolean askBefore,
    boolean askAfter,
    @Nullable String onFailure,
    List<String> goes,
    boolean transactional,
    boolean once) {
  public static final NodeOptions DEFAULT =
      new NodeOptions(
          RetryPolicy.NEVER,
          Duration.ofMinutes(10),
          false,
          false,
          false,
          null,
          List.of(),
          false,
          false);

  public NodeOptions {
    goes = List.copyOf(goes);
    if (timeout.isZero() || timeout.isNegative()) {
      throw new IllegalArgumentException("a node's timeout is above zero, not " + timeout);
    }
    if (transactional && retry.attemptsMax() > 1) {
      throw new IllegalArgumentException(
          "a transactional node is not tried again: leave its retry policy out");
    }
    if (once && (transactional || retry.attemptsMax() > 1)) {
      throw new IllegalArgumentException(
          "a node that runs at most once is not transactional and not tried again");
    }
  }

  /** The same with another retry policy. */
  public NodeOptions retry(RetryPolicy policy) {
    return new NodeOptions(
        policy, timeout, deferred, askBefore, askAfter, onFailure, goes, transactional, once);
  }

  /** The same with another time for one attempt, above zero. */
  public NodeOptions timeout(Duration limit) {
    return new NodeOptions(
        retry, limit, deferred, askBefore, askAfter, onFailure, goes, transactional, once);
  }

  /** The same, but only when nothing else is left to run. */
  public NodeOptions asDeferred() {
    return new NodeOptions(
        retry, timeout, true, askBefore, askAfter, onFailure, goes, transactional, once);
  }

  /** The same, behind a gate: waits for any answer before it runs. */
  public NodeOptions askingBefore() {
    return new NodeOptions(
        retry, timeout, deferred, true, askAfter, onFailure, goes, transactional, once);
  }

  /** The same, but what follows waits for any answer. */
  public NodeOptions askingAfter() {
    return new NodeOptions(
        retry, timeout, deferred, askBefore, true, onFailure, goes, transactional, once);
  }

  /** The same; when it failed for good, the run goes to this node. */
  public NodeOptions onFailure(String node) {
    return new NodeOptions(
        retry, timeout, deferred, askBefore, askAfter, node, goes, transactional, once);
  }

  /** The same; its commands lead to these nodes only. */
  public NodeOptions goes(String... nodes) {
    return new NodeOptions(
        retry,
        timeout,
        deferred,
        askBefore,
        askAfter,
        onFailure,
        List.of(nodes),
        transactional,
        once);
  }

  /** The same, but inside the step's commit: no retry, no time-out, a connection. */
  public NodeOptions asTransactional() {
    return new NodeOptions(
        retry, timeout, deferred, askBefore, askAfter, onFailure, goes, true, once);
  }

  /** The same, but at most once: a person is asked where nobody knows whether it has happened. */
  public NodeOptions asOnce() {
    return new NodeOptions(
        retry, timeout, deferred, askBefore, askAfter, onFailure, goes, transactional, true);
  }
}
