package io.bellfounder.graph;

/**
 * One more task of a node, with an input of its own. Any number may be sent in one step, also to
 * the same node.
 *
 * @param input a record, or anything that is JSON; read by {@link NodeContext#input(Class)}
 */
public record Send(String node, Object input) {
  public Send {
    input = Json.tree(input);
  }
}
