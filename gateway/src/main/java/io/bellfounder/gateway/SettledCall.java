package io.bellfounder.gateway;

import io.bellfounder.wire.Usage;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The one settlement of a call.
 *
 * @param status the HTTP status the client was given; {@code null} if it left before any
 * @param errorType the type in the error the client was given, such as {@code overloaded_error}
 * @param provider the provider that answered, or may bill an answer that was lost; {@code null} if
 *     there is none
 * @param targetModel the model name that provider was asked for
 * @param usage in raw classes; for an estimated call the floor
 * @param estimated true if the usage is not the provider's final word
 * @param rawUsage the provider's own usage object as JSON text, at most 4 KiB
 * @param price what the tokens were multiplied by; {@code null} if no provider was reached
 * @param costPico pico-dollars (10⁻¹² USD), exact
 * @param ttfbMillis from the request's arrival to the first body byte sent to the client
 */
public record SettledCall(
    OpenedCall opened,
    Outcome outcome,
    @Nullable Integer status,
    @Nullable String errorType,
    @Nullable String provider,
    @Nullable String targetModel,
    List<Attempt> attempts,
    Usage usage,
    boolean estimated,
    @Nullable String rawUsage,
    PriceBook.@Nullable Price price,
    long costPico,
    Instant settledAt,
    @Nullable Long ttfbMillis,
    long durationMillis,
    long responseBytes) {

  public SettledCall {
    attempts = List.copyOf(attempts);
  }

  /** How a call ended. */
  public enum Outcome {
    /** The provider's answer, whole. */
    COMPLETED,
    /** A provider's error was passed on, or no target could serve. */
    FAILED,
    /** The gateway itself said no: unknown model, too large, draining. */
    REFUSED,
    /** The client left before the end. */
    ABORTED,
    /** The provider's answer broke off after its first event. */
    CUT,
    /** The process died while the call was under way; settled at the next start. */
    INTERRUPTED
  }
}
