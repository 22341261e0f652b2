package io.bellfounder.server.console;

import io.bellfounder.server.identity.Caller;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One open page. What it has not taken yet waits here; a page that falls too far behind is dropped,
 * comes back by itself and hears the rest or {@code reset}.
 */
final class LiveReader {
  /** More than the ring holds, so that what was missed always fits. */
  private static final int WAITING_MAX = 4_000;

  private final Caller caller;
  private final BlockingQueue<LiveEvent> waiting = new LinkedBlockingQueue<>(WAITING_MAX);
  private volatile boolean dropped;
  private @Nullable Thread thread;

  LiveReader(Caller caller) {
    this.caller = caller;
  }

  Caller caller() {
    return caller;
  }

  void offer(LiveEvent event) {
    if (!waiting.offer(event)) {
      drop();
    }
  }

  /** The next event, or {@code null} after the time or when dropped. */
  @Nullable LiveEvent next(Duration atMost) throws InterruptedException {
    synchronized (this) {
      thread = Thread.currentThread();
    }
    try {
      return dropped ? null : waiting.poll(atMost.toMillis(), TimeUnit.MILLISECONDS);
    } finally {
      synchronized (this) {
        thread = null;
      }
    }
  }

  boolean dropped() {
    return dropped;
  }

  synchronized void drop() {
    dropped = true;
    if (thread != null) {
      thread.interrupt();
    }
  }
}
