package io.bellfounder.server.launch;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether the database can be used: not before it was reached once and migrated. Safe for use by
 * many threads.
 */
public final class DatabaseState {
  private static final Logger LOG = LoggerFactory.getLogger(DatabaseState.class);

  private final CountDownLatch migrated = new CountDownLatch(1);
  private final AtomicReference<@Nullable String> problem =
      new AtomicReference<>("not yet connected");
  private final DatabaseAccess access;
  private final ReentrantLock looking = new ReentrantLock();

  // Guarded by the lock. Kept from look to look: a new connection costs the database a process, and
  // both sides the proof of a password.
  private @Nullable Connection connection;

  private volatile boolean closed;

  DatabaseState(DatabaseAccess access) {
    this.access = access;
  }

  /** Once true, stays true: a database that goes away later is seen by those who use it. */
  public boolean migrated() {
    return migrated.getCount() == 0;
  }

  /** Waits without bound; for threads that have nothing to do before. */
  public void awaitMigrated() throws InterruptedException {
    migrated.await();
  }

  /** What was wrong at the last look, at most some seconds ago; {@code null} if all was well. */
  public @Nullable String problem() {
    return problem.get();
  }

  /** Asks a migrated database for a sign of life. Blocks up to 12 s. */
  void look() {
    if (!migrated()) {
      return;
    }
    String found = ask();
    String before = problem.getAndSet(found);
    if (found != null && before == null) {
      LOG.warn("The database is away; calls to models are served without it: {}", found);
    } else if (found == null && before != null) {
      LOG.info("The database is back");
    }
  }

  private @Nullable String ask() {
    looking.lock();
    try {
      if (connection == null || !connection.isValid(2)) {
        // It may have ended with a database that is back by now.
        letGo();
        connection = access.app();
      }
      return null;
    } catch (SQLException e) {
      return Migrations.words(e);
    } finally {
      if (closed) {
        letGo();
      }
      looking.unlock();
    }
  }

  private void letGo() {
    try (var _ = connection) {
      connection = null;
    } catch (SQLException e) {
      LOG.debug("the connection of the last look cannot be closed", e);
    }
  }

  /** After the last look. Does not wait for one that is under way, which then lets go itself. */
  void close() {
    closed = true;
    if (looking.tryLock()) {
      try {
        letGo();
      } finally {
        looking.unlock();
      }
    }
  }

  void failed(String why) {
    problem.set(why);
  }

  void succeeded() {
    problem.set(null);
    migrated.countDown();
  }
}
