package io.bellfounder.graph;

/** What a run does when its thread has others that have not ended. */
public enum ThreadPolicy {
  /** Waits for them. The default. */
  QUEUE,
  /** Does not start, see {@link Started.Busy}. */
  REFUSE,
  /** Cancels them, and goes on from what the one at work had committed. */
  INTERRUPT,
  /** Cancels them, and goes on from the state before the one at work. */
  ROLL_BACK
}
