package io.bellfounder.server.api;

import org.jspecify.annotations.Nullable;

/**
 * Which part of a list is asked for.
 *
 * @param limit 1 to 200; default 50
 * @param after {@code null} for the first page
 */
public record PageRequest(int limit, @Nullable Cursor after) {
  private static final int LIMIT_DEFAULT = 50;
  private static final int LIMIT_MAX = 200;

  public static PageRequest of(@Nullable Integer limit, @Nullable String cursor) {
    if (limit != null && (limit < 1 || limit > LIMIT_MAX)) {
      throw Problem.invalid("limit", "must be 1 to " + LIMIT_MAX);
    }
    return new PageRequest(
        limit == null ? LIMIT_DEFAULT : limit,
        cursor == null || cursor.isEmpty() ? null : Cursor.decode(cursor));
  }

  /** One row more than is shown, to know whether there is a next page. */
  public int readLimit() {
    return limit + 1;
  }
}
