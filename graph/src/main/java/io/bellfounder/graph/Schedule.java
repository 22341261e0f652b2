package io.bellfounder.graph;

import java.time.ZoneId;
import org.jspecify.annotations.Nullable;

/**
 * Runs that begin at recurring times. While an earlier one is at work, the next one begins beside
 * it; to have it otherwise, give the request a thread and a {@link ThreadPolicy}.
 *
 * @param request what each run begins with; without key and delay
 * @param missed default {@link Missed#ONCE}
 * @param timeChannel a channel that is given the scheduled time, as in ISO 8601; null for none
 */
public record Schedule(
    RunRequest request, Cron cron, ZoneId zone, Missed missed, @Nullable String timeChannel) {
  public Schedule {
    if (request.key() != null || !request.delay().isZero()) {
      throw new IllegalArgumentException("a schedule gives its runs keys and times itself");
    }
    if (timeChannel != null) {
      request.graph().channel(timeChannel);
    }
  }

  /**
   * @param cron see {@link Cron}
   */
  public static Schedule of(RunRequest request, String cron, ZoneId zone) {
    return new Schedule(request, Cron.of(cron), zone, Missed.ONCE, null);
  }

  /** The same, with what becomes of times at which no worker was there. */
  public Schedule missed(Missed then) {
    return new Schedule(request, cron, zone, then, timeChannel);
  }

  /** Writes each run's scheduled time into a channel of its input. */
  public Schedule time(Channel<String> channel) {
    return new Schedule(request, cron, zone, missed, channel.name());
  }
}
