package io.bellfounder.graph;

import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a run begins with.
 *
 * @param tenant 1 to 200 characters, as are key, thread and lane
 * @param key with the same key a tenant's run starts once; null starts always
 * @param thread runs of one thread follow each other and share state; null for none
 * @param policy what happens when the thread is busy; default {@link ThreadPolicy#QUEUE}
 * @param lane a part of the tenant's runs with limits of its own, see {@link Limits}; empty for
 *     none
 * @param priority -100 to 100, default 0; each point counts as a minute of waiting, among the runs
 *     of its tenant (tenants take turns)
 * @param delay before it may run, by the database's clock; a delayed run joins its thread, and
 *     waits for its turn there, when the delay is over
 */
public record RunRequest(
    Graph graph,
    String tenant,
    Update input,
    @Nullable String key,
    @Nullable String thread,
    ThreadPolicy policy,
    String lane,
    int priority,
    Duration delay) {
  private static final int NAME_MAX = 200;

  public RunRequest {
    name("tenant", tenant);
    if (key != null) {
      name("key", key);
    }
    if (thread != null) {
      name("thread", thread);
    }
    if (!lane.isEmpty()) {
      name("lane", lane);
    }
    if (priority < -100 || priority > 100) {
      throw new IllegalArgumentException("priority is -100 to 100, not " + priority);
    }
    if (delay.isNegative()) {
      throw new IllegalArgumentException("a delay is not negative: " + delay);
    }
    if (!delay.isZero() && thread != null && policy != ThreadPolicy.QUEUE) {
      throw new IllegalArgumentException("a delayed run of a thread queues there");
    }
  }

  /** A run of its own, with the defaults of all others. */
  public static RunRequest of(Graph graph, String tenant, Update input) {
    return new RunRequest(
        graph, tenant, input, null, null, ThreadPolicy.QUEUE, "", 0, Duration.ZERO);
  }

  /** The same, started once for this key. */
  public RunRequest key(String once) {
    return new RunRequest(graph, tenant, input, once, thread, policy, lane, priority, delay);
  }

  /** The same, as one of a thread's runs. */
  public RunRequest thread(String id) {
    return new RunRequest(graph, tenant, input, key, id, policy, lane, priority, delay);
  }

  /** The same, with what happens when its thread is busy. */
  public RunRequest ifBusy(ThreadPolicy then) {
    return new RunRequest(graph, tenant, input, key, thread, then, lane, priority, delay);
  }

  /** The same, within a lane's limits. */
  public RunRequest lane(String id) {
    return new RunRequest(graph, tenant, input, key, thread, policy, id, priority, delay);
  }

  /** The same, this many minutes older than it is: -100 to 100. */
  public RunRequest priority(int points) {
    return new RunRequest(graph, tenant, input, key, thread, policy, lane, points, delay);
  }

  /** The same, but not before this has passed. */
  public RunRequest delay(Duration wait) {
    return new RunRequest(graph, tenant, input, key, thread, policy, lane, priority, wait);
  }

  private static void name(String what, String name) {
    if (name.isEmpty() || name.length() > NAME_MAX || name.indexOf('\0') >= 0) {
      throw new IllegalArgumentException(
          "a run's %s has 1 to %d characters and no NUL, not %d"
              .formatted(what, NAME_MAX, name.length()));
    }
  }

  /** The same for all who ask for the same, in whatever order their maps are. */
  private Object same() {
    List<Update.Write> writes =
        input.writes().stream().sorted(Comparator.comparing(Update.Write::channel)).toList();
    return Json.sorted(new Update(writes, input.next()).json());
  }

  Starts.NewRun row(String driver) {
    String json = Json.write(input.json());
    // Tells a repeated request from another one with the same key.
    String hash =
        Graph.sha256(
            Json.write(
                List.of(
                    graph.hash(),
                    same(),
                    thread == null ? "" : thread,
                    lane,
                    (long) priority,
                    delay.toMillis())));
    return new Starts.NewRun(
        tenant,
        driver,
        graph.name(),
        graph.hash(),
        json,
        key,
        hash,
        thread,
        policy,
        lane,
        priority,
        delay.toMillis());
  }
}
