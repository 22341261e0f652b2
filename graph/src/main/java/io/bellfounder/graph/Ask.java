package io.bellfounder.graph;

/**
 * A question that keeps a run waiting.
 *
 * @param path the task that asks
 * @param ordinal counts the task's questions from 0; {@link #BEFORE} and {@link #AFTER} are the
 *     gates around a node
 * @param payload what the person is shown; a JSON tree
 */
public record Ask(String path, int ordinal, String node, Object payload) {
  public static final int BEFORE = -1;
  public static final int AFTER = -2;

  public Ask {
    payload = Json.tree(payload);
  }

  /** Unique within the run. */
  public String key() {
    return path + "#" + ordinal;
  }
}
