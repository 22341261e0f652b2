package io.bellfounder.graph.temporal;

import io.bellfounder.graph.Answered;
import io.bellfounder.graph.Graph;
import io.bellfounder.graph.RunRequest;
import io.bellfounder.graph.Runs;
import io.bellfounder.graph.Started;
import io.bellfounder.graph.WorkerOptions;
import io.bellfounder.graph.testing.Driver;
import io.temporal.client.WorkflowClient;
import java.sql.SQLException;
import java.util.List;
import java.util.UUID;
import javax.sql.DataSource;

/** The Temporal driver, as the kit sees it. */
record CarriedByTemporal(
    WorkflowClient client, String schema, TemporalOptions options, TemporalRuns carried)
    implements Driver {
  CarriedByTemporal(
      WorkflowClient client, DataSource database, String schema, TemporalOptions options) {
    this(client, schema, options, new TemporalRuns(client, database, schema, options));
  }

  @Override
  public Runs runs() {
    return carried.runs();
  }

  @Override
  public Started start(RunRequest request) throws SQLException {
    return carried.start(request);
  }

  @Override
  public Answered answer(UUID question, Object answer) throws SQLException {
    return carried.answer(question, answer);
  }

  @Override
  public boolean cancel(UUID run) throws SQLException {
    return carried.cancel(run);
  }

  @Override
  public boolean pause(UUID run) throws SQLException {
    return carried.pause(run);
  }

  @Override
  public boolean resume(UUID run) throws SQLException {
    return carried.resume(run);
  }

  /** Turns are the real server's, by the fairness key; the test server has one queue. */
  @Override
  public boolean takesTurns() {
    return false;
  }

  @Override
  public AutoCloseable carry(DataSource through, WorkerOptions worker, List<Graph> graphs)
      throws SQLException {
    return TemporalDriver.start(client, through, schema, options.worker(worker), graphs);
  }
}
