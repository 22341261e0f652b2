package io.bellfounder.graph.testing;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import javax.sql.DataSource;

/**
 * Wraps a data source, and fails once: at the n-th statement or commit from now, before or after it
 * took effect. Then the connection is gone, as if the server had died.
 */
public final class FailingDataSource {
  private static final Set<String> COUNTED = Set.of("executeQuery", "executeUpdate", "commit");
  private final DataSource real;
  private final AtomicLong left = new AtomicLong(Long.MAX_VALUE);
  private volatile boolean after;

  public FailingDataSource(DataSource real) {
    this.real = real;
  }

  /**
   * @param n counts from 1
   * @param afterwards whether it takes effect before the failure
   */
  public void failAt(long n, boolean afterwards) {
    after = afterwards;
    left.set(n);
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
    return wrap(
        Connection.class,
        (_, method, values) -> {
          Object result = counted(c, c, method, values);
          return result instanceof PreparedStatement s
              ? wrap(PreparedStatement.class, (_, m, v) -> counted(c, s, m, v))
              : result;
        });
  }

  @SuppressWarnings("NullAway") // reflection speaks of null
  private Object counted(Connection c, Object target, Method method, Object[] values)
      throws Throwable {
    if (!COUNTED.contains(method.getName()) || left.decrementAndGet() != 0) {
      return call(target, method, values);
    }
    if (after) {
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
