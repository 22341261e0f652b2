package io.bellfounder.graph;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a node returns: writes to channels and, as a command, where to go. A command replaces the
 * node's edges for this time; without one the edges are followed.
 *
 * @param writes in the order made; JSON trees
 * @param next the command, or null to follow the edges
 */
public record Update(List<Write> writes, @Nullable Next next) {
  private static final Update NONE = new Update(List.of(), null);

  /** One write, before the reducer. */
  public record Write(String channel, Object value) {}

  public Update {
    writes = List.copyOf(writes);
  }

  /** No writes, along the edges. */
  public static Update none() {
    return NONE;
  }

  /** One write, along the edges. */
  public static <T> Update of(Channel<T> channel, T value) {
    return NONE.and(channel, value);
  }

  /** For graphs from data, where channels have names only. */
  public static Update ofData(Map<String, ?> writes) {
    List<Write> all = new ArrayList<>();
    writes.forEach((channel, value) -> all.add(new Write(channel, Json.tree(value))));
    return new Update(all, null);
  }

  /** The same with one more write. */
  public <T> Update and(Channel<T> channel, T value) {
    List<Write> all = new ArrayList<>(writes);
    all.add(new Write(channel.name(), Json.tree(channel.codec().encode(value))));
    return new Update(all, next);
  }

  /** Go to these nodes instead of along the edges; {@link Graph#END} or nothing ends the branch. */
  public Update go(String... nodes) {
    return go(Next.to(nodes));
  }

  /** As above, also with tasks to be sent. */
  public Update go(Next where) {
    return new Update(writes, where);
  }

  Object json() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("writes", writes.stream().map(w -> List.of(w.channel(), w.value())).toList());
    if (next != null) {
      map.put("next", next.json());
    }
    return Json.tree(map);
  }

  static Update read(Object json) {
    Map<String, Object> map = Json.object(json);
    List<Write> writes = new ArrayList<>();
    for (Object write : Json.array(map.getOrDefault("writes", List.of()))) {
      writes.add(new Write((String) Json.array(write).get(0), Json.array(write).get(1)));
    }
    Object next = map.get("next");
    return new Update(writes, next == null ? null : Next.read(next));
  }
}
