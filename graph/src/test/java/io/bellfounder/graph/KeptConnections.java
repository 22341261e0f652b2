package io.bellfounder.graph;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Deque;
import java.util.concurrent.ConcurrentLinkedDeque;
import javax.sql.DataSource;

/** Keeps connections instead of closing them, for as long as the test lasts. */
public final class KeptConnections implements AutoCloseable {
  private final DataSource real;
  private final Deque<Connection> free = new ConcurrentLinkedDeque<>();

  public KeptConnections(DataSource real) {
    this.real = real;
  }

  public DataSource dataSource() {
    return (DataSource)
        Proxy.newProxyInstance(
            KeptConnections.class.getClassLoader(),
            new Class<?>[] {DataSource.class},
            (_, _, _) -> connection());
  }

  private Connection connection() throws SQLException {
    Connection kept = free.poll();
    Connection connection = kept == null ? real.getConnection() : kept;
    connection.setAutoCommit(true);
    return (Connection)
        Proxy.newProxyInstance(
            KeptConnections.class.getClassLoader(),
            new Class<?>[] {Connection.class},
            (_, method, values) -> {
              if (method.getName().equals("close")) {
                free.push(connection);
                return null;
              }
              try {
                return method.invoke(connection, values);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  @Override
  public void close() throws SQLException {
    for (Connection connection; (connection = free.poll()) != null; ) {
      connection.close();
    }
  }
}
