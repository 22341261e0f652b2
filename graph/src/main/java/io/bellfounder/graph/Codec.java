package io.bellfounder.graph;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * How a value of a channel becomes JSON and back. What is stored is plain JSON, never the name of a
 * class: renaming or moving a class breaks nothing.
 */
public interface Codec<T> {
  /** As a JSON tree: text, numbers, booleans, null, lists and maps of these. */
  Object encode(T value);

  /**
   * From the tree that {@link #encode} made, of this or an older version.
   *
   * @throws RuntimeException if it cannot: the run is parked then
   */
  T decode(Object json);

  /** The tree itself, for graphs that come from data. */
  static Codec<Object> json() {
    return of(Json::tree, json -> json);
  }

  /** Of two functions, each pure. */
  static <T> Codec<T> of(Function<T, Object> encode, Function<Object, T> decode) {
    return new Codec<>() {
      @Override
      public Object encode(T value) {
        return encode.apply(value);
      }

      @Override
      public T decode(Object json) {
        return decode.apply(json);
      }
    };
  }

  /** For lists of what another one is for. */
  static <T> Codec<List<T>> list(Codec<T> item) {
    return of(
        list -> list.stream().map(item::encode).toList(),
        json -> Json.array(json).stream().map(item::decode).toList());
  }

  /**
   * For text, numbers, booleans, enums, and records of these, of lists, maps and optionals. A field
   * that the stored JSON lacks is read as null, zero, false or empty; a field that the record lacks
   * is ignored, so that older and newer versions of a record read each other.
   */
  static <T> Codec<T> of(Class<T> type) {
    return of(value -> encodeAny(value), json -> type.cast(decodeAny(wrap(type), json)));
  }

  private static Class<?> wrap(Class<?> type) {
    return java.lang.invoke.MethodType.methodType(type).wrap().returnType();
  }

  private static Object encodeAny(Object value) {
    if (value instanceof Record) {
      Map<String, Object> map = new LinkedHashMap<>();
      for (RecordComponent part : value.getClass().getRecordComponents()) {
        try {
          part.getAccessor().setAccessible(true);
          Object inner = part.getAccessor().invoke(value);
          map.put(part.getName(), inner == null ? JsonNull.NULL : encodeAny(inner));
        } catch (IllegalAccessException | InvocationTargetException e) {
          throw new IllegalArgumentException(part + " cannot be read", e);
        }
      }
      return map;
    }
    if (value instanceof Optional<?> o) {
      return o.isPresent() ? encodeAny(o.get()) : JsonNull.NULL;
    }
    if (value instanceof List<?> list) {
      List<Object> copy = new ArrayList<>();
      list.forEach(item -> copy.add(encodeAny(item)));
      return copy;
    }
    if (value instanceof Map<?, ?> map) {
      Map<String, Object> copy = new LinkedHashMap<>();
      map.forEach((k, v) -> copy.put(String.valueOf(k), encodeAny(v)));
      return copy;
    }
    return Json.tree(value);
  }

  @SuppressWarnings({"unchecked", "rawtypes", "NullAway"})
  private static Object decodeAny(Type type, Object json) {
    if (type instanceof ParameterizedType generic) {
      Type[] arguments = generic.getActualTypeArguments();
      Class<?> raw = (Class<?>) generic.getRawType();
      if (raw == Optional.class) {
        return json == JsonNull.NULL
            ? Optional.empty()
            : Optional.of(decodeAny(arguments[0], json));
      }
      if (json == JsonNull.NULL) {
        return raw == List.class ? List.of() : raw == Map.class ? Map.of() : null;
      }
      if (raw == List.class) {
        return Json.array(json).stream().map(item -> decodeAny(arguments[0], item)).toList();
      }
      if (raw == Map.class) {
        Map<String, Object> map = new LinkedHashMap<>();
        Json.object(json).forEach((k, v) -> map.put(k, decodeAny(arguments[1], v)));
        return map;
      }
      throw new IllegalArgumentException(type + " needs a codec of its own");
    }
    Class<?> wanted = (Class<?>) type;
    if (wanted == Object.class) {
      return json;
    }
    if (wanted == List.class) {
      return json == JsonNull.NULL ? List.of() : Json.array(json);
    }
    if (wanted == Map.class) {
      return json == JsonNull.NULL ? Map.of() : Json.object(json);
    }
    if (json == JsonNull.NULL) {
      return wanted == boolean.class
          ? (Object) false
          : wanted.isPrimitive() ? number(wanted, 0L) : null;
    }
    if (wanted == String.class || wanted == Boolean.class || wanted == boolean.class) {
      return json;
    }
    if (wanted.isEnum()) {
      return Enum.valueOf((Class<Enum>) wanted, (String) json);
    }
    if (wanted.isRecord()) {
      return record(wanted, Json.object(json));
    }
    return number(wanted, (Number) json);
  }

  private static Object number(Class<?> wanted, Number json) {
    if (wanted == int.class || wanted == Integer.class) {
      return Math.toIntExact(json.longValue());
    }
    if (wanted == long.class || wanted == Long.class) {
      return json.longValue();
    }
    if (wanted == double.class || wanted == Double.class) {
      return json.doubleValue();
    }
    if (wanted == BigDecimal.class) {
      return new BigDecimal(json.toString());
    }
    throw new IllegalArgumentException(wanted + " needs a codec of its own");
  }

  private static Object record(Class<?> type, Map<String, Object> json) {
    RecordComponent[] parts = type.getRecordComponents();
    Class<?>[] types = new Class<?>[parts.length];
    Object[] values = new Object[parts.length];
    for (int i = 0; i < parts.length; i++) {
      types[i] = parts[i].getType();
      values[i] =
          decodeAny(
              parts[i].getGenericType(), json.getOrDefault(parts[i].getName(), JsonNull.NULL));
    }
    try {
      var constructor = type.getDeclaredConstructor(types);
      constructor.setAccessible(true);
      return constructor.newInstance(values);
    } catch (ReflectiveOperationException e) {
      throw new IllegalArgumentException(type + " cannot be made from its JSON", e);
    }
  }
}
