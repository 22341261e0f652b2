package io.bellfounder.graph;

import java.lang.System.Logger.Level;
import java.sql.SQLException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Hears at once what is asked of runs from outside: answers, cancels, pauses. It has a thread and a
 * connection of its own. A hint may be lost, and without PostgreSQL's driver there are none: a
 * worker also looks by itself, and its heartbeat brings what was asked.
 */
final class Ear implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Ear.class.getName());

  /** Waiting for a hint cannot be interrupted, and the thread is not to stay long after its end. */
  private static final long SLICE_MILLIS = 200;

  private static final long AGAIN_NANOS = 1_000_000_000;

  private final Database db;
  private final String name;
  private final Consumer<String> hears;
  private final Thread thread;
  private volatile boolean open = true;

  /**
   * @param name the worker's
   * @param hears is given runs' ids with commas between, or {@link Herald#MANY}
   */
  Ear(Database db, String name, Consumer<String> hears) {
    this.db = db;
    this.name = name;
    this.hears = hears;
    this.thread = Thread.ofPlatform().daemon().name("graph-ear-" + name).unstarted(this::listens);
  }

  void start() {
    thread.start();
  }

  private void listens() {
    @Nullable Hints hints = null;
    while (open) {
      try {
        if (hints == null) {
          hints = Hints.listen(db, Herald.ASKED);
        }
        if (hints == null) {
          return;
        }
        hints.next(SLICE_MILLIS).forEach(hears);
      } catch (SQLException | RuntimeException e) {
        LOG.log(Level.DEBUG, "worker=" + name + " hears nothing for now; it looks by itself", e);
        Hints.close(hints);
        hints = null;
        LockSupport.parkNanos(AGAIN_NANOS);
      }
    }
    Hints.close(hints);
  }

  /** Does not wait for the thread. */
  @Override
  public void close() {
    open = false;
    LockSupport.unpark(thread);
  }
}
