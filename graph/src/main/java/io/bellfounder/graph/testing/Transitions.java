package io.bellfounder.graph.testing;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Set;
import java.util.TreeSet;
import javax.sql.DataSource;

/**
 * The run's state table, watched by a trigger: which changes of status there are, which of them
 * have been seen, and whether anything else was. Written as {@code queued>running}.
 */
public final class Transitions {
  /** All there are. */
  public static final Set<String> ALL =
      Set.of(
          "new>queued",
          "queued>running",
          "queued>paused",
          "queued>cancelled",
          "running>queued",
          "running>waiting",
          "running>paused",
          "running>completed",
          "running>failed",
          "running>cancelled",
          "running>dead",
          "running>parked",
          "waiting>queued",
          "waiting>paused",
          "waiting>cancelled",
          "paused>queued",
          "paused>cancelled",
          "dead>queued",
          "dead>cancelled",
          "parked>queued",
          "parked>cancelled",
          "failed>queued");

  private Transitions() {}

  /** Watches from now on, in a table of its own beside the run's. For tests only: it costs time. */
  public static void watch(DataSource database, String schema) throws SQLException {
    try (Connection connection = database.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute(
          """
          CREATE TABLE ~.seen_transition (t text NOT NULL);
          CREATE FUNCTION ~.see_transition() RETURNS trigger LANGUAGE plpgsql AS $$
          BEGIN
            IF TG_OP = 'INSERT' THEN
              INSERT INTO ~.seen_transition VALUES ('new>' || NEW.status);
            ELSIF OLD.status <> NEW.status THEN
              INSERT INTO ~.seen_transition VALUES (OLD.status || '>' || NEW.status);
            END IF;
            RETURN NULL;
          END $$;
          CREATE TRIGGER see_transition AFTER INSERT OR UPDATE ON ~.run
            FOR EACH ROW EXECUTE FUNCTION ~.see_transition();\
          """
              .replace("~.", schema + "."));
    }
  }

  /** Those that have happened since. */
  public static Set<String> seen(DataSource database, String schema) throws SQLException {
    Set<String> seen = new TreeSet<>();
    try (Connection connection = database.getConnection();
        Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery("SELECT DISTINCT t FROM " + schema + ".seen_transition")) {
      while (rows.next()) {
        seen.add(rows.getString(1));
      }
    }
    return seen;
  }
}
