package io.bellfounder.server.dataplane;

import java.time.Duration;

/**
 * How much of the ledger goes into the database at a time, and how long its way there rests between
 * two batches: calls that are being served go first. While carrying what comes in would take more
 * than a twentieth of a core, it takes a twentieth of the time, in batches that are over in a
 * millisecond or two, and the rest waits on disk. A ledger that lags for more than 20 seconds takes
 * more in proportion, all from 400 seconds on, or once half of the spool's room is in use. When
 * less comes in it works without rest until nothing waits.
 */
final class ShippingPace {
  /** As many as cost little more than as many single statements would: the least work a call. */
  private static final int BATCH = 250;

  /** As few as leave an event loop that waits for a processor its turn soon. */
  private static final int SMALL_BATCH = 25;

  private static final double SHARE = 0.05;
  private static final Duration LAG = Duration.ofSeconds(20);
  private static final double ROOM = 0.5;
  private static final Duration REST_MAX = Duration.ofMillis(500);

  private long measuredNanos;
  private long appendedBefore;
  private double nanosEach;
  private boolean yielding;

  /**
   * What waits in the spool.
   *
   * @param appended the settlements that ever came in
   * @param lag the age of the oldest that waits
   * @param filled the part of the spool's room in use, 0 to 1
   */
  record Waiting(long appended, Duration lag, double filled) {}

  /** How many records to carry next. */
  int batch() {
    return yielding ? SMALL_BATCH : BATCH;
  }

  /**
   * To be called after each batch.
   *
   * @param carried the batch's calls
   * @param nowNanos on a clock that never goes back
   */
  Duration rest(int carried, Duration work, Waiting waiting, long nowNanos) {
    // A call in a small batch costs more, and must not be taken for what a call costs.
    if (carried >= BATCH || nanosEach == 0) {
      double each = (double) work.toNanos() / Math.max(1, carried);
      nanosEach = nanosEach == 0 ? each : 0.8 * nanosEach + 0.2 * each;
    }
    double elapsed = measuredNanos == 0 ? work.toNanos() : nowNanos - measuredNanos;
    double needed = (waiting.appended() - appendedBefore) * nanosEach / Math.max(1, elapsed);
    measuredNanos = nowNanos;
    appendedBefore = waiting.appended();
    boolean callsGoFirst = needed > SHARE && waiting.filled() <= ROOM;
    yielding = callsGoFirst && waiting.lag().compareTo(LAG) <= 0;
    if (!callsGoFirst) {
      return Duration.ZERO;
    }
    double share = Math.clamp(SHARE * waiting.lag().toNanos() / LAG.toNanos(), SHARE, 1);
    Duration rest = Duration.ofNanos((long) (work.toNanos() * (1 / share - 1)));
    return rest.compareTo(REST_MAX) < 0 ? rest : REST_MAX;
  }
}
