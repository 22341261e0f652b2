package io.bellfounder.graph.temporal;

import io.temporal.activity.ActivityInterface;
import io.temporal.activity.ActivityMethod;

/** What the workflow has done for it, against the tables. */
@ActivityInterface
public interface RunActivities {
  /** Takes one of the tenant's places, or says when to ask again. */
  @ActivityMethod(name = "bellfounder-admit")
  Turn admit(RunTicket ticket);

  /** Carries and commits one superstep. */
  @ActivityMethod(name = "bellfounder-carry")
  Turn carry(RunTicket ticket);

  /** Cancels the run because its workflow was cancelled. */
  @ActivityMethod(name = "bellfounder-cancel")
  String cancel(RunTicket ticket);
}
