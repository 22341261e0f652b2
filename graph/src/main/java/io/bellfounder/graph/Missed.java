package io.bellfounder.graph;

/**
 * What a schedule does about times that passed while no worker was there. A time is missed when it
 * is more than a minute ago.
 */
public enum Missed {
  /** Nothing: it goes on with the next time. */
  SKIP,
  /** One run for all of them, under the last one's time. The default. */
  ONCE,
  /** One run for each, oldest first; of more than 100 the last 100. */
  EACH
}
