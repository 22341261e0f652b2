package io.bellfounder.server.launch;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
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

  /** Asks a migrated database for a sign of life. Blocks up to 7 s. */
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
    try (Connection connection = access.app()) {
      return connection.isValid(2) ? null : "the connection does not answer";
    } catch (SQLException e) {
      return Migrations.words(e);
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
