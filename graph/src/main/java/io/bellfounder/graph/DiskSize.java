package io.bellfounder.graph;

/**
 * What is stored, as the database has it: compressed, without indexes and page overhead.
 *
 * @param runs how many runs are counted
 * @param checkpoints how many checkpoints they have
 * @param stateBytes of checkpoints, what changed between them, and tasks' results
 * @param eventBytes of events
 * @param largeBytes of large values, each counted once, though runs outside may share it
 */
public record DiskSize(
    long runs, long checkpoints, long stateBytes, long eventBytes, long largeBytes) {
  /** All of it. */
  public long bytes() {
    return stateBytes + eventBytes + largeBytes;
  }
}
