package io.bellfounder.graph;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/** The specs that runs are pinned to, kept as data for as long as the schema lives. */
record Specs(Database db) {
  /** Before any of the runs of these graphs is carried. */
  void store(Collection<Graph> graphs) throws SQLException {
    boolean _ =
        db.transaction(c -> {
          for (Graph graph : graphs) {
            store(c, graph);
          }
          return true;
        });
  }

  /** Stores a graph's spec unless it is there. */
  void store(Connection c, Graph graph) throws SQLException {
    db.update(
        c,
        "INSERT INTO ~.spec (hash, graph, body) SELECT ?, ?, ?::json"
            + " WHERE NOT EXISTS (SELECT 1 FROM ~.spec WHERE hash = ?) ON CONFLICT DO NOTHING",
        graph.hash(),
        graph.name(),
        Json.write(body(graph)),
        graph.hash());
  }

  /** The spec, and in it the initial values of custom reducers, which only the code knows. */
  private static Object body(Graph graph) {
    Map<String, Object> body = new LinkedHashMap<>(graph.spec());
    Map<String, Object> channels = new LinkedHashMap<>();
    graph
        .channels()
        .forEach((name, channel) -> {
          Object spec = Json.object(graph.spec().getOrDefault("channels", Map.of())).get(name);
          Map<String, Object> own =
              new LinkedHashMap<>(spec == null ? Map.of() : Json.object(spec));
          own.put("initial", channel.initial());
          channels.put(name, own);
        });
    body.put("channels", channels);
    Map<String, Object> nodes =
        new LinkedHashMap<>(Json.object(body.getOrDefault("nodes", Map.of())));
    graph
        .parts()
        .forEach((node, part) -> {
          Graph.Inner inner = part.inner();
          if (inner != null) {
            Map<String, Object> own =
                new LinkedHashMap<>(Json.object(nodes.getOrDefault(node, Map.of())));
            own.put("graph", body(inner.graph()));
            nodes.put(node, own);
          }
        });
    body.put("nodes", nodes);
    return body;
  }

  /** What each checkpoint of a run is to be read by. */
  Line of(Connection c, UUID run) throws SQLException {
    return of(c, run, null);
  }

  /**
   * @param known a graph whose spec need not be looked up
   */
  Line of(Connection c, UUID run, @Nullable Graph known) throws SQLException {
    Hashes hashes = hashes(c, run);
    NavigableMap<Long, Shape> shapes = new TreeMap<>();
    for (Map.Entry<Long, String> entry : hashes.until().entrySet()) {
      String hash = entry.getValue();
      Shape shape = known != null && known.hash().equals(hash) ? known.shape() : shape(c, hash);
      shapes.put(entry.getKey(), shape);
    }
    return new Line(hashes, shapes);
  }

  Hashes hashes(Connection c, UUID run) throws SQLException {
    List<String> now =
        db.query(c, r -> r.getString(1), "SELECT spec_hash FROM ~.run WHERE id = ?", run);
    if (now.isEmpty()) {
      throw new IllegalArgumentException("there is no run " + run);
    }
    NavigableMap<Long, String> until = new TreeMap<>();
    db.query(
        c,
        r -> until.put(r.getLong(1) - 1, r.getString(2)),
        "SELECT n, spec_before FROM ~.checkpoint WHERE run = ? AND spec_before IS NOT NULL",
        run);
    until.put(Long.MAX_VALUE, now.getFirst());
    return new Hashes(until);
  }

  private Shape shape(Connection c, String hash) throws SQLException {
    return db.query(c, r -> r.getString(1), "SELECT body FROM ~.spec WHERE hash = ?", hash).stream()
        .findFirst()
        .map(body -> Shape.read(Json.read(body)))
        .orElseThrow(() ->
            new Unreadable(
                "spec "
                    + hash
                    + " is not stored: start a worker that has this version of the graph once"));
  }

  /**
   * Which spec a run's checkpoints have.
   *
   * @param until by the number of the last checkpoint that has it
   */
  record Hashes(NavigableMap<Long, String> until) {
    String at(long n) {
      return until.ceilingEntry(n).getValue();
    }
  }

  /** The specs of a run's checkpoints, and what they are to be read by. */
  record Line(Hashes hashes, NavigableMap<Long, Shape> shapes) implements LongFunction<Shape> {
    @Override
    public Shape apply(long n) {
      return shapes.ceilingEntry(n).getValue();
    }
  }
}
