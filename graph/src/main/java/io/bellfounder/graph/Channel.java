package io.bellfounder.graph;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BinaryOperator;

/**
 * A typed key of a graph's state, and how writes to it are merged. Two channels of one graph never
 * have the same name.
 *
 * <p>When what is stored changes its form or its name, say so here, by {@link #upcast} and {@link
 * #formerly}: runs that began before keep their version of the graph, and where an older state
 * meets this one (the next run of a thread, a {@link Migration}, a fork) it is brought forward.
 *
 * @param <T> what a node reads; for lists it also writes a list, of what is to be added
 * @param formerly names that it had, newest first
 * @param upcasters from each version to the next, the first from 1 to 2
 */
public record Channel<T>(
    String name,
    Codec<T> codec,
    Reducer reducer,
    Object initial,
    List<String> formerly,
    List<Upcaster> upcasters) {
  public Channel {
    formerly = List.copyOf(formerly);
    upcasters = List.copyOf(upcasters);
    if (!name.matches("[A-Za-z_][A-Za-z0-9_.-]{0,99}")) {
      throw new IllegalArgumentException(
          "channel name \"" + name + "\": use letters, digits, '_', '.', '-', at most 100");
    }
    Objects.requireNonNull(codec);
  }

  /** A channel of version 1 that always had this name. */
  public Channel(String name, Codec<T> codec, Reducer reducer, Object initial) {
    this(name, codec, reducer, initial, List.of(), List.of());
  }

  /** This channel one version further; the first call makes version 2. */
  public Channel<T> upcast(Upcaster fromTheVersionBefore) {
    List<Upcaster> all = new ArrayList<>(upcasters);
    all.add(fromTheVersionBefore);
    return new Channel<>(name, codec, reducer, initial, formerly, all);
  }

  /** This channel, which had other names before; newest first. */
  public Channel<T> formerly(String... names) {
    return new Channel<>(name, codec, reducer, initial, List.of(names), upcasters);
  }

  /** The version of what it stores: 1, and one more for each upcaster. */
  public int version() {
    return 1 + upcasters.size();
  }

  /** The last value written; two writes in one step are refused. Empty at first. */
  public static <T> Channel<T> last(String name, Class<T> type) {
    return last(name, StoredType.codec(name, type));
  }

  /** As above, for what {@link Codec#of(Class)} cannot write. */
  public static <T> Channel<T> last(String name, Codec<T> codec) {
    return new Channel<>(name, codec, Reducer.LAST, JsonNull.NULL);
  }

  /** A last value that is there before the first write. */
  public static <T> Channel<T> last(String name, Class<T> type, T initial) {
    Codec<T> codec = StoredType.codec(name, type);
    return new Channel<>(name, codec, Reducer.LAST, codec.encode(initial));
  }

  /** A list; what is written is added at its end. */
  public static <T> Channel<List<T>> append(String name, Class<T> item) {
    return of(name, Codec.list(StoredType.codec(name, item)), Reducer.APPEND);
  }

  /** A list without repetitions; what is written is added unless it is there. */
  public static <T> Channel<List<T>> set(String name, Class<T> item) {
    return of(name, Codec.list(StoredType.codec(name, item)), Reducer.SET);
  }

  /** A number from 0; what is written is added. */
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

  /**
   * Merged by a function of the caller's: pure, and associative if several tasks write in one step.
   */
  public static <T> Channel<T> custom(
      String name, Class<T> type, T initial, BinaryOperator<T> merge) {
    Codec<T> codec = StoredType.codec(name, type);
    return of(
        name,
        codec,
        Reducer.custom(
            "custom",
            codec.encode(initial),
            (a, b) -> codec.encode(merge.apply(codec.decode(a), codec.decode(b)))));
  }

  /** Any codec with any reducer. */
  public static <T> Channel<T> of(String name, Codec<T> codec, Reducer reducer) {
    return new Channel<>(name, codec, reducer, reducer.initial());
  }
}
