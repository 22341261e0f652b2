package io.bellfounder.graph;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiConsumer;

/**
 * One object of a graph from data, read field by field. What is wrong becomes a problem that names
 * the place, the field and the remedy, and reading goes on, so that all problems are told together.
 * For one thread.
 */
final class Fields {
  private final String where;
  private final Map<String, Object> fields;
  private final List<String> problems;
  private final Set<String> known = new TreeSet<>();

  Fields(String where, Map<String, Object> fields, List<String> problems) {
    this.where = where;
    this.fields = fields;
    this.problems = problems;
  }

  static Fields of(String where, Object tree, List<String> problems) {
    if (tree instanceof Map<?, ?>) {
      return new Fields(where, Json.object(tree), problems);
    }
    problems.add(where + " is " + kind(tree) + ": give an object");
    return new Fields(where, Map.of(), problems);
  }

  List<String> problems() {
    return problems;
  }

  Map<String, Object> all() {
    return fields;
  }

  boolean has(String field) {
    known.add(field);
    return fields.containsKey(field);
  }

  Object any(String field, Object otherwise) {
    return has(field) ? fields.getOrDefault(field, otherwise) : otherwise;
  }

  String text(String field, String otherwise) {
    Object value = any(field, otherwise);
    if (value instanceof String text) {
      return text;
    }
    wrong(field, value, "text");
    return otherwise;
  }

  long number(String field, long otherwise) {
    Object value = any(field, otherwise);
    if (value instanceof Long number) {
      return number;
    }
    wrong(field, value, "a whole number");
    return otherwise;
  }

  int small(String field, int otherwise) {
    long number = number(field, otherwise);
    if (number == (int) number) {
      return (int) number;
    }
    wrong(field, number, "a whole number of at most " + Integer.MAX_VALUE);
    return otherwise;
  }

  boolean flag(String field) {
    Object value = any(field, false);
    if (value instanceof Boolean flag) {
      return flag;
    }
    wrong(field, value, "true or false");
    return false;
  }

  /** A list of names, or one. */
  List<String> names(String field) {
    return names(field, any(field, List.of()));
  }

  private List<String> names(String field, Object value) {
    if (value instanceof String one) {
      return List.of(one);
    }
    List<String> names = new ArrayList<>();
    for (Object item : value instanceof List<?> list ? list : List.of(value)) {
      if (item instanceof String name) {
        names.add(name);
      } else {
        wrong(field, value, "a name or a list of names");
      }
    }
    return names;
  }

  Fields inner(String field) {
    return of(where + "." + field, any(field, Map.of()), problems);
  }

  void each(String field, BiConsumer<String, Object> part) {
    Object value = any(field, Map.of());
    if (value instanceof Map<?, ?>) {
      Json.object(value).forEach(part);
    } else {
      wrong(field, value, "an object with names as its keys");
    }
  }

  /** From names to names. */
  void lists(String field, BiConsumer<String, List<String>> part) {
    each(field, (key, value) -> part.accept(key, names(field + "." + key, value)));
  }

  /** From names to one name each. */
  Map<String, String> map(String field) {
    Map<String, String> map = new LinkedHashMap<>();
    each(
        field,
        (key, value) -> {
          if (value instanceof String name) {
            map.put(key, name);
          } else {
            wrong(field + "." + key, value, "a name");
          }
        });
    return map;
  }

  /** What refuses its values says so here. */
  void checked(Runnable makes) {
    try {
      makes.run();
    } catch (IllegalArgumentException e) {
      problems.add(where + ": " + e.getMessage());
    }
  }

  /** After all fields have been asked for: any other is one too many. */
  void end() {
    for (String field : fields.keySet()) {
      if (!known.contains(field)) {
        problems.add(where + " has field " + field + ", which means nothing: use one of " + known);
      }
    }
  }

  private void wrong(String field, Object value, String wanted) {
    problems.add(where + " has " + kind(value) + " for " + field + ": give " + wanted);
  }

  /** Of what kind a value is; the value itself may be anything. */
  private static String kind(Object tree) {
    return switch (tree) {
      case Map<?, ?> _ -> "an object";
      case List<?> _ -> "a list";
      case String _ -> "text";
      case Boolean _ -> "true or false";
      case Number _ -> "a number";
      default -> "nothing";
    };
  }
}
