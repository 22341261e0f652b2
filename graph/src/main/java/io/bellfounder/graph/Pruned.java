package io.bellfounder.graph;

/**
 * What one call of {@link Retention#prune} deleted.
 *
 * @param more whether another call would find more at once
 */
public record Pruned(long checkpoints, long events, long runs, long largeValues, boolean more) {
  static final Pruned NOTHING = new Pruned(0, 0, 0, 0, false);

  Pruned more(boolean whether) {
    return new Pruned(checkpoints, events, runs, largeValues, whether);
  }

  Pruned and(Pruned other) {
    return new Pruned(
        checkpoints + other.checkpoints,
        events + other.events,
        runs + other.runs,
        largeValues + other.largeValues,
        more || other.more);
  }
}
