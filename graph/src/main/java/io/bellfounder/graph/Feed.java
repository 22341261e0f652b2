package io.bellfounder.graph;

import java.lang.System.Logger.Level;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArraySet;
import java.util.concurrent.locks.LockSupport;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Follows runs' events as they come, for many readers in one process. It listens for the hints that
 * workers send, on one connection, and looks by itself in case one was lost; a reader that has been
 * woken reads the tables at its own pace. So a slow reader holds up nobody, and one that comes back
 * goes on from any number. Safe for many threads.
 *
 * <p>Hints need PostgreSQL's JDBC driver behind the data source, and a session of one's own (no
 * pool in transaction mode between); without them it only looks.
 */
public final class Feed implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Feed.class.getName());
  private static final int SUBSCRIPTIONS_MAX = 10_000;

  /** Waiting for a hint cannot be interrupted, and closing is not to take long. */
  private static final long SLICE_MILLIS = 200;

  private final Database db;
  private final RunMetrics metrics;
  private final Duration poll;
  private final Map<UUID, Set<Subscription>> readers = new ConcurrentHashMap<>();
  private final Map<UUID, Mark> marks = new ConcurrentHashMap<>();
  private final Thread thread;
  private volatile boolean open = true;

  /** How far a run was when it was last looked at. */
  private record Mark(long seq, long token) {}

  private Feed(Database db, Duration poll, RunMetrics metrics) {
    this.db = db;
    this.poll = poll;
    this.metrics = metrics;
    this.thread = Thread.ofPlatform().daemon().name("graph-feed").unstarted(this::follows);
  }

  /** Looks by itself every 250 ms. */
  public static Feed open(DataSource database, String schema) {
    return open(database, schema, Duration.ofMillis(250), RunMetrics.NONE);
  }

  /**
   * Starts at once; with the database away it goes on when that is back.
   *
   * @param poll how often it looks by itself, 10 ms to 1 minute: what a lost hint costs
   * @param metrics is told the lag of events
   */
  public static Feed open(DataSource database, String schema, Duration poll, RunMetrics metrics) {
    if (poll.toMillis() < 10 || poll.toMinutes() > 1) {
      throw new IllegalArgumentException("a feed looks every 10 ms to 1 minute, not " + poll);
    }
    Feed feed = new Feed(new Database(database, schema), poll, metrics);
    feed.thread.start();
    return feed;
  }

  /**
   * Follows one run.
   *
   * @param after the number of the last event that the reader has, 0 for none
   * @throws IllegalStateException if this process has 10,000 readers already
   */
  public Subscription subscribe(UUID run, long after) {
    if (readers.values().stream().mapToInt(Set::size).sum() >= SUBSCRIPTIONS_MAX) {
      throw new IllegalStateException("a feed has at most " + SUBSCRIPTIONS_MAX + " readers");
    }
    Subscription reader = new Subscription(this, db, metrics, run, after);
    readers.compute(
        run,
        (_, of) -> {
          Set<Subscription> all = of == null ? new CopyOnWriteArraySet<>() : of;
          all.add(reader);
          return all;
        });
    return reader;
  }

  void leave(Subscription reader) {
    readers.computeIfPresent(
        reader.run(),
        (run, of) -> {
          of.remove(reader);
          if (of.isEmpty()) {
            marks.remove(run);
          }
          return of.isEmpty() ? null : of;
        });
  }

  /** Wakes all readers, for whom nothing more comes. */
  @Override
  public void close() {
    open = false;
    LockSupport.unpark(thread);
    try {
      thread.join(2000 + poll.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    readers.values().forEach(of -> of.forEach(Subscription::close));
  }

  private void follows() {
    @Nullable Hints hints = null;
    boolean able = true;
    while (open) {
      try {
        if (hints == null && able) {
          hints = Hints.listen(db, Herald.CHANNEL);
          able = hints != null;
          // What came while nobody listened.
          wake(look());
        }
        if (hints == null) {
          LockSupport.parkNanos(poll.toNanos());
          wake(look());
        } else {
          follow(hints);
        }
      } catch (SQLException | RuntimeException e) {
        LOG.log(
            Level.WARNING,
            "schema=" + db.schema() + " events are not followed; the feed tries again in " + poll,
            e);
        Hints.close(hints);
        hints = null;
        LockSupport.parkNanos(poll.toNanos());
      }
    }
    Hints.close(hints);
  }

  private void follow(Hints hints) throws SQLException {
    long until = System.nanoTime() + poll.toNanos();
    while (open) {
      long left = (until - System.nanoTime()) / 1_000_000;
      if (left <= 0) {
        wake(look());
        return;
      }
      for (String hint : hints.next(Math.min(left, SLICE_MILLIS))) {
        if (hint.equals(Herald.MANY)) {
          wake(List.copyOf(readers.keySet()));
        } else {
          wake(hint);
        }
      }
    }
  }

  private void wake(String names) {
    for (String name : names.split(",", -1)) {
      Set<Subscription> of = readers.get(UUID.fromString(name));
      if (of != null) {
        of.forEach(Subscription::wake);
      }
    }
  }

  private void wake(List<UUID> runs) {
    for (UUID run : runs) {
      Set<Subscription> of = readers.get(run);
      if (of != null) {
        of.forEach(Subscription::wake);
      }
    }
  }

  /** Runs that are further than when they were looked at before. */
  private List<UUID> look() throws SQLException {
    List<UUID> followed = List.copyOf(readers.keySet());
    if (followed.isEmpty()) {
      return List.of();
    }
    List<UUID> further = new ArrayList<>();
    db.query(
        r -> {
          UUID run = r.getObject(1, UUID.class);
          Mark mark = new Mark(r.getLong(2), r.getLong(3));
          if (readers.containsKey(run) && !mark.equals(marks.put(run, mark))) {
            further.add(run);
          }
          return run;
        },
        """
        SELECT r.id, r.seq, (SELECT coalesce(max(t.id), 0) FROM ~.token t WHERE t.run = r.id)
        FROM unnest(?::text[]) AS f(id) JOIN ~.run r ON r.id = f.id::uuid\
        """,
        (Object) followed.stream().map(UUID::toString).toArray(String[]::new));
    return further;
  }
}
