package io.bellfounder.graph;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A schedule's row as it is now.
 *
 * @param next when it starts a run, or would if it were not paused
 * @param last the time that it last started a run for; null if it never has
 * @param problem why it was paused by itself; null if it was not
 */
public record ScheduleView(
    String tenant,
    String id,
    String graph,
    String cron,
    String zone,
    Instant next,
    @Nullable Instant last,
    boolean paused,
    @Nullable String problem) {
  /** Says in one sentence when it starts, or why it does not. */
  public String explain() {
    if (problem != null) {
      return "It was paused: " + problem + "; put it anew.";
    }
    return paused ? "It is paused; resume it." : "It starts a run at " + next + ".";
  }
}
