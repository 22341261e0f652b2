package io.bellfounder.graph.temporal;

import io.temporal.workflow.SignalMethod;
import io.temporal.workflow.WorkflowInterface;
import io.temporal.workflow.WorkflowMethod;

/**
 * The workflow of one run; its workflow id is the run's id. It only loops: ask for admission, carry
 * step after step, wait while the run rests. All knowledge is in the tables, so its code hardly
 * ever changes, and graphs may change without it.
 */
@WorkflowInterface
public interface CarriedRun {
  /**
   * Ends when the run has.
   *
   * @return the run's last status
   */
  @WorkflowMethod(name = "bellfounder-run")
  String carry(RunTicket ticket);

  /**
   * Something about the run has changed in the tables: look again.
   *
   * @param why for whoever reads the history: {@code answered} and the question's id, {@code
   *     cancelled}, {@code paused}, {@code resumed}, {@code room}, {@code started}
   */
  @SignalMethod(name = "look-again")
  void lookAgain(String why);
}
