package io.bellfounder.graph;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a run begins with.
 *
 * @param key with the same key a tenant's run starts once; null starts always
 * @param thread runs of one thread follow each other and share state; null for none
 * @param priority -100 to 100, default 0; each point counts as a minute of waiting
 * @param delay before it may run, by the database's clock
 * @param refusedIfBusy refuse rather than queue when the thread has a run
 */
public record RunRequest(
    Graph graph,
    String tenant,
    Update input,
    @Nullable String key,
    @Nullable String thread,
    int priority,
    Duration delay,
    boolean refusedIfBusy) {
  public RunRequest {
    if (priority < -100 || priority > 100) {
      throw new IllegalArgumentException("priority is -100 to 100, not " + priority);
    }
  }

  public static RunRequest of(Graph graph, String tenant, Update input) {
    return new RunRequest(graph, tenant, input, null, null, 0, Duration.ZERO, false);
  }

  public RunRequest key(String once) {
    return new RunRequest(graph, tenant, input, once, thread, priority, delay, refusedIfBusy);
  }

  public RunRequest thread(String id) {
    return new RunRequest(graph, tenant, input, key, id, priority, delay, refusedIfBusy);
  }

  public RunRequest priority(int points) {
    return new RunRequest(graph, tenant, input, key, thread, points, delay, refusedIfBusy);
  }

  public RunRequest delay(Duration wait) {
    return new RunRequest(graph, tenant, input, key, thread, priority, wait, refusedIfBusy);
  }

  public RunRequest refuseIfBusy() {
    return new RunRequest(graph, tenant, input, key, thread, priority, delay, true);
  }

  /** Tells a repeated request from another one with the same key. */
  String hash() {
    return Graph.sha256(
        Json.write(java.util.List.of(graph.hash(), input.json(), thread == null ? "" : thread)));
  }
}
