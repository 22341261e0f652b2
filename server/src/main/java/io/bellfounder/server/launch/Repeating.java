package io.bellfounder.server.launch;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.LoggerFactory;

/** A small task on a virtual thread of its own, again and again with a pause between. */
public final class Repeating {
  private final String name;
  private final Duration first;
  private final Supplier<Duration> task;
  private final CountDownLatch closing = new CountDownLatch(1);

  /** With the same pause before each time. */
  public Repeating(String name, Duration pause, Runnable task) {
    this(
        name,
        pause,
        () -> {
          task.run();
          return pause;
        });
  }

  /**
   * With pauses that change.
   *
   * @param first the pause before the first time, and after a failure
   * @param task says the pause after it
   */
  public Repeating(String name, Duration first, Supplier<Duration> task) {
    this.name = name;
    this.first = first;
    this.task = task;
  }

  /** Once. */
  public void start() {
    Thread.ofVirtual().name(name).start(this::repeat);
  }

  /** Does not wait for a task that is under way. */
  public void stop() {
    closing.countDown();
  }

  private void repeat() {
    Duration pause = first;
    try {
      while (!closing.await(pause.toMillis(), TimeUnit.MILLISECONDS)) {
        try {
          pause = task.get();
        } catch (RuntimeException e) {
          LoggerFactory.getLogger(Repeating.class).error("{} failed; it is tried again", name, e);
          pause = first;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
