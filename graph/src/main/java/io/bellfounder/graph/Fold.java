package io.bellfounder.graph;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/** Makes states of a snapshot and the deltas after it, one checkpoint at a time. One thread. */
final class Fold {
  private final Shape shape;

  /** Values by frame, the outermost's under the empty path. */
  private final Map<String, Map<String, Object>> frames = new HashMap<>();

  Fold(Shape shape) {
    this.shape = shape;
    frames.put("", shape.initial());
  }

  /** Puts a snapshot's values over what there is by then. */
  void snapshot(Object tree) {
    Map<String, Object> all = Json.object(tree);
    frames.keySet().retainAll(java.util.Set.of(""));
    frames.put("", shape.initial());
    all.forEach((path, values) -> values(path).putAll(Json.object(values)));
  }

  void delta(Decision.Write write) {
    Map<String, Object> values = values(write.frame());
    Shape.Slot slot = shape.at(write.frame()).channel(write.channel());
    Object before = values.getOrDefault(write.channel(), slot.initial());
    try {
      values.put(
          write.channel(),
          write.whole() ? write.update() : slot.reducer().reduce(before, write.update()));
    } catch (ClassCastException | IllegalArgumentException | ArithmeticException e) {
      throw new Unreadable(
          "a stored write of channel " + write.channel() + " does not fit its reducer");
    }
  }

  /** The state at a checkpoint whose deltas are all in. */
  State state(Object control) {
    Map<String, Map<String, Object>> values = new HashMap<>();
    State bare = State.read(control, Map.of());
    collect("", bare.root(), values);
    frames.keySet().retainAll(values.keySet());
    return State.read(control, values);
  }

  private void collect(String path, Frame frame, Map<String, Map<String, Object>> into) {
    into.put(path, new LinkedHashMap<>(values(path)));
    frame.children().forEach((child, inner) -> collect(child, inner, into));
  }

  /** A parent's values stand still while its subgraph runs, so they still give its inputs. */
  private Map<String, Object> values(String path) {
    Map<String, Object> known = frames.get(path);
    if (known == null) {
      int slash = path.lastIndexOf('/');
      String parent = slash < 0 ? "" : path.substring(0, slash);
      String task = path.substring(slash + 1);
      Shape.Inner inner = shape.at(parent).inner(task.substring(task.indexOf(':') + 1));
      known = Shape.inputs(inner, values(parent));
      frames.put(path, known);
    }
    return known;
  }
}
