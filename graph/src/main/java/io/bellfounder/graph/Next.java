package io.bellfounder.graph;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Where a condition or a command leads: nodes, sent tasks, or nowhere. */
public record Next(List<String> nodes, List<Send> sends) {
  public Next {
    nodes = List.copyOf(nodes);
    sends = List.copyOf(sends);
  }

  /** To these nodes, which run at the same time. */
  public static Next to(String... nodes) {
    return new Next(List.of(nodes), List.of());
  }

  /** One task for each, with an input of its own. */
  public static Next send(List<Send> sends) {
    return new Next(List.of(), sends);
  }

  /** Nowhere: the branch ends. */
  public static Next end() {
    return new Next(List.of(), List.of());
  }

  /** The same, and one more task. */
  public Next and(Send send) {
    List<Send> all = new ArrayList<>(sends);
    all.add(send);
    return new Next(nodes, all);
  }

  Object json() {
    // In this order always, so that the same command is the same bytes in every process.
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("nodes", nodes);
    map.put("sends", sends.stream().map(s -> List.of(s.node(), s.input())).toList());
    return map;
  }

  static Next read(Object json) {
    var map = Json.object(json);
    List<Send> sends = new ArrayList<>();
    for (Object send : Json.array(map.getOrDefault("sends", List.of()))) {
      sends.add(new Send((String) Json.array(send).get(0), Json.array(send).get(1)));
    }
    return new Next(
        Json.array(map.getOrDefault("nodes", List.of())).stream().map(String::valueOf).toList(),
        sends);
  }
}
