package io.bellfounder.server.api;

import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A part of a list.
 *
 * @param nextCursor opaque; {@code null} at the end
 */
public record Page<T>(List<T> items, @Nullable String nextCursor) {

  /** Everything, where a list is short by nature. */
  public static <T> Page<T> whole(List<T> items) {
    return new Page<>(List.copyOf(items), null);
  }

  /**
   * @param read up to {@link PageRequest#readLimit} rows
   */
  public static <R, T> Page<T> of(
      List<R> read, PageRequest request, Function<R, T> item, Function<R, Cursor> position) {
    boolean more = read.size() > request.limit();
    List<R> shown = more ? read.subList(0, request.limit()) : read;
    String next = more ? position.apply(shown.getLast()).encoded() : null;
    return new Page<>(shown.stream().map(item).toList(), next);
  }
}
