package io.bellfounder.graph;

import java.lang.System.Logger.Level;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/**
 * One claimed run, from its last commit to its end or until it is given up. One virtual thread; the
 * worker's threads only set flags and interrupt.
 */
record RunLoop(StepCarrier carrier) {
  private static final System.Logger LOG = System.getLogger(RunLoop.class.getName());

  void run() {
    String run = "run " + carrier.claim().run();
    try {
      carry();
    } catch (SQLException e) {
      // The lease runs out unless the hand-back gets through; either way another goes on.
      LOG.log(Level.WARNING, run + " stops here: the database failed; it is taken up again", e);
      carrier.handBack("queued");
    } catch (RuntimeException e) {
      LOG.log(Level.ERROR, run + " cannot be read and is parked", e);
      try {
        carrier.park(e.getClass().getSimpleName() + ": " + e.getMessage());
      } catch (SQLException sql) {
        LOG.log(Level.WARNING, run + " could not be parked; its lease runs out", sql);
      }
    }
  }

  private void carry() throws SQLException {
    @Nullable Decision decision = carrier.begin();
    while (decision != null && decision.status() instanceof Status.Running && !carrier.lost()) {
      String leaves = carrier.leavesAs();
      if (leaves != null) {
        carrier.handBack(leaves);
        return;
      }
      decision = carrier.step(decision);
    }
  }
}
