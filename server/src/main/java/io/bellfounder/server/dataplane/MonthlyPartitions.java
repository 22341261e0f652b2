package io.bellfounder.server.dataplane;

import io.bellfounder.server.launch.DatabaseState;
import io.bellfounder.server.launch.Repeating;
import java.time.Duration;
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
  private static final Duration UNTIL_MIGRATED = Duration.ofMillis(250);
  private static final Duration WHEN_DONE = Duration.ofHours(24);
  private static final Duration WHEN_FAILED = Duration.ofMinutes(1);

  private final JdbcClient jdbc;
  private final DatabaseState database;
  private final Repeating task = new Repeating("monthly-partitions", UNTIL_MIGRATED, this::look);
  private volatile boolean running;

  MonthlyPartitions(JdbcClient jdbc, DatabaseState database) {
    this.jdbc = jdbc;
    this.database = database;
  }

  @Override
  public void start() {
    running = true;
    task.start();
  }

  @Override
  public void stop() {
    running = false;
    task.stop();
  }

  @Override
  public boolean isRunning() {
    return running;
  }

  private Duration look() {
    return !database.migrated() ? UNTIL_MIGRATED : prepare() ? WHEN_DONE : WHEN_FAILED;
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
