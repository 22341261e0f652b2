package io.bellfounder.graph;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A graph's whole state between two decisions: immutable, and with nothing in it but data.
 *
 * @param step how many supersteps were taken
 * @param open questions without an answer
 * @param answers by {@link Ask#key()}, for tasks that have not finished
 */
public record State(
    Frame root, long step, Status status, List<Ask> open, Map<String, Object> answers) {

  /** The channels of the outermost graph, as JSON trees. */
  public Map<String, Object> values() {
    return root.values();
  }

  /** The outermost graph's channels. */
  public StateView view() {
    return new StateView(root.values());
  }

  /** Everything but the channels' values. */
  Object control() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("step", step);
    map.put("status", statusJson());
    map.put(
        "open",
        open.stream().map(a -> List.of(a.path(), a.ordinal(), a.node(), a.payload())).toList());
    map.put("answers", answers);
    map.put("root", root.control());
    return Json.tree(map);
  }

  static State read(Object control, Map<String, Map<String, Object>> values) {
    Map<String, Object> map = Json.object(control);
    List<Ask> open = new ArrayList<>();
    for (Object item : Json.array(map.get("open") == null ? List.of() : map.get("open"))) {
      List<Object> a = Json.array(item);
      open.add(
          new Ask((String) a.get(0), ((Number) a.get(1)).intValue(), (String) a.get(2), a.get(3)));
    }
    return new State(
        Frame.read(map.getOrDefault("root", Map.of()), "", values),
        ((Number) map.getOrDefault("step", 0L)).longValue(),
        status(Json.array(map.getOrDefault("status", List.of("running")))),
        open,
        Json.object(map.getOrDefault("answers", Map.of())));
  }

  /**
   * Sees that every value can be read as its channel's type, before any node meets it.
   *
   * @throws Unreadable naming the channel
   */
  void check(Graph graph) {
    check(graph, root);
  }

  static void check(Graph graph, Map<String, Object> values) {
    StateView view = new StateView(values);
    for (Channel<?> channel : graph.channels().values()) {
      try {
        view.find(channel);
      } catch (RuntimeException e) {
        // Its message may hold the value.
        throw new Unreadable(
            "channel "
                + channel.name()
                + " of graph "
                + graph.name()
                + " is not as its type has it ("
                + e.getClass().getSimpleName()
                + "): mend the type, or give the channel an upcaster and migrate");
      }
    }
  }

  private static void check(Graph graph, Frame frame) {
    check(graph, frame.values());
    for (Task task : frame.tasks()) {
      Frame child = frame.children().get(task.path());
      Graph.Inner inner = graph.part(task.node()).inner();
      if (child != null && inner != null) {
        check(inner.graph(), child);
      }
    }
  }

  State with(Status next) {
    return new State(root, step, next, open, answers);
  }

  /** With other values of the outermost graph. */
  State with(Map<String, Object> values) {
    Frame frame =
        new Frame(
            values,
            root.step(),
            root.tasks(),
            root.finished(),
            root.arrivals(),
            root.held(),
            root.children());
    return new State(frame, step, status, open, answers);
  }

  private Object statusJson() {
    return switch (status) {
      case Status.Running() -> List.of("running");
      case Status.Waiting() -> List.of("waiting");
      case Status.Completed() -> List.of("completed");
      case Status.Failed(String code, String node, String message) ->
          List.of("failed", code, node, message);
    };
  }

  private static Status status(List<Object> json) {
    return switch ((String) json.get(0)) {
      case "running" -> new Status.Running();
      case "waiting" -> new Status.Waiting();
      case "completed" -> new Status.Completed();
      case "failed" ->
          new Status.Failed((String) json.get(1), (String) json.get(2), (String) json.get(3));
      default -> throw new IllegalArgumentException("unknown status in a checkpoint");
    };
  }
}
