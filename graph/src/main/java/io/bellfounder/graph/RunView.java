package io.bellfounder.graph;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A run's row as it is now.
 *
 * @param status queued, running, waiting, paused, completed, failed, cancelled, dead or parked
 * @param step supersteps committed
 * @param seq its last event's number
 * @param priority as requested
 */
public record RunView(
    UUID id,
    String tenant,
    String status,
    long step,
    long seq,
    int priority,
    @Nullable String errorCode,
    @Nullable String errorMessage) {
  /** Whether nothing happens until somebody does something: answers, resumes or cancels it. */
  public boolean resting() {
    return !status.equals("queued") && !status.equals("running");
  }

  /** Whether it is completed, failed or cancelled. */
  public boolean ended() {
    return status.equals("completed") || status.equals("failed") || status.equals("cancelled");
  }
}
