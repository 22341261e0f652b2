package io.bellfounder.graph;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BinaryOperator;

/**
 * How the writes of a step change a channel. The built-in ones are stored as what changed; a custom
 * one is stored as its whole value, so that changed code never changes the past.
 *
 * @param name as it appears in a spec
 * @param initial the value before the first write
 * @param custom whether the caller wrote it
 * @param function from the value and one write to the next value, both JSON trees; must be pure
 */
public record Reducer(
    String name, Object initial, boolean custom, BinaryOperator<Object> function) {

  /** The write replaces the value; two writes in one step are refused. */
  public static final Reducer LAST =
      new Reducer("last", JsonNull.NULL, false, (_, update) -> update);

  /** The write is a list, and its items are added at the end. */
  public static final Reducer APPEND = new Reducer("append", List.of(), false, Reducer::append);

  /** The write is a list, and its items are added unless they are there. */
  public static final Reducer SET = new Reducer("set", List.of(), false, Reducer::union);

  /** The write is a whole number, and is added. */
  public static final Reducer COUNTER =
      new Reducer(
          "counter",
          0L,
          false,
          (value, add) -> Math.addExact(((Number) value).longValue(), ((Number) add).longValue()));

  /**
   * The write is a list of objects with an {@code id}: a known id replaces its message where it
   * stands, a new one is added, and {@code {"id": …, "removed": true}} removes.
   */
  public static final Reducer MESSAGES = new Reducer("messages", List.of(), false, Reducer::byId);

  /** A reducer of the caller's; pure, and associative if several tasks write in one step. */
  public static Reducer custom(String name, Object initial, BinaryOperator<Object> function) {
    // A copy: what the function keeps and changes later is not the state.
    return new Reducer(name, Json.tree(initial), true, (a, b) -> Json.tree(function.apply(a, b)));
  }

  static Map<String, Reducer> builtIn() {
    return Map.of(
        "last", LAST, "append", APPEND, "set", SET, "counter", COUNTER, "messages", MESSAGES);
  }

  Object reduce(Object value, Object update) {
    return function.apply(value, update);
  }

  /** The write that leads from one value to the other, for a subgraph that shares the channel. */
  Object difference(Object before, Object after) {
    return switch (name) {
      case "append" -> {
        List<Object> list = Json.array(after);
        yield List.copyOf(list.subList(Json.array(before).size(), list.size()));
      }
      case "set" -> {
        List<Object> added = new ArrayList<>(Json.array(after));
        added.removeAll(Json.array(before));
        yield added;
      }
      case "counter" -> ((Number) after).longValue() - ((Number) before).longValue();
      case "messages" -> {
        Map<Object, Object> now = byId(after);
        List<Object> changes = new ArrayList<>();
        byId(before)
            .forEach((id, _) -> {
              if (!now.containsKey(id)) {
                changes.add(Map.of("id", id, "removed", true));
              }
            });
        for (Object message : Json.array(after)) {
          if (!Json.array(before).contains(message)) {
            changes.add(message);
          }
        }
        yield changes;
      }
      default -> after;
    };
  }

  private static Object append(Object value, Object update) {
    List<Object> list = new ArrayList<>(Json.array(value));
    list.addAll(Json.array(update));
    return Collections.unmodifiableList(list);
  }

  private static Object union(Object value, Object update) {
    Set<Object> set = new LinkedHashSet<>(Json.array(value));
    set.addAll(Json.array(update));
    return List.copyOf(set);
  }

  private static Map<Object, Object> byId(Object messages) {
    Map<Object, Object> map = new LinkedHashMap<>();
    for (Object message : Json.array(messages)) {
      map.put(id(message), message);
    }
    return map;
  }

  private static Object byId(Object value, Object update) {
    Map<Object, Object> map = byId(value);
    for (Object message : Json.array(update)) {
      if (Boolean.TRUE.equals(Json.object(message).get("removed"))) {
        map.remove(id(message));
      } else {
        map.put(id(message), message);
      }
    }
    return List.copyOf(map.values());
  }

  private static Object id(Object message) {
    Object id = Json.object(message).get("id");
    if (id == null) {
      throw new IllegalArgumentException("a message without an id cannot be merged: give it one");
    }
    return id;
  }
}
