package io.bellfounder.graph;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The state of one graph, or of one running subgraph.
 *
 * @param step how many supersteps this frame has taken
 * @param tasks of the current superstep, in order
 * @param finished updates of tasks that are done while a sibling subgraph still runs
 * @param arrivals per join, the sources that have arrived since it last fired
 * @param held tasks of deferred nodes
 * @param children frames of running subgraphs by task path
 */
record Frame(
    Map<String, Object> values,
    long step,
    List<Task> tasks,
    Map<String, Update> finished,
    Map<String, List<String>> arrivals,
    List<Task> held,
    Map<String, Frame> children) {

  Object control() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("step", step);
    map.put("tasks", tasks.stream().map(Frame::taskJson).toList());
    if (!finished.isEmpty()) {
      Map<String, Object> done = new LinkedHashMap<>();
      finished.forEach((path, update) -> done.put(path, update.json()));
      map.put("finished", done);
    }
    if (!arrivals.isEmpty()) {
      map.put("arrivals", arrivals);
    }
    if (!held.isEmpty()) {
      map.put("held", held.stream().map(Frame::taskJson).toList());
    }
    if (!children.isEmpty()) {
      Map<String, Object> inner = new LinkedHashMap<>();
      children.forEach((path, child) -> inner.put(path, child.control()));
      map.put("children", inner);
    }
    return Json.tree(map);
  }

  /** Reads the control part; values come from {@code values} by frame path. */
  static Frame read(Object control, String path, Map<String, Map<String, Object>> values) {
    Map<String, Object> map = Json.object(control);
    Map<String, Update> finished = new LinkedHashMap<>();
    Json.object(map.getOrDefault("finished", Map.of()))
        .forEach((key, update) -> finished.put(key, Update.read(update)));
    Map<String, List<String>> arrivals = new LinkedHashMap<>();
    Json.object(map.getOrDefault("arrivals", Map.of()))
        .forEach((key, from) ->
            arrivals.put(key, Json.array(from).stream().map(String::valueOf).toList()));
    Map<String, Frame> children = new LinkedHashMap<>();
    Json.object(map.getOrDefault("children", Map.of()))
        .forEach((key, child) -> children.put(key, read(child, key, values)));
    return new Frame(
        values.getOrDefault(path, Map.of()),
        ((Number) map.getOrDefault("step", 0L)).longValue(),
        tasks(map.getOrDefault("tasks", List.of())),
        finished,
        arrivals,
        tasks(map.getOrDefault("held", List.of())),
        children);
  }

  void collectValues(String path, Map<String, Map<String, Object>> into) {
    into.put(path, values);
    children.forEach((key, child) -> child.collectValues(key, into));
  }

  private static Object taskJson(Task task) {
    return List.of(task.path(), task.node(), task.input(), task.sent());
  }

  private static List<Task> tasks(Object json) {
    List<Task> tasks = new ArrayList<>();
    for (Object item : Json.array(json)) {
      List<Object> t = Json.array(item);
      tasks.add(new Task((String) t.get(0), (String) t.get(1), t.get(2), (Boolean) t.get(3)));
    }
    return tasks;
  }
}
