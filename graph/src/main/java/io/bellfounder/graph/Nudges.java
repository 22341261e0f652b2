package io.bellfounder.graph;

import java.lang.System.Logger.Level;
import java.sql.SQLException;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;

/**
 * Hints for readers and workers of what changes outside workers' commits: answers, cancels, sweeps.
 * All of 20 ms together, after their transactions, by a thread that is there only as long as there
 * is something to tell. Nobody waits for it, and a hint may be lost: readers also look by
 * themselves.
 */
final class Nudges {
  private static final System.Logger LOG = System.getLogger(Nudges.class.getName());
  private static final long EVERY_NANOS = 20_000_000;

  private final Database db;
  private Set<UUID> changed = new LinkedHashSet<>();
  private boolean telling;

  Nudges(Database db) {
    this.db = db;
  }

  void changed(UUID run) {
    synchronized (this) {
      // More than can be named need no names.
      if (changed.size() <= Herald.NAMED_MAX) {
        changed.add(run);
      }
      if (telling) {
        return;
      }
      telling = true;
    }
    Thread.ofVirtual().name("graph-nudge").start(this::tell);
  }

  private void tell() {
    for (Set<UUID> some = take(); !some.isEmpty(); some = take()) {
      Set<UUID> runs = some;
      try {
        Herald.hint(db, runs);
      } catch (SQLException | RuntimeException e) {
        LOG.log(Level.DEBUG, "runs=" + runs.size() + " no hint; readers look by themselves", e);
      }
      LockSupport.parkNanos(EVERY_NANOS);
    }
  }

  private synchronized Set<UUID> take() {
    Set<UUID> some = changed;
    changed = new LinkedHashSet<>();
    telling = !some.isEmpty();
    return some;
  }
}
