package io.bellfounder.graph.testing;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Wraps a data source, and fails once: at the n-th statement or commit from now, before or after it
 * took effect. Then the connection is gone, as if the server had died. Instead of a failure
 * anything else can happen there, such as {@link WorkerProcess#signalSelf the end of the process}.
 * Safe for many threads.
 */
public final class FailingDataSource {
  private static final Set<String> COUNTED =
      Set.of("execute", "executeQuery", "executeUpdate", "commit");
  private final DataSource real;
  private final AtomicLong left = new AtomicLong(Long.MAX_VALUE);
  private volatile boolean after;
  private volatile @Nullable Runnable instead;
  private volatile @Nullable String mute;
  private volatile @Nullable Point place;

  /** How often each statement was come by. */
  private final Map<String, Integer> times = new ConcurrentHashMap<>();

  /**
   * A place in a program, whatever its threads do meanwhile.
   *
   * @param statement as it was prepared; for a commit, {@code COMMIT} and what it follows
   * @param time which time it is come by, from 1
   */
  public record Point(String statement, int time) {}

  public FailingDataSource(DataSource real) {
    this.real = real;
  }

  /**
   * @param n counts from 1
   * @param afterwards whether it takes effect before the failure
   */
  public void failAt(long n, boolean afterwards) {
    instead = null;
    place = null;
    after = afterwards;
    left.set(n);
  }

  /**
   * Something else than a failure, at the same places; the statement itself is carried out, before
   * or after it.
   */
  public void at(long n, boolean afterwards, Runnable happens) {
    instead = happens;
    place = null;
    after = afterwards;
    left.set(n);
  }

  /** As {@link #at(long, boolean, Runnable)}, at a place that {@link #points} has named. */
  public void at(Point point, boolean afterwards, Runnable happens) {
    instead = happens;
    place = point;
    after = afterwards;
    left.set(1);
  }

  /** Every place that was come by since this was made. */
  public Set<Point> points() {
    Set<Point> all = new LinkedHashSet<>();
    times.forEach((statement, many) ->
        IntStream.rangeClosed(1, many).forEach(n -> all.add(new Point(statement, n))));
    return all;
  }

  /**
   * From now on every statement fails in threads whose name begins so, such as {@code graph-beat-}:
   * heartbeats are lost while all else goes on.
   *
   * @param threads null lets all through again
   */
  public void mute(@Nullable String threads) {
    mute = threads;
  }

  /** Whether the failure has happened. */
  public boolean failed() {
    return left.get() <= 0;
  }

  public DataSource dataSource() {
    return wrap(
        DataSource.class,
        (_, method, values) -> {
          Object result = call(real, method, values);
          return result instanceof Connection c ? connection(c) : result;
        });
  }

  private Connection connection(Connection c) {
    AtomicReference<String> last = new AtomicReference<>("");
    return wrap(
        Connection.class,
        (_, method, values) -> {
          Object result = counted(c, c, "COMMIT " + last.get(), method, values);
          if (!(result instanceof PreparedStatement s)) {
            return result;
          }
          String sql = (String) values[0];
          return wrap(
              PreparedStatement.class,
              (_, m, v) -> {
                last.set(sql);
                return counted(c, s, sql, m, v);
              });
        });
  }

  @SuppressWarnings("NullAway") // reflection speaks of null
  private Object counted(
      Connection c, Object target, String statement, Method method, Object[] values)
      throws Throwable {
    if (!COUNTED.contains(method.getName())) {
      return call(target, method, values);
    }
    String muted = mute;
    if (muted != null && Thread.currentThread().getName().startsWith(muted)) {
      throw new SQLException("muted on purpose", "08006");
    }
    Point here = new Point(statement, times.merge(statement, 1, Integer::sum));
    Point wanted = place;
    if (wanted != null && !wanted.equals(here) || left.decrementAndGet() != 0) {
      return call(target, method, values);
    }
    Runnable other = instead;
    boolean afterwards = after;
    if (other != null) {
      if (!afterwards) {
        other.run();
      }
      Object result = call(target, method, values);
      if (afterwards) {
        other.run();
      }
      return result;
    }
    if (afterwards) {
      Object ignored = call(target, method, values);
      if (ignored == null && !method.getName().equals("commit")) {
        throw new IllegalStateException("a statement without a result");
      }
    }
    c.abort(Runnable::run);
    throw new SQLException("broken on purpose", "08006");
  }

  @SuppressWarnings("NullAway")
  private static Object call(Object target, Method method, Object[] values) throws Throwable {
    try {
      return method.invoke(target, values);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  private static <T> T wrap(Class<T> type, InvocationHandler handler) {
    return type.cast(
        Proxy.newProxyInstance(
            FailingDataSource.class.getClassLoader(), new Class<?>[] {type}, handler));
  }
}
