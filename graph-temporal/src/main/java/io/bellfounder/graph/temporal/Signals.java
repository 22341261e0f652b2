package io.bellfounder.graph.temporal;

import io.bellfounder.graph.RunView;
import io.bellfounder.graph.Runs;
import io.temporal.api.enums.v1.WorkflowIdReusePolicy;
import io.temporal.client.WorkflowClient;
import io.temporal.client.WorkflowExecutionAlreadyStarted;
import io.temporal.client.WorkflowOptions;
import io.temporal.client.WorkflowStub;
import java.sql.SQLException;
import java.util.Optional;
import java.util.UUID;

/** Tells a run's workflow to look, starting it if there is none. Repeating does no harm. */
record Signals(WorkflowClient client, Runs runs, TemporalOptions options) {
  private static final int TRIES_MAX = 3;

  void lookAgain(UUID run, String why) throws SQLException {
    Optional<RunView> view = runs.find(run);
    if (view.isEmpty()) {
      return;
    }
    RunTicket ticket =
        new RunTicket(
            run.toString(),
            view.get().tenant(),
            view.get().priority(),
            0,
            options.stepsPerHistory(),
            options.worker().lease().toMillis());
    for (int tries = 1; ; tries++) {
      try {
        signal(ticket, why);
        return;
      } catch (WorkflowExecutionAlreadyStarted e) {
        // Another's signal started it in the same moment; now it is there to be told.
        if (tries == TRIES_MAX) {
          throw e;
        }
      }
    }
  }

  private void signal(RunTicket ticket, String why) {
    WorkflowStub stub =
        client.newUntypedWorkflowStub(
            "bellfounder-run",
            WorkflowOptions.newBuilder()
                .setWorkflowId(ticket.run())
                .setTaskQueue(options.taskQueue())
                .setWorkflowIdReusePolicy(
                    WorkflowIdReusePolicy.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE)
                .setPriority(Dispatch.priority(ticket))
                .build());
    var _ = stub.signalWithStart("look-again", new Object[] {why}, new Object[] {ticket});
  }
}
