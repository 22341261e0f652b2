package io.bellfounder.graph;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Reads a run's stored states: the last, one before, or one after the other.
 *
 * @param shapes what to read a checkpoint by, from its number
 */
record Past(Database db, Connection c, UUID run, LongFunction<Shape> shapes) {
  private static final int PAGE = 100;

  /**
   * What each write costs a reader, apart from its length, and each step, so that steps that write
   * nothing come to a snapshot too.
   */
  static final int WEIGHT = 64;

  /**
   * A state and what it took to read it.
   *
   * @param weight of the deltas since the last snapshot: characters, and {@link #WEIGHT}s
   * @param full characters read in all
   * @param large the hashes of all large values read
   */
  record Point(long n, State state, long weight, long full, Set<String> large) {}

  /**
   * A checkpoint as it is stored.
   *
   * @param results as {@link Results} writes them; a tree
   * @param before the spec of the checkpoints before this one, if this one has another
   */
  record Row(
      long n,
      int format,
      Object control,
      @Nullable Object snapshot,
      @Nullable Object results,
      @Nullable String before,
      List<Decision.Write> deltas) {}

  interface Visitor {
    void at(Row row, State state) throws SQLException;
  }

  Optional<Point> last() throws SQLException {
    return at(Long.MAX_VALUE);
  }

  /** The last state that has at most this number. */
  Optional<Point> at(long n) throws SQLException {
    record Stored(long n, int format, String control, @Nullable String snapshot) {}
    List<Stored> last =
        db.query(
            c,
            r -> new Stored(r.getLong(1), r.getInt(2), r.getString(3), r.getString(4)),
            "SELECT n, format, control, snapshot FROM ~.checkpoint WHERE run = ? AND n <= ?"
                + " ORDER BY n DESC LIMIT 1",
            run,
            n);
    if (last.isEmpty()) {
      return Optional.empty();
    }
    Stored point = last.getFirst();
    Blobs.Reader reader = new Blobs(db).reader(c, run);
    final int control = reader.add(point.format(), point.control());
    Stored base =
        point.snapshot() != null
            ? point
            : db
                .query(
                    c,
                    r -> new Stored(r.getLong(1), r.getInt(2), "", r.getString(3)),
                    "SELECT n, format, snapshot FROM ~.checkpoint WHERE run = ? AND n <= ?"
                        + " AND snapshot IS NOT NULL ORDER BY n DESC LIMIT 1",
                    run,
                    point.n())
                .stream()
                .findFirst()
                .orElseThrow(() -> new Unreadable("its first snapshot is missing"));
    final int snapshot = reader.add(base.format(), Objects.requireNonNull(base.snapshot()));
    record Delta(String frame, String channel, boolean whole, int value) {}
    long[] weight = {(point.n() - base.n()) * WEIGHT};
    List<Delta> deltas =
        db.query(
            c,
            r -> {
              String value = r.getString(5);
              weight[0] += value.length() + WEIGHT;
              return new Delta(
                  r.getString(1), r.getString(2), r.getBoolean(3), reader.add(r.getInt(4), value));
            },
            "SELECT frame, channel, whole, format, value FROM ~.channel_delta"
                + " WHERE run = ? AND n > ? AND n <= ? ORDER BY n, ordinal",
            run,
            base.n(),
            point.n());
    reader.fetch();
    Fold fold = new Fold(shapes.apply(point.n()));
    fold.snapshot(reader.get(snapshot));
    for (Delta delta : deltas) {
      fold.delta(
          new Decision.Write(
              delta.frame(), delta.channel(), reader.get(delta.value()), delta.whole()));
    }
    State state = fold.state(reader.get(control));
    return Optional.of(
        new Point(point.n(), state, weight[0], reader.characters(), reader.hashes()));
  }

  /** Visits every state from one number on, in order; a page of rows is in memory at a time. */
  void walk(long from, Visitor visitor) throws SQLException {
    Fold fold = new Fold(shapes.apply(from));
    long next = snapshotBefore(from);
    long last = -1;
    for (List<Row> page = page(next); !page.isEmpty(); page = page(next)) {
      for (Row row : page) {
        boolean follows = row.n() == last + 1 && row.before() == null;
        if (follows) {
          row.deltas().forEach(fold::delta);
        } else {
          if (row.snapshot() == null) {
            throw new Unreadable("checkpoint " + row.n() + " has neither snapshot nor predecessor");
          }
          fold = new Fold(shapes.apply(row.n()));
          fold.snapshot(row.snapshot());
        }
        last = row.n();
        if (row.n() >= from) {
          visitor.at(row, fold.state(row.control()));
        }
      }
      next = last + 1;
    }
  }

  private long snapshotBefore(long n) throws SQLException {
    return db.query(
            c,
            r -> r.getLong(1),
            "SELECT coalesce(max(n), 0) FROM ~.checkpoint WHERE run = ? AND n <= ?"
                + " AND snapshot IS NOT NULL",
            run,
            n)
        .getFirst();
  }

  private List<Row> page(long from) throws SQLException {
    record Stored(
        long n, int format, int control, int snapshot, int results, @Nullable String before) {}
    record Delta(String frame, String channel, boolean whole, int value) {}
    Blobs.Reader reader = new Blobs(db).reader(c, run);
    List<Stored> points =
        db.query(
            c,
            r -> {
              int format = r.getInt(2);
              return new Stored(
                  r.getLong(1),
                  format,
                  reader.add(format, r.getString(3)),
                  add(reader, format, r.getString(4)),
                  add(reader, format, r.getString(5)),
                  r.getString(6));
            },
            "SELECT n, format, control, snapshot, results, spec_before FROM ~.checkpoint"
                + " WHERE run = ? AND n >= ? ORDER BY n LIMIT ?",
            run,
            from,
            PAGE);
    if (points.isEmpty()) {
      return List.of();
    }
    Map<Long, List<Delta>> deltas = new HashMap<>();
    db.query(
        c,
        r ->
            deltas
                .computeIfAbsent(r.getLong(1), _ -> new ArrayList<>())
                .add(
                    new Delta(
                        r.getString(2),
                        r.getString(3),
                        r.getBoolean(4),
                        reader.add(r.getInt(5), r.getString(6)))),
        "SELECT n, frame, channel, whole, format, value FROM ~.channel_delta"
            + " WHERE run = ? AND n BETWEEN ? AND ? ORDER BY n, ordinal",
        run,
        from,
        points.getLast().n());
    reader.fetch();
    List<Row> rows = new ArrayList<>();
    for (Stored point : points) {
      rows.add(
          new Row(
              point.n(),
              point.format(),
              reader.get(point.control()),
              point.snapshot() < 0 ? null : reader.get(point.snapshot()),
              point.results() < 0 ? null : reader.get(point.results()),
              point.before(),
              deltas.getOrDefault(point.n(), List.of()).stream()
                  .map(d ->
                      new Decision.Write(d.frame(), d.channel(), reader.get(d.value()), d.whole()))
                  .toList()));
    }
    return rows;
  }

  private static int add(Blobs.Reader reader, int format, @Nullable String text) {
    return text == null ? -1 : reader.add(format, text);
  }
}
