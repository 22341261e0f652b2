package io.bellfounder.graph;

/** Makes of a channel's stored value, as one version had it, what the next version has. */
@FunctionalInterface
public interface Upcaster {
  /**
   * Pure. What it throws parks the run.
   *
   * @param json the whole value as a JSON tree, never JSON null
   */
  Object upcast(Object json);
}
