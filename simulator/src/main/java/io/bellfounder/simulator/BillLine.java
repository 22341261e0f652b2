package io.bellfounder.simulator;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What the provider bills for one call. A call is billed from its first body byte on: one that was
 * refused, or left before that, has no line.
 *
 * @param number the request's number
 * @param requestId the answer's {@code request-id} or {@code x-request-id}
 * @param id the message's, such as {@code msg_…}; empty for embeddings
 * @param operation {@code messages}, {@code chat.completions} or {@code embeddings}
 * @param billed for an answer that broke off, what had been produced until then
 * @param reported the last usage that was put on the wire; {@code null} if none was
 */
public record BillLine(
    long number,
    Instant at,
    String requestId,
    String id,
    Dialect dialect,
    String operation,
    String model,
    boolean stream,
    Outcome outcome,
    Tokens billed,
    @Nullable Tokens reported) {

  /** How the billed answer ended. */
  public enum Outcome {
    COMPLETE,
    /** The client left. */
    ABORTED,
    /** The script cut the connection. */
    CUT,
    /** It ended with an error event. */
    FAILED
  }
}
