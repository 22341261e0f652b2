package io.bellfounder.graph;

/**
 * What one call of {@link Retention#prune} did.
 *
 * @param looked runs that it looked at
 * @param checkpoints deleted ones, as {@code events}, {@code runs} and {@code largeValues}
 * @param more whether another call would find more at once
 */
public record Pruned(
    int looked, long checkpoints, long events, long runs, long largeValues, boolean more) {
  static final Pruned NOTHING = new Pruned(0, 0, 0, 0, 0, false);

  Pruned more(boolean whether) {
    return new Pruned(looked, checkpoints, events, runs, largeValues, whether);
  }

  Pruned and(Pruned other) {
    return new Pruned(
        looked + other.looked,
        checkpoints + other.checkpoints,
        events + other.events,
        runs + other.runs,
        largeValues + other.largeValues,
        more || other.more);
  }
}
