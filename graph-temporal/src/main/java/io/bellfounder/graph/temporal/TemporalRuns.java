package io.bellfounder.graph.temporal;

import io.bellfounder.graph.Answered;
import io.bellfounder.graph.RunRequest;
import io.bellfounder.graph.Runs;
import io.bellfounder.graph.Started;
import io.temporal.client.WorkflowClient;
import java.lang.System.Logger.Level;
import java.sql.SQLException;
import java.util.Optional;
import java.util.UUID;
import javax.sql.DataSource;

/**
 * Starts runs that Temporal carries, and changes them: each method is the one of {@link Runs},
 * followed by a signal to the run's workflow. What counts is the table: if Temporal is away, the
 * change stands, and a {@link TemporalDriver} tells it later. Safe for many threads.
 */
public final class TemporalRuns {
  private static final System.Logger LOG = System.getLogger(TemporalRuns.class.getName());
  private final Runs runs;
  private final Signals signals;

  /**
   * @param options those of the drivers
   */
  public TemporalRuns(
      WorkflowClient client, DataSource database, String schema, TemporalOptions options) {
    this.runs = new Runs(database, schema, TemporalOptions.DRIVER);
    this.signals = new Signals(client, runs, options);
  }

  /** For looking: states, events, questions, explanations. */
  public Runs runs() {
    return runs;
  }

  public Started start(RunRequest request) throws SQLException {
    Started started = runs.start(request);
    if (started instanceof Started.Created(UUID run)) {
      tell(run, "started");
    }
    return started;
  }

  public Answered answer(UUID question, Object answer) throws SQLException {
    Answered answered = runs.answer(question, answer);
    Optional<UUID> run = runs.asker(question);
    if (run.isPresent() && (answered == Answered.ACCEPTED || answered == Answered.REPEATED)) {
      tell(run.get(), "answered " + question);
    }
    return answered;
  }

  public boolean cancel(UUID run) throws SQLException {
    return runs.cancel(run) && told(run, "cancelled");
  }

  public boolean pause(UUID run) throws SQLException {
    return runs.pause(run) && told(run, "paused");
  }

  public boolean resume(UUID run) throws SQLException {
    return runs.resume(run) && told(run, "resumed");
  }

  private boolean told(UUID run, String why) {
    tell(run, why);
    return true;
  }

  private void tell(UUID run, String why) {
    try {
      signals.lookAgain(run, why);
    } catch (SQLException | RuntimeException e) {
      LOG.log(
          Level.WARNING,
          "run="
              + run
              + " Temporal could not be told that it is "
              + why
              + "; a driver tells it later",
          e);
    }
  }
}
