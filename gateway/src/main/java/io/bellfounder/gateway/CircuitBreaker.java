package io.bellfounder.gateway;

import java.time.Duration;
import java.time.Instant;

/**
 * Leaves a failing target alone for a while, then lets one probe through; once that is answered,
 * the next failure is one too many until something ended well. Pure: every method is told the time.
 * Not thread-safe; its owner guards it.
 */
public final class CircuitBreaker {

  /** What the breaker lets through. */
  public enum State {
    /** Everything. */
    CLOSED,
    /** Nothing. */
    OPEN,
    /** One probe, whose outcome decides. */
    HALF_OPEN
  }

  private final GatewayConfig.Breaker config;
  private State state = State.CLOSED;
  private int failures;
  private Duration openFor;
  private Instant openUntil = Instant.MIN;
  private boolean probing;

  CircuitBreaker(GatewayConfig.Breaker config) {
    this.config = config;
    this.openFor = config.openFor();
  }

  /** True if an attempt may start now; a probe is taken by asking and given back by its outcome. */
  boolean admits(Instant now) {
    if (state == State.OPEN && !now.isBefore(openUntil)) {
      state = State.HALF_OPEN;
      probing = false;
    }
    if (state == State.HALF_OPEN && !probing) {
      probing = true;
      return true;
    }
    return state == State.CLOSED;
  }

  void succeeded() {
    state = State.CLOSED;
    failures = 0;
    probing = false;
    openFor = config.openFor();
  }

  /** The probe's answer has begun: everything is let through again, on trial. */
  void answering() {
    if (state == State.HALF_OPEN) {
      state = State.CLOSED;
      failures = config.failures() - 1;
      probing = false;
    }
  }

  void failed(Instant now) {
    failures++;
    if (state == State.HALF_OPEN) {
      Duration doubled = openFor.multipliedBy(2);
      openFor = doubled.compareTo(config.openForAtMost()) > 0 ? config.openForAtMost() : doubled;
      open(now);
    } else if (state == State.CLOSED && failures >= config.failures()) {
      open(now);
    }
  }

  /** The attempt ended without saying anything about the target, as when its client left. */
  void undecided() {
    probing = false;
  }

  private void open(Instant now) {
    state = State.OPEN;
    openUntil = now.plus(openFor);
    probing = false;
  }

  State state() {
    return state;
  }

  int failures() {
    return failures;
  }

  /** Meaningful while open. */
  Instant openUntil() {
    return openUntil;
  }
}
