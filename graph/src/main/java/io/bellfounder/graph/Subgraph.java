package io.bellfounder.graph;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How a subgraph's channels meet its parent's.
 *
 * @param shared whether channels of the same name are one; the subgraph starts with the parent's
 *     values, and its changes reach the parent when it ends
 * @param in from the parent's channel to the subgraph's
 * @param out from the subgraph's channel to the parent's
 */
public record Subgraph(boolean shared, Map<String, String> in, Map<String, String> out) {
  public Subgraph {
    in = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(in));
    out = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(out));
  }

  /** Channels of the same name are one. */
  public static Subgraph sharing() {
    return new Subgraph(true, Map.of(), Map.of());
  }

  /** Its own state: only what {@link #in} and {@link #out} name passes. */
  public static Subgraph own() {
    return new Subgraph(false, Map.of(), Map.of());
  }

  /** The same; the subgraph's channel begins with the parent's value. */
  public <T> Subgraph in(Channel<T> parent, Channel<T> child) {
    Map<String, String> all = new LinkedHashMap<>(in);
    all.put(parent.name(), child.name());
    return new Subgraph(shared, all, out);
  }

  /** The same; what the subgraph has in the end is written to the parent's channel. */
  public <T> Subgraph out(Channel<T> child, Channel<T> parent) {
    Map<String, String> all = new LinkedHashMap<>(out);
    all.put(child.name(), parent.name());
    return new Subgraph(shared, in, all);
  }
}
