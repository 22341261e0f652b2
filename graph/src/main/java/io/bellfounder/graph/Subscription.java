package io.bellfounder.graph;

import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * One reader of one run's events, from where it stands. It holds nothing in memory between two
 * calls but its place. For one thread, except {@link #close}.
 */
public final class Subscription implements AutoCloseable {
  private static final int PAGE = 500;
  private final Feed feed;
  private final Database db;
  private final Runs runs;
  private final RunMetrics metrics;
  private final UUID run;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition news = lock.newCondition();
  private boolean woken = true;
  private boolean closed;
  private long after;
  private long token;
  private boolean ended;

  Subscription(Feed feed, Database db, RunMetrics metrics, UUID run, long after) {
    this.feed = feed;
    this.db = db;
    this.runs = new Runs(db.source(), db.schema());
    this.metrics = metrics;
    this.run = run;
    this.after = after;
  }

  UUID run() {
    return run;
  }

  /** The number of the last event that was given out: where another reader would go on. */
  public long after() {
    return after;
  }

  /** Whether the run has ended and all its events were given out, or the feed was closed. */
  public boolean ended() {
    lock.lock();
    try {
      return ended || closed;
    } finally {
      lock.unlock();
    }
  }

  /**
   * The next events in order, at most 500, and with those that are up to date the pieces of
   * messages that are being written ({@link Event#TOKEN}).
   *
   * @param longest how long to wait if there is nothing; empty then. An ended run's stream does not
   *     wait
   * @throws SQLException if they cannot be read now; the place is kept
   */
  public List<Event> next(Duration longest) throws SQLException, InterruptedException {
    long left = longest.toNanos();
    while (true) {
      lock.lock();
      try {
        while (!woken && !closed && !ended && left > 0) {
          left = news.awaitNanos(left);
        }
        if (closed || ended || !woken) {
          return List.of();
        }
        woken = false;
      } finally {
        lock.unlock();
      }
      List<Event> found = read();
      if (!found.isEmpty()) {
        return found;
      }
    }
  }

  void wake() {
    lock.lock();
    try {
      woken = true;
      news.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private List<Event> read() throws SQLException {
    List<Event> found;
    try {
      found = runs.events(run, after, PAGE);
    } catch (SQLException e) {
      wake();
      throw e;
    }
    if (!found.isEmpty()) {
      after = found.getLast().seq();
      token = 0;
      // There may be more; looking again costs less than missing it.
      wake();
      lag();
      return found;
    }
    return live();
  }

  private void lag() throws SQLException {
    if (metrics != RunMetrics.NONE) {
      db.query(
              r -> r.getLong(1),
              "SELECT extract(epoch FROM clock_timestamp() - at) * 1000000 FROM ~.event"
                  + " WHERE run = ? AND seq = ?",
              run,
              after)
          .forEach(micros -> metrics.eventLag(Duration.ofNanos(micros * 1000)));
    }
  }

  /** What is being written after the last event; and whether anything can follow. */
  private List<Event> live() throws SQLException {
    List<Event> pieces = new ArrayList<>();
    List<Boolean> rest =
        db.query(
            r -> {
              String texts = r.getString(6);
              if (texts != null) {
                token = r.getLong(2);
                pieces(r.getString(3), r.getLong(4), r.getLong(5), texts, pieces);
              }
              return r.getBoolean(1);
            },
            """
            SELECT r.ended_at IS NOT NULL AND r.seq <= ?, t.id, t.message, t.attempt, t.n, t.texts
            FROM ~.run r LEFT JOIN LATERAL (SELECT * FROM ~.token t WHERE t.run = r.id AND t.id > ?
              AND t.after = r.seq AND t.epoch = r.epoch ORDER BY t.id LIMIT 100) t ON r.seq = ?
            WHERE r.id = ? ORDER BY t.id\
            """,
            after,
            token,
            after,
            run);
    lock.lock();
    try {
      ended = rest.isEmpty() || rest.getFirst();
      woken |= rest.size() == 100;
    } finally {
      lock.unlock();
    }
    return pieces;
  }

  private void pieces(String message, long attempt, long n, String texts, List<Event> into) {
    long number = n;
    for (Object text : Json.array(Json.read(texts))) {
      Map<String, Object> data = new LinkedHashMap<>();
      data.put("message", message);
      data.put("attempt", attempt);
      data.put("n", number++);
      data.put("text", text);
      into.add(new Event(after, Event.TOKEN, data));
    }
  }

  /** Ends it; whoever waits in it is given nothing more. */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      news.signalAll();
    } finally {
      lock.unlock();
    }
    feed.leave(this);
  }
}
