package io.bellfounder.server.dataplane;

import io.bellfounder.server.launch.DatabaseState;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.dao.DataAccessException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/**
 * Sees that the ledger has a partition for this month and the next four, long before they are
 * needed. A failure costs nothing but is tried again: the default partition takes what has no
 * month.
 */
@Component
final class MonthlyPartitions implements SmartLifecycle {
  private static final Logger LOG = LoggerFactory.getLogger(MonthlyPartitions.class);
  private static final Duration WHEN_DONE = Duration.ofHours(24);
  private static final Duration WHEN_FAILED = Duration.ofMinutes(1);

  private final JdbcClient jdbc;
  private final DatabaseState database;
  private final CountDownLatch closing = new CountDownLatch(1);
  private volatile boolean running;

  MonthlyPartitions(JdbcClient jdbc, DatabaseState database) {
    this.jdbc = jdbc;
    this.database = database;
  }

  @Override
  public void start() {
    running = true;
    Thread.ofVirtual().name("monthly-partitions").start(this::run);
  }

  @Override
  public void stop() {
    running = false;
    closing.countDown();
  }

  @Override
  public boolean isRunning() {
    return running;
  }

  private void run() {
    try {
      while (!database.migrated()) {
        if (closing.await(250, TimeUnit.MILLISECONDS)) {
          return;
        }
      }
      Duration pause;
      do {
        pause = prepare() ? WHEN_DONE : WHEN_FAILED;
      } while (!closing.await(pause.toMillis(), TimeUnit.MILLISECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean prepare() {
    try {
      var _ =
          jdbc.sql("SELECT prepare_partitions((now() - interval '1 month')::date, 6)::text")
              .query(String.class)
              .optional();
      return true;
    } catch (DataAccessException e) {
      LOG.warn("Partitions of the coming months could not be made yet: {}", e.getMessage());
      return false;
    }
  }
}
