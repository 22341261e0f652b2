package io.bellfounder.server.launch;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.LoggerFactory;

/** A small task on a virtual thread of its own, again and again with a pause between. */
final class Repeating {
  private final String name;
  private final Duration pause;
  private final Runnable task;
  private final CountDownLatch closing = new CountDownLatch(1);

  Repeating(String name, Duration pause, Runnable task) {
    this.name = name;
    this.pause = pause;
    this.task = task;
  }

  void start() {
    Thread.ofVirtual().name(name).start(this::repeat);
  }

  void stop() {
    closing.countDown();
  }

  private void repeat() {
    try {
      while (!closing.await(pause.toMillis(), TimeUnit.MILLISECONDS)) {
        try {
          task.run();
        } catch (RuntimeException e) {
          LoggerFactory.getLogger(Repeating.class).error("{} failed; it is tried again", name, e);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
