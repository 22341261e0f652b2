package io.bellfounder.graph;

import java.lang.System.Logger.Level;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Tells readers anywhere that there is something new, and shows them messages while they are being
 * written: both together, for all runs of this process, in one transaction every 20 ms at most, on
 * a connection of its own. Nobody waits for it. If the database does not keep up, pieces beyond a
 * bound are dropped; readers also look by themselves.
 */
final class Herald implements AutoCloseable {
  static final String CHANNEL = "bellfounder_graph";

  /** For workers: something was asked of runs, or they came back into the queue. */
  static final String ASKED = "bellfounder_graph_asked";

  /** In a hint, instead of runs' ids: too many to name. */
  static final String MANY = "*";

  private static final System.Logger LOG = System.getLogger(Herald.class.getName());
  private static final long EVERY_NANOS = 20_000_000;
  private static final int PIECES_MAX = 50_000;
  private static final int CHARS_MAX = 4 << 20;

  /** A notification carries less than 8000 bytes. */
  static final int NAMED_MAX = 200;

  private record Draft(UUID run, long after, long epoch, String message, int attempt) {}

  private static final class Pieces {
    private final long first;
    private final List<String> texts = new ArrayList<>();

    Pieces(long first) {
      this.first = first;
    }
  }

  private record Batch(
      Map<Draft, Pieces> drafts, Map<UUID, Long> written, Set<UUID> changed, int pieces) {
    boolean empty() {
      return drafts.isEmpty() && written.isEmpty() && changed.isEmpty();
    }
  }

  private final Database db;
  private final String name;
  private final RunMetrics metrics;
  private final Thread thread;
  private Map<Draft, Pieces> drafts = new LinkedHashMap<>();
  private Map<UUID, Long> written = new HashMap<>();
  private Set<UUID> changed = new LinkedHashSet<>();
  private int pieces;
  private int chars;
  private volatile boolean open = true;

  /** Starts at once. */
  Herald(Database db, String name, RunMetrics metrics) {
    this.db = db;
    this.name = name;
    this.metrics = metrics;
    this.thread = Thread.ofPlatform().daemon().name("graph-herald-" + name).unstarted(this::tells);
    thread.start();
  }

  /**
   * A piece of a message.
   *
   * @param after the run's last event
   * @param n its number within message and attempt
   */
  void token(Journal.Claim claim, long after, String message, int attempt, long n, String text) {
    boolean taken;
    boolean first;
    synchronized (this) {
      first = changed.isEmpty();
      taken = pieces < PIECES_MAX && chars + text.length() <= CHARS_MAX;
      if (taken) {
        Draft draft = new Draft(claim.run(), after, claim.epoch(), message, attempt);
        Pieces some = drafts.computeIfAbsent(draft, _ -> new Pieces(n));
        // Numbers in a row of the table follow each other.
        taken = some.first + some.texts.size() == n;
        if (taken) {
          some.texts.add(text);
          pieces++;
          chars += text.length();
          changed.add(claim.run());
        }
      }
    }
    if (!taken) {
      metrics.tokensDropped(1);
    }
    wake(first);
  }

  /**
   * Something new was committed.
   *
   * @param wrote whether pieces were told of, which are worth nothing now
   */
  void changed(UUID run, long seq, boolean wrote) {
    boolean first;
    synchronized (this) {
      first = changed.isEmpty();
      changed.add(run);
      if (wrote) {
        drafts.keySet().removeIf(draft -> draft.run().equals(run));
        written.put(run, seq);
      }
    }
    wake(first);
  }

  /** Where something waits already, the thread looks by itself. */
  private void wake(boolean first) {
    if (first) {
      LockSupport.unpark(thread);
    }
  }

  @Override
  public void close() throws InterruptedException {
    open = false;
    LockSupport.unpark(thread);
    thread.join(2000);
  }

  private synchronized Batch take() {
    Batch batch = new Batch(drafts, written, changed, pieces);
    drafts = new LinkedHashMap<>();
    written = new HashMap<>();
    changed = new LinkedHashSet<>();
    pieces = 0;
    chars = 0;
    return batch;
  }

  private void tells() {
    @Nullable Connection connection = null;
    while (true) {
      boolean last = !open;
      Batch batch = take();
      if (!batch.empty()) {
        try {
          if (connection == null) {
            connection = db.source().getConnection();
            connection.setAutoCommit(false);
          }
          tell(connection, batch);
          connection.commit();
        } catch (SQLException | RuntimeException e) {
          // Hints and pieces may be lost, by contract; the next batch gets a new connection.
          metrics.tokensDropped(batch.pieces());
          LOG.log(
              Level.WARNING,
              "worker="
                  + name
                  + " runs="
                  + batch.changed().size()
                  + " pieces="
                  + batch.pieces()
                  + " nobody was told of them; readers look by themselves, and pieces are lost",
              e);
          quietly(connection);
          connection = null;
          LockSupport.parkNanos(100_000_000);
        }
      }
      if (last) {
        quietly(connection);
        return;
      }
      if (batch.empty()) {
        LockSupport.parkNanos(Long.MAX_VALUE);
      } else {
        long until = System.nanoTime() + EVERY_NANOS;
        for (long left = EVERY_NANOS; open && left > 0; left = until - System.nanoTime()) {
          LockSupport.parkNanos(left);
        }
      }
    }
  }

  private void tell(Connection c, Batch batch) throws SQLException {
    db.update(c, "SET LOCAL synchronous_commit = off");
    if (!batch.written().isEmpty()) {
      List<UUID> runs = List.copyOf(batch.written().keySet());
      db.update(
          c,
          """
          DELETE FROM ~.token t USING unnest(?::text[], ?::bigint[]) AS w(run, seq)
          WHERE t.run = w.run::uuid AND t.after < w.seq\
          """,
          runs.stream().map(UUID::toString).toArray(String[]::new),
          runs.stream().map(run -> batch.written().getOrDefault(run, 0L)).toArray(Long[]::new));
    }
    if (!batch.drafts().isEmpty()) {
      List<Map.Entry<Draft, Pieces>> rows = List.copyOf(batch.drafts().entrySet());
      db.update(
          c,
          """
          INSERT INTO ~.token (run, after, epoch, message, attempt, n, texts)
          SELECT r.id, w.after, w.epoch, w.message, w.attempt, w.n, w.texts::json
          FROM unnest(?::text[], ?::bigint[], ?::bigint[], ?::text[], ?::bigint[], ?::bigint[],
              ?::text[]) WITH ORDINALITY AS w(run, after, epoch, message, attempt, n, texts, i)
          JOIN ~.run r ON r.id = w.run::uuid AND r.epoch = w.epoch AND r.status = 'running'
          ORDER BY w.i\
          """,
          rows.stream().map(e -> e.getKey().run().toString()).toArray(String[]::new),
          rows.stream().map(e -> e.getKey().after()).toArray(Long[]::new),
          rows.stream().map(e -> e.getKey().epoch()).toArray(Long[]::new),
          rows.stream().map(e -> e.getKey().message()).toArray(String[]::new),
          rows.stream().map(e -> (long) e.getKey().attempt()).toArray(Long[]::new),
          rows.stream().map(e -> e.getValue().first).toArray(Long[]::new),
          rows.stream().map(e -> Json.write(e.getValue().texts)).toArray(String[]::new));
    }
    List<Integer> _ =
        db.query(c, _ -> 1, "SELECT pg_notify(?, ?)", CHANNEL, names(db, batch.changed()));
  }

  /** One hint for all of these, to readers and workers, in a transaction of its own. */
  static void hint(Database db, Set<UUID> changed) throws SQLException {
    List<Integer> _ =
        db.statement(c -> {
          String hint = names(db, changed);
          return db.query(
              c, _ -> 1, "SELECT pg_notify(?, ?), pg_notify(?, ?)", CHANNEL, hint, ASKED, hint);
        });
  }

  private static String names(Database db, Set<UUID> changed) {
    String names =
        changed.size() > NAMED_MAX
            ? MANY
            : String.join(",", changed.stream().map(UUID::toString).toList());
    return db.schema() + " " + names;
  }

  private static void quietly(@Nullable Connection connection) {
    try {
      if (connection != null) {
        connection.setAutoCommit(true);
        connection.close();
      }
    } catch (SQLException e) {
      LOG.log(Level.DEBUG, "a broken connection could not be closed, which changes nothing", e);
    }
  }
}
