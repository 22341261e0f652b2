package io.bellfounder.graph;

import java.lang.System.Logger.Level;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/**
 * Prunes now and then, on a thread of its own, in short transactions. Any number may be at it. If
 * one stops half-way, another goes on.
 */
final class Janitor implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Janitor.class.getName());
  private static final Duration EVERY = Duration.ofMinutes(1);
  private static final int RUNS = 50;

  private final Pruning pruning;
  private final String name;
  private final Thread thread;
  private volatile boolean open = true;

  Janitor(Database db, String name) {
    pruning = new Pruning(db);
    this.name = name;
    thread = Thread.ofPlatform().daemon().name("graph-prune-" + name).start(this::prune);
  }

  private void prune() {
    LockSupport.parkNanos(EVERY.toNanos());
    while (open) {
      boolean more = false;
      try {
        more = pruning.round(RUNS).more();
      } catch (SQLException | RuntimeException e) {
        LOG.log(
            Level.WARNING,
            "worker=" + name + " pruning stopped half-way; it goes on in a minute",
            e);
      }
      if (!more && open) {
        LockSupport.parkNanos(EVERY.toNanos());
      }
    }
  }

  /** Does not wait for a transaction that is under way. */
  @Override
  public void close() {
    open = false;
    LockSupport.unpark(thread);
  }
}
