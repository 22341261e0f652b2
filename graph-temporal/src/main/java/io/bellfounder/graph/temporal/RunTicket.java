package io.bellfounder.graph.temporal;

/**
 * All that Temporal is told of a run: where to find it, and how to treat it. Inputs, states and
 * answers stay in PostgreSQL.
 *
 * @param run the run's id
 * @param tenant the key of Temporal's fairness
 * @param priority -100 to 100, as in {@link io.bellfounder.graph.RunRequest}
 * @param epoch of an admission that was handed over by the execution before; 0 for none
 * @param stepsMax after so many activities the history is begun anew
 * @param leaseMillis how long a silent step is believed to be alive
 */
public record RunTicket(
    String run, String tenant, int priority, long epoch, int stepsMax, long leaseMillis) {
  RunTicket admitted(long other) {
    return new RunTicket(run, tenant, priority, other, stepsMax, leaseMillis);
  }
}
