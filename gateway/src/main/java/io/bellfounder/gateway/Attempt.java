package io.bellfounder.gateway;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One try of one target.
 *
 * @param ordinal counted from 1 within the call
 * @param model the name sent to the provider
 * @param status the provider's HTTP status; {@code null} if none arrived
 * @param providerRequestId the provider's {@code request-id} or {@code x-request-id}
 * @param ttfbMillis from the attempt's start to the provider's first body byte; {@code null} if
 *     none arrived
 * @param detail one bounded sentence for a person: the provider's error type and message or the
 *     network's failure; {@code null} if all went well. Never holds a prompt, a completion or a
 *     secret.
 */
public record Attempt(
    int ordinal,
    String provider,
    String model,
    Instant startedAt,
    Outcome outcome,
    @Nullable Integer status,
    @Nullable String providerRequestId,
    @Nullable Long ttfbMillis,
    long durationMillis,
    @Nullable String detail) {

  /** How an attempt ended. */
  public enum Outcome {
    OK,
    /** 429: the credential waits. */
    RATE_LIMITED,
    /** 503 or 529. */
    OVERLOADED,
    /** 401 or 403: the credential is benched. */
    CREDENTIAL_REFUSED,
    /** Another 4xx: the caller's request is at fault, its answer goes back as it is. */
    REQUEST_REFUSED,
    /** Another 5xx, or an error event before the first real one. */
    PROVIDER_ERROR,
    CONNECT_FAILED,
    /** No header, or no byte, within the provider's time-outs. */
    TIMED_OUT,
    /** The response broke off before its end. */
    CUT,
    /** The client left first. */
    ABORTED,
    /**
     * The target's circuit breaker was open, it asked for time or its credential is benched: not
     * tried.
     */
    SKIPPED
  }
}
