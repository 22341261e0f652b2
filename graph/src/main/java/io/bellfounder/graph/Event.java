package io.bellfounder.graph;

import java.util.Set;

/**
 * Something that happened in a run.
 *
 * @param seq counts from 1 within the run, without gaps; a {@link #TOKEN token} has that of the
 *     event before it
 * @param kind one of the constants here, or the caller's own
 * @param data JSON; an object unless it is the caller's own
 */
public record Event(long seq, String kind, Object data) {
  /**
   * A piece of a message that is being written: {@code message}, {@code attempt}, {@code n} (from 1
   * within message and attempt) and {@code text}. A higher attempt replaces the lower one's pieces.
   * It is there only while its step lasts, and may be lost; the message that follows is not.
   */
  public static final String TOKEN = "token";

  /** A whole message: {@code id} and {@code message}. Its tokens are worth nothing any more. */
  public static final String MESSAGE = "message";

  /** A call of a tool or its result: {@code call} and {@code tool}. */
  public static final String TOOL = "tool";

  /** A superstep was committed and another follows: {@code step}. */
  public static final String STEP = "step";

  /** A question was asked: {@code question} (its id) and {@code node}. */
  public static final String INTERRUPT = "interrupt";

  /**
   * What was shown of an attempt is void: a worker was lost ({@code epoch}, the new one), or a task
   * is tried again ({@code path}, {@code attempt}, the lost one).
   */
  public static final String SUPERSEDED = "superseded";

  /** An answer was given: {@code question}. */
  public static final String ANSWERED = "answered";

  /** It goes on after it was paused, dead, parked or failed. */
  public static final String RESUMED = "resumed";

  /** All questions are asked, nothing else can run: {@code step}. */
  public static final String WAITING = "waiting";

  /** It came to an end: {@code step}. Nothing follows, unless a failed run is resumed. */
  public static final String COMPLETED = "completed";

  /** As {@link #COMPLETED}. */
  public static final String FAILED = "failed";

  /** As {@link #COMPLETED}; {@code as} says why. */
  public static final String CANCELLED = "cancelled";

  /** Workers were lost too often without progress; see {@link Runs#resume}. */
  public static final String DEAD = "dead";

  /** It cannot be read; see {@link Runs#resume}. */
  public static final String PARKED = "parked";

  /** Whether the run has ended by this. */
  public boolean ends() {
    return kind.equals(COMPLETED) || kind.equals(FAILED) || kind.equals(CANCELLED);
  }

  private static final Set<String> OWN =
      Set.of(
          TOKEN,
          STEP,
          INTERRUPT,
          SUPERSEDED,
          ANSWERED,
          RESUMED,
          WAITING,
          COMPLETED,
          FAILED,
          CANCELLED,
          DEAD,
          PARKED,
          "forked",
          "migrated");

  /** What a node may call its events. */
  static void checkKind(String kind) {
    if (OWN.contains(kind)) {
      throw new IllegalArgumentException(
          "the engine tells of '" + kind + "' itself: choose another kind");
    }
    if (kind.isEmpty() || kind.length() > 100 || kind.indexOf('\0') >= 0) {
      throw new IllegalArgumentException("an event's kind has 1 to 100 characters and no NUL");
    }
  }
}
