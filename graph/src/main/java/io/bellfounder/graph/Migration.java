package io.bellfounder.graph;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import javax.sql.DataSource;

/**
 * Brings runs that are under way to a newer version of their graph. Without it a run keeps the
 * version that it began with. A run goes only if everything it has has a place in the other
 * version; nothing is guessed, and a dry run says which would go and which would not, and why.
 *
 * <p>Runs go while they rest (queued, waiting, paused, parked, dead, or failed and to be resumed);
 * one that is being worked on has to be paused first. What it was before stays in its history, with
 * the version it had.
 *
 * <p>Safe for many threads, and beside workers.
 */
public final class Migration {
  private static final Set<String> RESTING =
      Set.of("queued", "waiting", "paused", "parked", "dead", "failed");

  private final Database db;
  private final Graph graph;
  private final Set<String> dropped;

  /**
   * @param to the version to bring runs to; those of graphs with its name are looked at
   */
  public Migration(DataSource database, String schema, Graph to) {
    this(new Database(database, schema), to, Set.of());
  }

  private Migration(Database db, Graph graph, Set<String> dropped) {
    this.db = db;
    this.graph = graph;
    this.dropped = dropped;
  }

  /** The same, with leave to lose the values of these channels, in the graph and its subgraphs. */
  public Migration dropping(String... channels) {
    return new Migration(db, graph, Set.of(channels));
  }

  /** What becomes of a run. */
  public sealed interface Verdict {
    UUID run();

    /** It goes, or in a dry run would. */
    record Goes(UUID run, String fromSpec) implements Verdict {}

    /** It stays as it is, for these reasons. */
    record Stays(UUID run, String fromSpec, List<String> why) implements Verdict {
      public Stays {
        why = List.copyOf(why);
      }
    }

    /** It has this version. */
    record There(UUID run) implements Verdict {}
  }

  /**
   * Runs of this graph that have another version and could still go on, in order of their ids.
   *
   * @param after the last id of the page before; empty for the first
   * @param limit 1 to 1000
   */
  public List<UUID> candidates(Optional<UUID> after, int limit) throws SQLException {
    return db.query(
        r -> r.getObject(1, UUID.class),
        """
        SELECT id FROM ~.run WHERE graph = ? AND spec_hash <> ? AND id > ?
          AND (ended_at IS NULL OR status = 'failed') ORDER BY id LIMIT ?\
        """,
        graph.name(),
        graph.hash(),
        after.orElse(new UUID(0, 0)),
        Math.clamp(limit, 1, 1000));
  }

  /** Says whether a run would go; changes nothing. */
  public Verdict dryRun(UUID run) throws SQLException {
    return db.snapshot(c -> verdict(c, run, false));
  }

  /** Brings a run to this version if it can go. Safe to repeat. */
  public Verdict migrate(UUID run) throws SQLException {
    return db.transaction(c -> verdict(c, run, true));
  }

  private record Row(String graph, String hash, String status, long checkpoint) {}

  private Verdict verdict(Connection c, UUID run, boolean go) throws SQLException {
    Row row =
        db
            .query(
                c,
                r -> new Row(r.getString(1), r.getString(2), r.getString(3), r.getLong(4)),
                "SELECT graph, spec_hash, status, checkpoint FROM ~.run WHERE id = ?"
                    + (go ? " FOR UPDATE" : ""),
                run)
            .stream()
            .findFirst()
            .orElseThrow(() -> new IllegalArgumentException("there is no run " + run));
    if (row.hash().equals(graph.hash())) {
      return new Verdict.There(run);
    }
    if (!row.graph().equals(graph.name())) {
      return stays(run, row, List.of("it is of graph " + row.graph()));
    }
    if (!RESTING.contains(row.status())) {
      return stays(
          run,
          row,
          List.of(
              row.status().equals("running")
                  ? "it is being worked on: pause it, and migrate it when it is paused"
                  : "it has ended: " + row.status()));
    }
    return row.checkpoint() == 0 ? unbegun(c, run, row, go) : begun(c, run, row, go);
  }

  private Verdict unbegun(Connection c, UUID run, Row row, boolean go) throws SQLException {
    Update input =
        db.query(
                c,
                r -> Update.read(Json.read(r.getString(1))),
                "SELECT input FROM ~.run WHERE id = ?",
                run)
            .getFirst();
    Decision first = Kernel.start(graph, Map.of(), input);
    if (first.status() instanceof Status.Failed(String _, String where, String message)) {
      return stays(run, row, List.of("its input does not fit: " + where + ": " + message));
    }
    if (go) {
      moved(c, run, row, 0);
    }
    return new Verdict.Goes(run, row.hash());
  }

  private Verdict begun(Connection c, UUID run, Row row, boolean go) throws SQLException {
    Conversion conversion;
    State state;
    try {
      Specs.Line specs = new Specs(db).of(c, run);
      State old =
          new Past(db, c, run, specs)
              .last()
              .orElseThrow(() -> new Unreadable("its checkpoints are missing"))
              .state();
      conversion = new Conversion(dropped, pending(c, run, old));
      state = conversion.state(specs.apply(row.checkpoint()), graph, old);
    } catch (Unreadable e) {
      return stays(run, row, List.of(String.valueOf(e.getMessage())));
    }
    if (!conversion.problems().isEmpty()) {
      return stays(run, row, conversion.problems());
    }
    if (go) {
      Journal.point(db, c, run, row.checkpoint() + 1, state, row.hash());
      moved(c, run, row, 1);
    }
    return new Verdict.Goes(run, row.hash());
  }

  private Map<String, Update> pending(Connection c, UUID run, State old) throws SQLException {
    Map<String, Update> pending = new HashMap<>();
    Journal.tasks(db, c, run, old)
        .forEach((path, effects) ->
            effects
                .getOrDefault("", Optional.empty())
                .ifPresent(result -> pending.put(path, Update.read(result))));
    return pending;
  }

  private void moved(Connection c, UUID run, Row row, int checkpoints) throws SQLException {
    new Specs(db).store(c, graph);
    db.update(
        c,
        """
        WITH moved AS (
          UPDATE ~.run SET spec_hash = ?, checkpoint = checkpoint + ?, seq = seq + 1
          WHERE id = ? RETURNING id, seq)
        INSERT INTO ~.event (run, seq, kind, data)
        SELECT id, seq, 'migrated', json_build_object('from', ?::text, 'to', ?::text) FROM moved\
        """,
        graph.hash(),
        checkpoints,
        run,
        row.hash(),
        graph.hash());
  }

  private static Verdict stays(UUID run, Row row, List<String> why) {
    return new Verdict.Stays(run, row.hash(), why);
  }
}
