package io.bellfounder.graph;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BinaryOperator;

/**
 * A typed key of a graph's state, and how writes to it are merged. Two channels of one graph never
 * have the same name.
 *
 * @param <T> what a node reads; for lists it also writes a list, of what is to be added
 */
public record Channel<T>(String name, Codec<T> codec, Reducer reducer, Object initial) {
  public Channel {
    if (!name.matches("[A-Za-z_][A-Za-z0-9_.-]{0,99}")) {
      throw new IllegalArgumentException(
          "channel name \"" + name + "\": use letters, digits, '_', '.', '-', at most 100");
    }
    Objects.requireNonNull(codec);
  }

  public static <T> Channel<T> last(String name, Class<T> type) {
    return last(name, Codec.of(type));
  }

  public static <T> Channel<T> last(String name, Codec<T> codec) {
    return new Channel<>(name, codec, Reducer.LAST, JsonNull.NULL);
  }

  /** A last value that is there before the first write. */
  public static <T> Channel<T> last(String name, Class<T> type, T initial) {
    Codec<T> codec = Codec.of(type);
    return new Channel<>(name, codec, Reducer.LAST, codec.encode(initial));
  }

  public static <T> Channel<List<T>> append(String name, Class<T> item) {
    return of(name, Codec.list(Codec.of(item)), Reducer.APPEND);
  }

  public static <T> Channel<List<T>> set(String name, Class<T> item) {
    return of(name, Codec.list(Codec.of(item)), Reducer.SET);
  }

  public static Channel<Long> counter(String name) {
    return of(name, Codec.of(Long.class), Reducer.COUNTER);
  }

  /** Messages merged by their {@code id}, as {@link Reducer#MESSAGES} says. */
  public static Channel<List<Map<String, Object>>> messages(String name) {
    return of(
        name,
        Codec.of(Json::tree, json -> Json.array(json).stream().map(Json::object).toList()),
        Reducer.MESSAGES);
  }

  public static <T> Channel<T> custom(
      String name, Class<T> type, T initial, BinaryOperator<T> merge) {
    Codec<T> codec = Codec.of(type);
    return of(
        name,
        codec,
        Reducer.custom(
            "custom",
            codec.encode(initial),
            (a, b) -> codec.encode(merge.apply(codec.decode(a), codec.decode(b)))));
  }

  public static <T> Channel<T> of(String name, Codec<T> codec, Reducer reducer) {
    return new Channel<>(name, codec, reducer, reducer.initial());
  }
}
