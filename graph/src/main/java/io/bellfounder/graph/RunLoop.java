package io.bellfounder.graph;

import java.lang.System.Logger.Level;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/**
 * One claimed run, from its last commit to its end or until it is given up. One virtual thread; the
 * driver's threads only set flags and interrupt.
 *
 * @param stepsMax so many supersteps at most
 */
record RunLoop(StepCarrier carrier, long stepsMax) {
  private static final System.Logger LOG = System.getLogger(RunLoop.class.getName());

  /** Whether the run is still held here and has more to do. */
  boolean run() {
    try {
      return carry();
    } catch (SQLException e) {
      // The lease runs out unless the hand-back gets through; either way another goes on.
      LOG.log(
          Level.WARNING,
          carrier.where()
              + " the database failed; it is handed back, or taken over when its lease is over",
          e);
      carrier.handBack("queued");
    } catch (RuntimeException e) {
      LOG.log(
          Level.ERROR,
          carrier.where() + " cannot be carried on; it is parked until it is resumed or cancelled",
          e);
      try {
        String why = e instanceof Unreadable ? "" : e.getClass().getSimpleName() + ": ";
        carrier.park(why + e.getMessage());
      } catch (SQLException sql) {
        LOG.log(
            Level.WARNING,
            carrier.where() + " could not be parked; whoever takes it over tries again",
            sql);
      }
    }
    return false;
  }

  private boolean carry() throws SQLException {
    @Nullable Decision decision = carrier.begin();
    for (long steps = 0; decision != null && runs(decision); steps++) {
      String leaves = carrier.leavesAs();
      if (leaves != null) {
        carrier.handBack(leaves);
        return false;
      }
      if (steps == stepsMax) {
        return true;
      }
      decision = carrier.step(decision);
    }
    return false;
  }

  private boolean runs(Decision decision) {
    return decision.status() instanceof Status.Running && !carrier.lost();
  }
}
