package io.bellfounder.graph;

/**
 * One more task of a node, with an input of its own. Any number may be sent in one step, also to
 * the same node.
 *
 * @param input a JSON tree, read by {@link NodeContext#input()}
 */
public record Send(String node, Object input) {
  public Send {
    input = Json.tree(input);
  }
}
