package io.bellfounder.graph.testing;

import io.bellfounder.graph.Answered;
import io.bellfounder.graph.Graph;
import io.bellfounder.graph.RunRequest;
import io.bellfounder.graph.Runs;
import io.bellfounder.graph.Started;
import io.bellfounder.graph.WorkerOptions;
import java.sql.SQLException;
import java.util.List;
import java.util.UUID;
import javax.sql.DataSource;

/** What carries runs, as {@link RunContract} sees it. */
public interface Driver {
  /** For looking; not for changes. */
  Runs runs();

  Started start(RunRequest request) throws SQLException;

  Answered answer(UUID question, Object answer) throws SQLException;

  boolean cancel(UUID run) throws SQLException;

  boolean pause(UUID run) throws SQLException;

  boolean resume(UUID run) throws SQLException;

  /**
   * One more worker.
   *
   * @param through the worker's own way to the database, which may fail
   * @return ends it at once
   */
  AutoCloseable carry(DataSource through, WorkerOptions options, List<Graph> graphs)
      throws SQLException;

  /** Whether tenants take turns in it, even those without a limit. */
  default boolean takesTurns() {
    return true;
  }

  /** Workers of this library, over the data source that is given: your pool, your server. */
  static Factory workers() {
    return (database, schema) -> new Workers(schema, new Runs(database, schema));
  }

  /** The driver's workers and runs of one schema. */
  @FunctionalInterface
  interface Factory {
    Driver on(DataSource database, String schema) throws SQLException;
  }
}
