package io.bellfounder.graph.testing;

import io.bellfounder.graph.Answered;
import io.bellfounder.graph.Graph;
import io.bellfounder.graph.RunRequest;
import io.bellfounder.graph.Runs;
import io.bellfounder.graph.Started;
import io.bellfounder.graph.Worker;
import io.bellfounder.graph.WorkerOptions;
import java.sql.SQLException;
import java.util.List;
import java.util.UUID;
import javax.sql.DataSource;

/** The engine's own workers. */
record Workers(String schema, Runs runs) implements Driver {
  @Override
  public Started start(RunRequest request) throws SQLException {
    return runs.start(request);
  }

  @Override
  public Answered answer(UUID question, Object answer) throws SQLException {
    return runs.answer(question, answer);
  }

  @Override
  public boolean cancel(UUID run) throws SQLException {
    return runs.cancel(run);
  }

  @Override
  public boolean pause(UUID run) throws SQLException {
    return runs.pause(run);
  }

  @Override
  public boolean resume(UUID run) throws SQLException {
    return runs.resume(run);
  }

  @Override
  public AutoCloseable carry(DataSource through, WorkerOptions options, List<Graph> graphs) {
    return Worker.start(through, schema, options, graphs);
  }
}
