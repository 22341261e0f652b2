package io.bellfounder.server.operation;

import java.util.concurrent.atomic.AtomicReference;

/** Whether this process wants traffic. Safe for use by many threads. */
public final class Readiness {
  /** In this order, never back. */
  public enum State {
    STARTING,
    READY,
    DRAINING
  }

  private final AtomicReference<State> state = new AtomicReference<>(State.STARTING);

  public State state() {
    return state.get();
  }

  /** Traffic may come. Does nothing once draining began. */
  public void ready() {
    state.compareAndSet(State.STARTING, State.READY);
  }

  /**
   * No new traffic, from this moment on.
   *
   * @return true if it was wanted until then
   */
  public boolean drain() {
    return state.getAndSet(State.DRAINING) == State.READY;
  }
}
