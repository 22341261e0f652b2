package io.bellfounder.gateway;

/**
 * Keeps second tries of the same target to a share of the traffic, so that a provider in trouble is
 * not hit twice as hard. Every call pays in a fifth; a retry takes out one. A quiet gateway may
 * retry too: the budget starts full. Safe for use by many threads.
 */
final class RetryBudget {
  private static final int FIFTHS_PER_RETRY = 5;
  private static final int MOST_FIFTHS = 10 * FIFTHS_PER_RETRY;

  private int fifths = MOST_FIFTHS;

  synchronized void callArrived() {
    fifths = Math.min(MOST_FIFTHS, fifths + 1);
  }

  synchronized boolean takeRetry() {
    if (fifths < FIFTHS_PER_RETRY) {
      return false;
    }
    fifths -= FIFTHS_PER_RETRY;
    return true;
  }
}
