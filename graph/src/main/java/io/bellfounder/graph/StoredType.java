package io.bellfounder.graph;

import java.lang.invoke.MethodType;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Types that {@link Codec#of(Class)} can read again after it has written them. */
final class StoredType {
  private static final Set<Class<?>> PLAIN =
      Set.of(
          Object.class,
          String.class,
          Boolean.class,
          Integer.class,
          Long.class,
          Double.class,
          BigDecimal.class,
          List.class,
          Map.class);

  private StoredType() {}

  /**
   * What could be written and not be read again is refused here, before there is any.
   *
   * @throws IllegalArgumentException naming the type that needs a codec of its own
   */
  static <T> Codec<T> codec(String channel, Class<T> type) {
    Type bad = unreadable(type, new HashSet<>());
    if (bad != null) {
      throw new IllegalArgumentException(
          "channel %s: %s cannot be stored as it is: give the channel a Codec, or use text"
              .formatted(channel, bad.getTypeName()));
    }
    return Codec.of(type);
  }

  /** The first type in a type that cannot be read from JSON; null if all can. */
  private static @Nullable Type unreadable(Type type, Set<Type> seen) {
    return switch (type) {
      case ParameterizedType generic -> parts(generic, seen);
      case Class<?> plain when plain.isRecord() -> seen.add(plain) ? fields(plain, seen) : null;
      case Class<?> plain ->
          plain.isEnum() || PLAIN.contains(MethodType.methodType(plain).wrap().returnType())
              ? null
              : plain;
      default -> type;
    };
  }

  private static @Nullable Type parts(ParameterizedType generic, Set<Type> seen) {
    Type[] parts = generic.getActualTypeArguments();
    Type raw = generic.getRawType();
    boolean known =
        raw == Optional.class || raw == List.class || raw == Map.class && parts[0] == String.class;
    return known ? unreadable(parts[parts.length - 1], seen) : generic;
  }

  private static @Nullable Type fields(Class<?> type, Set<Type> seen) {
    for (RecordComponent field : type.getRecordComponents()) {
      Type bad = unreadable(field.getGenericType(), seen);
      if (bad != null) {
        return bad;
      }
    }
    return null;
  }
}
