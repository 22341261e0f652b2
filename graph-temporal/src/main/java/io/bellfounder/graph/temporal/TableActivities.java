package io.bellfounder.graph.temporal;

import io.bellfounder.graph.Admission;
import io.bellfounder.graph.Carried;
import io.bellfounder.graph.RunCarrier;
import io.bellfounder.graph.Runs;
import io.temporal.activity.Activity;
import io.temporal.activity.ActivityExecutionContext;
import java.lang.System.Logger.Level;
import java.sql.SQLException;
import java.util.UUID;

/** The activities, over the tables. */
final class TableActivities implements RunActivities {
  private static final System.Logger LOG = System.getLogger(TableActivities.class.getName());

  /** So many of the tenant's queued runs are told when a place becomes free. */
  private static final int TOLD_MAX = 2;

  private final RunCarrier carrier;
  private final Runs runs;
  private final Signals signals;

  TableActivities(RunCarrier carrier, Runs runs, Signals signals) {
    this.carrier = carrier;
    this.runs = runs;
    this.signals = signals;
  }

  @Override
  public Turn admit(RunTicket ticket) {
    try {
      return switch (carrier.admit(id(ticket))) {
        case Admission.Admitted(long epoch) -> Turn.more(epoch);
        case Admission.NotYet(var pause) -> Turn.notYet(Math.max(1, pause.toMillis()));
        case Admission.Resting(String status) -> Turn.rests(status);
      };
    } catch (SQLException e) {
      throw Activity.wrap(e);
    }
  }

  @Override
  public Turn carry(RunTicket ticket) {
    ActivityExecutionContext context = Activity.getExecutionContext();
    try {
      return switch (carrier.carry(id(ticket), ticket.epoch(), () -> context.heartbeat(null))) {
        case Carried.More() -> Turn.more(ticket.epoch());
        case Carried.Resting(String status) -> {
          tellNext(id(ticket));
          yield Turn.rests(status);
        }
      };
    } catch (SQLException e) {
      throw Activity.wrap(e);
    }
  }

  @Override
  public String cancel(RunTicket ticket) {
    try {
      boolean _ = runs.cancel(id(ticket));
      return runs.find(id(ticket)).map(run -> run.status()).orElse("unknown");
    } catch (SQLException e) {
      throw Activity.wrap(e);
    }
  }

  private void tellNext(UUID rested) {
    try {
      for (UUID next : carrier.next(rested, TOLD_MAX)) {
        signals.lookAgain(next, "room");
      }
    } catch (SQLException | RuntimeException e) {
      LOG.log(
          Level.WARNING,
          "run=" + rested + " nobody could be told who is next; a driver's recheck tells them",
          e);
    }
  }

  private static UUID id(RunTicket ticket) {
    return UUID.fromString(ticket.run());
  }
}
