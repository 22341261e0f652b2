package io.bellfounder.simulator;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An answer as a list of things to do, decided before its first byte goes out.
 *
 * @param contentLength announced; -1 sends chunks
 * @param slowHeaderMillis per byte of the head; 0 for none
 * @param charge what to bill; {@code null} for nothing
 */
record Plan(
    int status,
    List<Header> headers,
    long contentLength,
    List<Step> before,
    List<Step> steps,
    long slowHeaderMillis,
    @Nullable Charge charge) {

  /** One thing to do. */
  sealed interface Step {
    /** Bytes to write as one piece: in a stream, one HTTP chunk. */
    record Send(byte[] bytes, long produced, @Nullable Tokens reported, boolean failing)
        implements Step {}

    /**
     * Silence.
     *
     * @param ping sent each time {@code pingMillis} have passed; 0 for never
     */
    record Pause(long millis, byte[] ping, long pingMillis) implements Step {}

    /**
     * The end, before its time.
     *
     * @param half bytes of which a chunk announces all and brings half; empty for none
     */
    record Break(Script.How how, byte[] half) implements Step {}
  }

  /** Whom and what to bill when the answer has ended. */
  record Charge(Turn turn, String operation) {}

  /** Whether it can be handed to the server in one go. */
  boolean isOneWrite() {
    return contentLength >= 0
        && before.isEmpty()
        && slowHeaderMillis == 0
        && steps.size() == 1
        && steps.getFirst() instanceof Step.Send;
  }
}
