package io.bellfounder.graph;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What tasks gave, kept with the checkpoint that followed, so that a run can be replayed. Values
 * that stand among the checkpoint's deltas are named by their number there, from 1 on, and not
 * repeated; the commonest case, one task whose writes are all of the deltas, needs nothing at all.
 */
final class Results {
  /** The last format whose checkpoints have no results. */
  static final int NONE_BEFORE = 1;

  private Results() {}

  /** A tree, or null for the commonest case. */
  static @Nullable Object tree(Map<String, TaskResult> results, Decision decision) {
    boolean asked = results.values().stream().anyMatch(r -> r instanceof TaskResult.Asked);
    if (asked || isPlain(results, decision.writes())) {
      return null;
    }
    List<Object> all = new ArrayList<>();
    boolean[] used = new boolean[decision.writes().size()];
    new TreeMap<>(results)
        .forEach((path, result) -> {
          switch (result) {
            case TaskResult.Done(Update update) -> {
              Map<String, Object> entry = new LinkedHashMap<>();
              entry.put("path", path);
              entry.put("writes", writes(path, update, decision.writes(), used));
              if (update.next() != null) {
                entry.put("next", update.next().json());
              }
              all.add(entry);
            }
            case TaskResult.Failed(String code, String message) -> {
              Map<String, Object> entry = new LinkedHashMap<>();
              entry.put("path", path);
              entry.put("failed", List.of(code, message));
              all.add(entry);
            }
            case TaskResult.Asked _ -> throw new IllegalStateException("handled before");
          }
        });
    return Json.tree(all);
  }

  private static List<Object> writes(
      String path, Update update, List<Decision.Write> deltas, boolean[] used) {
    List<Object> writes = new ArrayList<>();
    for (Update.Write write : update.writes()) {
      int delta = 0;
      while (delta < deltas.size() && (used[delta] || !same(path, write, deltas.get(delta)))) {
        delta++;
      }
      if (delta < deltas.size()) {
        used[delta] = true;
        writes.add((long) delta + 1);
      } else {
        writes.add(List.of(write.channel(), write.value()));
      }
    }
    return writes;
  }

  private static boolean isPlain(Map<String, TaskResult> results, List<Decision.Write> deltas) {
    if (results.isEmpty()) {
      return true;
    }
    Map.Entry<String, TaskResult> only = results.entrySet().iterator().next();
    if (results.size() > 1
        || !(only.getValue() instanceof TaskResult.Done(Update update))
        || update.next() != null
        || update.writes().size() != deltas.size()) {
      return false;
    }
    for (int i = 0; i < deltas.size(); i++) {
      if (!same(only.getKey(), update.writes().get(i), deltas.get(i))) {
        return false;
      }
    }
    return true;
  }

  /** The kernel passes a write's value on as it is, so the same value is the same object. */
  @SuppressWarnings("ReferenceEquality")
  private static boolean same(String path, Update.Write write, Decision.Write delta) {
    return write.value() == delta.update()
        && !delta.whole()
        && write.channel().equals(delta.channel())
        && frame(path).equals(delta.frame());
  }

  /** The frame that a task belongs to. */
  static String frame(String path) {
    return path.substring(0, Math.max(0, path.lastIndexOf('/')));
  }

  /**
   * The results that led from one state to the next.
   *
   * @param tasks those of the state before, in order
   */
  static Map<String, TaskResult> read(List<Task> tasks, State before, Past.Row row, State after) {
    Map<String, TaskResult> results = new HashMap<>();
    if (after.status() instanceof Status.Waiting && after.step() == before.step()) {
      Map<String, List<Ask>> asks = new LinkedHashMap<>();
      after.open().forEach(a -> asks.computeIfAbsent(a.path(), _ -> new ArrayList<>()).add(a));
      for (Task task : tasks) {
        List<Ask> own = asks.get(task.path());
        // What its siblings gave is not applied before it has its answers.
        results.put(
            task.path(),
            own == null ? new TaskResult.Done(Update.none()) : new TaskResult.Asked(own));
      }
    } else if (row.results() != null) {
      Json.array(row.results()).forEach(item -> read(Json.object(item), row.deltas(), results));
    } else if (tasks.size() == 1) {
      List<Update.Write> writes = new ArrayList<>();
      row.deltas().forEach(delta -> writes.add(new Update.Write(delta.channel(), delta.update())));
      results.put(tasks.getFirst().path(), new TaskResult.Done(new Update(writes, null)));
    }
    return results;
  }

  private static void read(
      Map<String, Object> entry, List<Decision.Write> deltas, Map<String, TaskResult> into) {
    String path = (String) entry.getOrDefault("path", "");
    Object failed = entry.get("failed");
    if (failed != null) {
      List<Object> pair = Json.array(failed);
      into.put(path, new TaskResult.Failed((String) pair.get(0), (String) pair.get(1)));
      return;
    }
    List<Update.Write> writes = new ArrayList<>();
    for (Object write : Json.array(entry.getOrDefault("writes", List.of()))) {
      if (write instanceof Long number) {
        Decision.Write delta = deltas.get(Math.toIntExact(number) - 1);
        writes.add(new Update.Write(delta.channel(), delta.update()));
      } else {
        writes.add(new Update.Write((String) Json.array(write).get(0), Json.array(write).get(1)));
      }
    }
    Object next = entry.get("next");
    into.put(path, new TaskResult.Done(new Update(writes, next == null ? null : Next.read(next))));
  }
}
