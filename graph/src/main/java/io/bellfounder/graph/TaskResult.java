package io.bellfounder.graph;

import java.util.List;

/** How a task ended. */
public sealed interface TaskResult {
  /** It returned. */
  record Done(Update update) implements TaskResult {}

  /** It needs answers, and runs again when it has them. */
  record Asked(List<Ask> asks) implements TaskResult {}

  /**
   * It failed for good, after its retries.
   *
   * @param code stable, such as {@code node_failed} or {@code timed_out}
   */
  record Failed(String code, String message) implements TaskResult {}
}
