package io.bellfounder.graph.ported;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.sql.DataSource;

/** Gives out so many connections at a time; who wants another one waits, and then is refused. */
final class SmallPool implements AutoCloseable {
  private final DataSource real;
  private final Semaphore places;

  SmallPool(DataSource real, int size) {
    this.real = real;
    this.places = new Semaphore(size);
  }

  DataSource dataSource() {
    return (DataSource)
        Proxy.newProxyInstance(
            SmallPool.class.getClassLoader(),
            new Class<?>[] {DataSource.class},
            (_, _, _) -> take());
  }

  /** All that are left. */
  List<Connection> rest() throws SQLException {
    List<Connection> all = new ArrayList<>();
    while (places.tryAcquire()) {
      all.add(wrapped(real.getConnection()));
    }
    return all;
  }

  private Connection take() throws SQLException, InterruptedException {
    if (!places.tryAcquire(200, TimeUnit.MILLISECONDS)) {
      throw new SQLException("the pool is used up");
    }
    return wrapped(real.getConnection());
  }

  private Connection wrapped(Connection connection) {
    AtomicBoolean open = new AtomicBoolean(true);
    return (Connection)
        Proxy.newProxyInstance(
            SmallPool.class.getClassLoader(),
            new Class<?>[] {Connection.class},
            (_, method, values) -> {
              if (method.getName().equals("close") && open.compareAndSet(true, false)) {
                places.release();
              }
              try {
                return method.invoke(connection, values);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  @Override
  public void close() {
    places.drainPermits();
  }
}
