package io.bellfounder.gateway;

import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * How one model at one provider is doing. Four things are kept apart: a rate limit makes it
 * <em>wait</em>, an overloaded provider that asks for it gets a <em>pause</em>, failures open its
 * <em>breaker</em>, a refused credential <em>benches</em> it until the routes are replaced. Shared
 * by all event loops; its monitor guards it.
 */
final class TargetState {
  /** A provider that asks for a day is asked again sooner. */
  static final Duration LONGEST_WAIT = Duration.ofSeconds(60);

  private static final Duration UNSTATED_WAIT = Duration.ofSeconds(2);

  private final String provider;
  private final String model;
  private final boolean ofMany;
  private final CircuitBreaker breaker;
  private Instant waitUntil = Instant.MIN;
  private Instant pausedUntil = Instant.MIN;
  private boolean benched;
  private TargetHealth.@Nullable LastError lastError;
  private @Nullable Instant lastSuccessAt;
  private final Set<UUID> organisations = new HashSet<>(2);
  private long attempts;
  private long errors;
  private Instant lastUsed;

  /**
   * @param ofMany true if many models share the state; it then only counts, as the trouble of one
   *     must not stop the others
   */
  TargetState(
      String provider, String model, boolean ofMany, GatewayConfig.Breaker config, Instant now) {
    this.provider = provider;
    this.model = model;
    this.ofMany = ofMany;
    this.breaker = new CircuitBreaker(config);
    this.lastUsed = now;
  }

  /** Why a target is passed over. */
  enum Verdict {
    ADMITTED,
    WAITING,
    PAUSED,
    OPEN,
    BENCHED
  }

  synchronized Verdict admit(Instant now) {
    lastUsed = now;
    if (now.isBefore(waitUntil)) {
      return Verdict.WAITING;
    }
    if (benched) {
      return Verdict.BENCHED;
    }
    if (now.isBefore(pausedUntil)) {
      return Verdict.PAUSED;
    }
    return breaker.admits(now) ? Verdict.ADMITTED : Verdict.OPEN;
  }

  /** Whether {@link #admit} would say yes; takes no probe. */
  synchronized boolean available(Instant now) {
    boolean due =
        breaker.state() == CircuitBreaker.State.CLOSED || !now.isBefore(breaker.openUntil());
    return due && !benched && !asksForTime(now);
  }

  private boolean asksForTime(Instant now) {
    return now.isBefore(waitUntil) || now.isBefore(pausedUntil);
  }

  /** When the target would be tried again by itself; orders those that are all passed over. */
  synchronized Instant readmittedAt() {
    if (benched) {
      return Instant.MAX;
    }
    boolean closed = breaker.state() == CircuitBreaker.State.CLOSED;
    return later(pausedUntil, closed ? waitUntil : breaker.openUntil());
  }

  synchronized Instant waitUntil() {
    return waitUntil;
  }

  synchronized void record(
      OpenedCall call, Attempt attempt, @Nullable Duration retryAfter, Instant now) {
    attempts++;
    organisations.add(call.key().organisationId());
    switch (attempt.outcome()) {
      case OK -> {
        breaker.succeeded();
        benched = false;
        lastSuccessAt = now;
      }
      case REQUEST_REFUSED -> breaker.succeeded();
      case RATE_LIMITED -> {
        breaker.undecided();
        waitUntil = later(waitUntil, now.plus(bounded(retryAfter)));
        remember(call, attempt, now);
      }
      case CREDENTIAL_REFUSED -> {
        breaker.undecided();
        benched = true;
        remember(call, attempt, now);
      }
      case OVERLOADED -> {
        breaker.failed(now);
        if (retryAfter != null) {
          pausedUntil = later(pausedUntil, now.plus(bounded(retryAfter)));
        }
        remember(call, attempt, now);
      }
      case PROVIDER_ERROR, CONNECT_FAILED, TIMED_OUT, CUT -> {
        breaker.failed(now);
        remember(call, attempt, now);
      }
      case ABORTED, SKIPPED -> breaker.undecided();
    }
    if (ofMany) {
      breaker.succeeded();
      benched = false;
      waitUntil = Instant.MIN;
      pausedUntil = Instant.MIN;
    }
  }

  /** A first event came: what waited for a probe need not wait for the end of its stream. */
  synchronized void answering() {
    breaker.answering();
  }

  synchronized void unbench() {
    benched = false;
  }

  /** When it was last used; null while it keeps calls away, which must not be forgotten. */
  synchronized @Nullable Instant dispensableSince(Instant now) {
    boolean closed = breaker.state() == CircuitBreaker.State.CLOSED;
    return closed && !benched && !asksForTime(now) ? lastUsed : null;
  }

  synchronized TargetHealth health(Instant now) {
    boolean open = breaker.state() == CircuitBreaker.State.OPEN;
    return new TargetHealth(
        provider,
        model,
        breaker.state(),
        breaker.failures(),
        open ? breaker.openUntil() : null,
        asksForTime(now) ? later(waitUntil, pausedUntil) : null,
        benched,
        lastError,
        lastSuccessAt,
        Set.copyOf(organisations),
        attempts,
        errors);
  }

  private void remember(OpenedCall call, Attempt attempt, Instant now) {
    errors++;
    lastError =
        new TargetHealth.LastError(
            now,
            attempt.outcome(),
            attempt.status(),
            attempt.detail(),
            call.key().organisationId(),
            call.id());
  }

  private static Duration bounded(@Nullable Duration retryAfter) {
    if (retryAfter == null) {
      return UNSTATED_WAIT;
    }
    return retryAfter.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : retryAfter;
  }

  private static Instant later(Instant a, Instant b) {
    return a.isAfter(b) ? a : b;
  }
}
