package io.bellfounder.graph;

import java.lang.System.Logger.Level;
import java.lang.reflect.Method;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Notifications of one schema, on one connection. The driver's classes are looked up by name: the
 * library needs nothing but JDBC to compile, and goes on without them.
 */
record Hints(
    Connection connection,
    Object driver,
    Method notifications,
    Method parameter,
    String schema,
    String channel) {
  private static final System.Logger LOG = System.getLogger(Hints.class.getName());

  /** Null if the data source is not PostgreSQL's, so that there is nothing to listen to. */
  static @Nullable Hints listen(Database db, String channel) throws SQLException {
    Connection connection = db.source().getConnection();
    try {
      ClassLoader loader = connection.getMetaData().getClass().getClassLoader();
      Class<?> type = Class.forName("org.postgresql.PGConnection", false, loader);
      Class<?> note = Class.forName("org.postgresql.PGNotification", false, loader);
      Object driver = connection.unwrap(type);
      Method notifications = type.getMethod("getNotifications", int.class);
      Method parameter = note.getMethod("getParameter");
      try (var statement = connection.createStatement()) {
        statement.execute("LISTEN " + channel);
      }
      return new Hints(connection, driver, notifications, parameter, db.schema(), channel);
    } catch (ReflectiveOperationException e) {
      connection.close();
      LOG.log(
          Level.INFO,
          "schema="
              + db.schema()
              + " no notifications here; readers and workers look by themselves",
          e);
      return null;
    } catch (SQLException e) {
      connection.close();
      throw e;
    }
  }

  /** What came within the time: runs' ids, or {@link Herald#MANY}. */
  List<String> next(long millis) throws SQLException {
    try {
      List<String> all = new ArrayList<>();
      Object notes = notifications.invoke(driver, Math.toIntExact(millis));
      if (notes instanceof Object[] some) {
        for (Object note : some) {
          String[] parts = String.valueOf(parameter.invoke(note)).split(" ", 2);
          if (parts.length == 2 && parts[0].equals(schema)) {
            all.add(parts[1]);
          }
        }
      }
      return all;
    } catch (ReflectiveOperationException e) {
      throw new SQLException("the connection does not listen any more", e);
    }
  }

  static void close(@Nullable Hints hints) {
    if (hints == null) {
      return;
    }
    try (Connection connection = hints.connection();
        var statement = connection.createStatement()) {
      // It may come from a pool.
      statement.execute("UNLISTEN " + hints.channel());
    } catch (SQLException e) {
      LOG.log(Level.DEBUG, "a broken connection could not be closed, which changes nothing", e);
    }
  }
}
