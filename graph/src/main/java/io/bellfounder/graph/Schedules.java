package io.bellfounder.graph;

import java.lang.System.Logger.Level;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Schedules by tenant and id. Workers start their runs, whoever comes first, each time exactly
 * once: the run's key is the schedule's id and the time. All by the database's clock. Safe for many
 * threads.
 */
public final class Schedules {
  private static final System.Logger LOG = System.getLogger(Schedules.class.getName());
  private static final int BATCH = 20;
  private static final int EACH_MAX = 100;
  private final Database db;
  private final String driver;

  /** Runs are carried by {@link Worker}. */
  public Schedules(DataSource database, String schema) {
    this(database, schema, Claims.POSTGRES);
  }

  /**
   * @param driver carries the runs, see {@link Runs#Runs(DataSource, String, String)}
   */
  public Schedules(DataSource database, String schema, String driver) {
    this.db = new Database(database, schema);
    this.driver = driver;
  }

  /**
   * Makes a schedule or replaces it. With the same cron line and zone it keeps its next time, so
   * that a deployment leaves nothing out; runs follow the version of the graph that is put.
   */
  public void put(String id, Schedule schedule) throws SQLException {
    if (id.isEmpty()) {
      throw new IllegalArgumentException("a schedule has an id");
    }
    Starts.NewRun run = schedule.request().row(driver);
    int _ =
        db.transaction(c -> {
          db.update(c, "INSERT INTO ~.tenant (id) VALUES (?) ON CONFLICT DO NOTHING", run.tenant());
          new Specs(db).store(c, schedule.request().graph());
          Instant next = schedule.cron().next(now(c), schedule.zone());
          return db.update(
              c,
              """
              INSERT INTO ~.schedule AS s (tenant, id, driver, graph, spec_hash, input, thread,
                policy, lane, priority, cron, zone, missed, time_channel, next_at)
              VALUES (?, ?, ?, ?, ?, ?::json, ?, ?, ?, ?, ?, ?, ?, ?, ?)
              ON CONFLICT (tenant, id) DO UPDATE SET driver = excluded.driver,
                graph = excluded.graph, spec_hash = excluded.spec_hash, input = excluded.input,
                thread = excluded.thread, policy = excluded.policy, lane = excluded.lane,
                priority = excluded.priority, cron = excluded.cron, zone = excluded.zone,
                missed = excluded.missed, time_channel = excluded.time_channel,
                next_at = CASE WHEN s.cron = excluded.cron AND s.zone = excluded.zone
                  AND s.problem IS NULL THEN s.next_at ELSE excluded.next_at END,
                paused = s.paused AND s.problem IS NULL, problem = NULL\
              """,
              run.tenant(),
              id,
              driver,
              run.graph(),
              run.specHash(),
              run.input(),
              run.thread(),
              run.policy().name(),
              run.lane(),
              run.priority(),
              schedule.cron().toString(),
              schedule.zone().getId(),
              schedule.missed().name(),
              schedule.timeChannel(),
              next.atOffset(ZoneOffset.UTC));
        });
  }

  /**
   * @return false if there is no such schedule
   */
  public boolean delete(String tenant, String id) throws SQLException {
    return db.transaction(
        c -> db.update(c, "DELETE FROM ~.schedule WHERE tenant = ? AND id = ?", tenant, id) == 1);
  }

  /**
   * No more runs are started; those that are there go on.
   *
   * @return false if there is no such schedule
   */
  public boolean pause(String tenant, String id) throws SQLException {
    return db.transaction(c ->
        db.update(c, "UPDATE ~.schedule SET paused = true WHERE tenant = ? AND id = ?", tenant, id)
            == 1);
  }

  /**
   * Goes on with the next time from now; what passed meanwhile was not missed.
   *
   * @return false if there is no such schedule, or it is not paused
   */
  public boolean resume(String tenant, String id) throws SQLException {
    return db.transaction(c -> {
      List<Instant> next =
          db.query(
              c,
              r -> Cron.of(r.getString(1)).next(instant(r, 3), ZoneId.of(r.getString(2))),
              "SELECT cron, zone, clock_timestamp() FROM ~.schedule"
                  + " WHERE tenant = ? AND id = ? AND paused FOR UPDATE",
              tenant,
              id);
      return !next.isEmpty()
          && db.update(
                  c,
                  "UPDATE ~.schedule SET paused = false, problem = NULL, next_at = ?"
                      + " WHERE tenant = ? AND id = ?",
                  next.getFirst().atOffset(ZoneOffset.UTC),
                  tenant,
                  id)
              == 1;
    });
  }

  /** One schedule; empty if there is none. */
  public Optional<ScheduleView> find(String tenant, String id) throws SQLException {
    return list(tenant, id, 1).stream().findFirst();
  }

  /** A tenant's schedules by id, at most 1000. */
  public List<ScheduleView> list(String tenant) throws SQLException {
    return list(tenant, null, 1000);
  }

  private List<ScheduleView> list(String tenant, @Nullable String id, int most)
      throws SQLException {
    return db.query(
        r ->
            new ScheduleView(
                tenant,
                r.getString(1),
                r.getString(2),
                r.getString(3),
                r.getString(4),
                instant(r, 5),
                r.getObject(6) == null ? null : instant(r, 6),
                r.getBoolean(7),
                r.getString(8)),
        """
        SELECT id, graph, cron, zone, next_at, last_at, paused, problem FROM ~.schedule
        WHERE tenant = ? AND (?::text IS NULL OR id = ?) ORDER BY id LIMIT ?\
        """,
        tenant,
        id,
        id,
        most);
  }

  /** How many runs a look started, and how many times it left out. */
  record Fired(int started, int leftOut, boolean more) {}

  /** Starts what is due. */
  Fired fire() throws SQLException {
    return db.transaction(c -> {
      List<Due> due =
          db.query(
              c,
              Due::read,
              """
              SELECT tenant, id, driver, graph, spec_hash, input, thread, policy, lane, priority,
                cron, zone, missed, time_channel, next_at, clock_timestamp()
              FROM ~.schedule WHERE next_at <= clock_timestamp() AND NOT paused
              ORDER BY next_at LIMIT ? FOR UPDATE SKIP LOCKED\
              """,
              BATCH);
      int started = 0;
      int leftOut = 0;
      for (Due each : due) {
        Times times;
        try {
          times = each.times();
        } catch (RuntimeException e) {
          problem(c, each, e);
          continue;
        }
        int begun = 0;
        for (Instant at : times.to()) {
          if (!(new Starts(db).start(c, each.run(at)) instanceof Started.Busy)) {
            begun++;
          }
        }
        started += begun;
        leftOut += times.passed() - begun;
        db.update(
            c,
            "UPDATE ~.schedule SET next_at = ?, last_at = coalesce(?, last_at)"
                + " WHERE tenant = ? AND id = ?",
            times.next().atOffset(ZoneOffset.UTC),
            times.to().isEmpty() ? null : times.to().getLast().atOffset(ZoneOffset.UTC),
            each.tenant(),
            each.id());
      }
      return new Fired(started, leftOut, due.size() == BATCH);
    });
  }

  private void problem(Connection c, Due each, RuntimeException e) throws SQLException {
    LOG.log(
        Level.ERROR,
        "tenant="
            + each.tenant()
            + " schedule="
            + each.id()
            + " cannot be followed; it is paused until it is put anew",
        e);
    db.update(
        c,
        "UPDATE ~.schedule SET paused = true, problem = ? WHERE tenant = ? AND id = ?",
        String.valueOf(e.getMessage()),
        each.tenant(),
        each.id());
  }

  private Instant now(Connection c) throws SQLException {
    return db.query(c, r -> instant(r, 1), "SELECT clock_timestamp()").getFirst();
  }

  private static Instant instant(ResultSet r, int column) throws SQLException {
    return r.getObject(column, OffsetDateTime.class).toInstant();
  }

  /**
   * Which times to start runs for.
   *
   * @param passed how many have passed, at least
   */
  record Times(List<Instant> to, int passed, Instant next) {
    static Times of(Cron cron, ZoneId zone, Missed missed, Instant due, Instant now) {
      Instant graceful = now.minus(1, ChronoUnit.MINUTES);
      List<Instant> to = new ArrayList<>();
      int passed = 0;
      Instant at = due;
      // Of a schedule that slept for years only the last year is looked through.
      Instant earliest = now.minus(366, ChronoUnit.DAYS);
      if (at.isBefore(earliest)) {
        at = cron.next(earliest, zone);
        passed++;
      }
      for (; !at.isAfter(now); at = cron.next(at, zone)) {
        passed++;
        if (missed != Missed.SKIP || !at.isBefore(graceful)) {
          to.add(at);
        }
        if (to.size() > (missed == Missed.EACH ? EACH_MAX : 1)) {
          to.removeFirst();
        }
      }
      return new Times(to, passed, at);
    }
  }

  /** A schedule whose time has come. */
  private record Due(
      String tenant,
      String id,
      String driver,
      String graph,
      String specHash,
      String input,
      @Nullable String thread,
      String policy,
      String lane,
      int priority,
      String cron,
      String zone,
      String missed,
      @Nullable String timeChannel,
      Instant next,
      Instant now) {
    static Due read(ResultSet r) throws SQLException {
      return new Due(
          r.getString(1),
          r.getString(2),
          r.getString(3),
          r.getString(4),
          r.getString(5),
          r.getString(6),
          r.getString(7),
          r.getString(8),
          r.getString(9),
          r.getInt(10),
          r.getString(11),
          r.getString(12),
          r.getString(13),
          r.getString(14),
          instant(r, 15),
          instant(r, 16));
    }

    Times times() {
      return Times.of(Cron.of(cron), ZoneId.of(zone), Missed.valueOf(missed), next, now);
    }

    Starts.NewRun run(Instant at) {
      Update update = Update.read(Json.read(input));
      String whole = timeChannel == null ? input : Json.write(at(update, timeChannel, at).json());
      return new Starts.NewRun(
          tenant,
          driver,
          graph,
          specHash,
          whole,
          "schedule/" + id + "/" + at,
          Graph.sha256(specHash + whole),
          thread,
          ThreadPolicy.valueOf(policy),
          lane,
          priority,
          0);
    }

    private static Update at(Update update, String channel, Instant at) {
      List<Update.Write> writes = new ArrayList<>(update.writes());
      writes.add(new Update.Write(channel, at.toString()));
      return new Update(writes, update.next());
    }
  }
}
