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
      if (refused(e)) {
        park("refused", "the database refused its step (SQLSTATE " + e.getSQLState() + ")", null);
      } else {
        // The lease runs out unless the hand-back gets through; either way another goes on.
        LOG.log(
            Level.WARNING,
            carrier.where()
                + " the database failed; it is handed back, or taken over when its lease is over",
            e);
        carrier.handBack("queued");
      }
    } catch (RuntimeException | LinkageError | AssertionError | StackOverflowError e) {
      String why = e instanceof Unreadable ? e.getMessage() : ErrorKind.of(e);
      park("unreadable", String.valueOf(why), e);
    }
    return false;
  }

  /** Whether it would be refused again: for what is in it, not for the state of the database. */
  private static boolean refused(SQLException e) {
    String state = e.getSQLState();
    return state != null && state.matches("(22|23|54).*");
  }

  private void park(String code, String why, @Nullable Throwable error) {
    LOG.log(
        Level.ERROR,
        carrier.where()
            + " code="
            + code
            + " cannot be carried on; it is parked until it is resumed or cancelled",
        error);
    try {
      carrier.park(code, why);
    } catch (SQLException sql) {
      LOG.log(
          Level.WARNING,
          carrier.where() + " could not be parked; whoever takes it over tries again",
          sql);
    }
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
