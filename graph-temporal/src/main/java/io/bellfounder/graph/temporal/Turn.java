package io.bellfounder.graph.temporal;

/**
 * What an activity says to the workflow: how to go on, and nothing of the run's content.
 *
 * @param kind what follows
 * @param epoch to carry on with, when more follows
 * @param pauseMillis before asking again, when it is not yet the run's turn
 * @param status of a run that rests, as in {@link io.bellfounder.graph.RunView}
 */
public record Turn(Kind kind, long epoch, long pauseMillis, String status) {
  /** What follows. */
  public enum Kind {
    MORE,
    NOT_YET,
    RESTS
  }

  static Turn more(long epoch) {
    return new Turn(Kind.MORE, epoch, 0, "running");
  }

  static Turn notYet(long pauseMillis) {
    return new Turn(Kind.NOT_YET, 0, pauseMillis, "queued");
  }

  static Turn rests(String status) {
    return new Turn(Kind.RESTS, 0, 0, status);
  }
}
