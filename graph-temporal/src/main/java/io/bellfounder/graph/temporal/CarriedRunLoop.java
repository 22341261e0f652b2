package io.bellfounder.graph.temporal;

import io.temporal.activity.ActivityOptions;
import io.temporal.common.RetryOptions;
import io.temporal.failure.ActivityFailure;
import io.temporal.failure.CanceledFailure;
import io.temporal.workflow.Workflow;
import java.time.Duration;
import java.util.Set;

/** Public because Temporal makes it. Deterministic: every choice follows from what it was told. */
public final class CarriedRunLoop implements CarriedRun {
  private static final Duration ASK_AGAIN_MAX = Duration.ofSeconds(30);

  /** Should a signal be lost, a resting run is looked at now and then all the same. */
  private static final Duration REST_MAX = Duration.ofHours(1);

  /** Resting, but to be gone on with when told. */
  private static final Set<String> WAITS = Set.of("waiting", "paused");

  /** Not at rest at all: given back, or held under an epoch that is not ours. */
  private static final Set<String> AGAIN = Set.of("queued", "running");

  private boolean toldToLook;

  @Override
  public void lookAgain(String why) {
    toldToLook = true;
  }

  @Override
  public String carry(RunTicket ticket) {
    RunActivities tables = Workflow.newActivityStub(RunActivities.class, brief(ticket));
    RunActivities steps = Workflow.newActivityStub(RunActivities.class, lasting(ticket));
    try {
      return loop(ticket, tables, steps);
    } catch (CanceledFailure e) {
      return cancelled(ticket, tables);
    } catch (ActivityFailure e) {
      if (e.getCause() instanceof CanceledFailure) {
        return cancelled(ticket, tables);
      }
      throw e;
    }
  }

  private String loop(RunTicket ticket, RunActivities tables, RunActivities steps) {
    Turn turn = ticket.epoch() > 0 ? Turn.more(ticket.epoch()) : admitted(ticket, tables);
    long pause = 0;
    for (int done = 0; ; done++) {
      if (done >= ticket.stepsMax() || Workflow.getInfo().isContinueAsNewSuggested()) {
        RunTicket next = ticket.admitted(turn.kind() == Turn.Kind.MORE ? turn.epoch() : 0);
        Workflow.newContinueAsNewStub(CarriedRun.class).carry(next);
      }
      switch (turn.kind()) {
        case MORE -> {
          turn = step(ticket.admitted(turn.epoch()), tables, steps);
          pause = 0;
        }
        case NOT_YET -> {
          pause =
              Math.clamp(
                  pause * 2,
                  turn.pauseMillis(),
                  Math.max(turn.pauseMillis(), ASK_AGAIN_MAX.toMillis()));
          if (Workflow.await(Duration.ofMillis(pause), () -> toldToLook)) {
            pause = 0;
          }
          turn = admitted(ticket, tables);
        }
        case RESTS -> {
          if (!WAITS.contains(turn.status()) && !AGAIN.contains(turn.status())) {
            return turn.status();
          }
          if (WAITS.contains(turn.status())) {
            boolean _ = Workflow.await(REST_MAX, () -> toldToLook);
          }
          turn = admitted(ticket, tables);
        }
      }
    }
  }

  private Turn admitted(RunTicket ticket, RunActivities tables) {
    // Before the look, so that a signal that comes meanwhile leads to another.
    toldToLook = false;
    return tables.admit(ticket);
  }

  private Turn step(RunTicket ticket, RunActivities tables, RunActivities steps) {
    try {
      return steps.carry(ticket);
    } catch (ActivityFailure e) {
      if (e.getCause() instanceof CanceledFailure) {
        throw e;
      }
      // Its worker is gone or stuck; a new admission fences it off.
      return admitted(ticket, tables);
    }
  }

  private static String cancelled(RunTicket ticket, RunActivities tables) {
    String[] status = {"cancelled"};
    Workflow.newDetachedCancellationScope(() -> status[0] = tables.cancel(ticket)).run();
    return status[0];
  }

  private static ActivityOptions brief(RunTicket ticket) {
    return ActivityOptions.newBuilder()
        // A few statements; so long is the answer of a process waited for that was killed at it.
        .setStartToCloseTimeout(Duration.ofSeconds(10))
        .setRetryOptions(
            RetryOptions.newBuilder()
                .setInitialInterval(Duration.ofMillis(200))
                .setMaximumInterval(Duration.ofSeconds(10))
                .build())
        .setPriority(Dispatch.priority(ticket))
        .build();
  }

  /** Nodes have time-outs of their own; what is bounded here is silence. */
  private static ActivityOptions lasting(RunTicket ticket) {
    return ActivityOptions.newBuilder()
        .setStartToCloseTimeout(Duration.ofDays(30))
        .setHeartbeatTimeout(Duration.ofMillis(ticket.leaseMillis()))
        .setRetryOptions(RetryOptions.newBuilder().setMaximumAttempts(1).build())
        .setPriority(Dispatch.priority(ticket))
        .build();
  }
}
