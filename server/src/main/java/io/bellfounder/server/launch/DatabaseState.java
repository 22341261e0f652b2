package io.bellfounder.server.launch;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Whether the database can be used: not before it was reached once and migrated. Safe for use by
 * many threads.
 */
public final class DatabaseState {
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
    try (Connection connection = access.app()) {
      problem.set(connection.isValid(2) ? null : "the connection does not answer");
    } catch (SQLException e) {
      problem.set(Migrations.words(e));
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
