package io.bellfounder.testing;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Deque;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.sql.DataSource;

/**
 * Keeps connections instead of closing them, as a pool does: most of what a short test costs is
 * signing in. One that has broken is replaced. As many are kept as were ever in use at once. Safe
 * for many threads.
 */
public final class KeptConnections implements AutoCloseable {
  private static final int ANSWERS_WITHIN_SECONDS = 5;
  private final DataSource real;
  private final Deque<Connection> free = new ConcurrentLinkedDeque<>();
  private volatile boolean open = true;

  public KeptConnections(DataSource real) {
    this.real = real;
  }

  public DataSource dataSource() {
    return (DataSource)
        Proxy.newProxyInstance(
            KeptConnections.class.getClassLoader(),
            new Class<?>[] {DataSource.class},
            (_, method, values) ->
                method.getName().equals("getConnection") && method.getParameterCount() == 0
                    ? connection()
                    : call(real, method, values));
  }

  private Connection connection() throws SQLException {
    Connection connection = sound();
    AtomicBoolean lent = new AtomicBoolean(true);
    return (Connection)
        Proxy.newProxyInstance(
            KeptConnections.class.getClassLoader(),
            new Class<?>[] {Connection.class},
            (_, method, values) -> {
              if (!method.getName().equals("close")) {
                return call(connection, method, values);
              }
              if (lent.compareAndSet(true, false)) {
                giveBack(connection);
              }
              return null;
            });
  }

  private Connection sound() throws SQLException {
    for (Connection kept; (kept = free.poll()) != null; ) {
      if (kept.isValid(ANSWERS_WITHIN_SECONDS)) {
        return kept;
      }
      kept.close();
    }
    return real.getConnection();
  }

  private void giveBack(Connection connection) throws SQLException {
    try {
      if (!connection.isClosed() && !connection.getAutoCommit()) {
        connection.rollback();
        connection.setAutoCommit(true);
      }
    } catch (SQLException e) {
      // Broken while it was in use, which whoever used it has been told already.
      connection.close();
    }
    if (open && !connection.isClosed()) {
      free.push(connection);
    } else {
      connection.close();
    }
  }

  @SuppressWarnings("NullAway") // reflection speaks of null
  private static Object call(Object target, Method method, Object[] values) throws Throwable {
    try {
      return method.invoke(target, values);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  @Override
  public void close() throws SQLException {
    open = false;
    for (Connection connection; (connection = free.poll()) != null; ) {
      connection.close();
    }
  }
}
