package io.bellfounder.gateway;

import java.time.Instant;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What the data plane knows of one model at one provider at this moment.
 *
 * @param failures consecutive ones
 * @param openUntil while the breaker is open, when it lets a probe through
 * @param waitUntil while the provider asks to wait, by a rate limit or overloaded, until when
 * @param benched true if the provider refused the credential since the routes were last replaced
 * @param organisations those whose calls met it, who alone may know it where no route names it
 * @param attempts since the process started, not counting skipped ones
 * @param errors of those
 */
public record TargetHealth(
    String provider,
    String model,
    CircuitBreaker.State breaker,
    int failures,
    @Nullable Instant openUntil,
    @Nullable Instant waitUntil,
    boolean benched,
    @Nullable LastError lastError,
    @Nullable Instant lastSuccessAt,
    Set<UUID> organisations,
    long attempts,
    long errors) {

  /**
   * The most recent failed attempt.
   *
   * @param organisationId the tenant of the call, who alone may know the call
   */
  public record LastError(
      Instant at,
      Attempt.Outcome outcome,
      @Nullable Integer status,
      @Nullable String detail,
      UUID organisationId,
      UUID callId) {}
}
