package io.bellfounder.graph;

/** JSON's null as a value of its own, so that no tree contains a Java null. */
public enum JsonNull {
  NULL;

  @Override
  public String toString() {
    return "null";
  }
}
