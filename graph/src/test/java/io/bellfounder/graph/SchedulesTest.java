package io.bellfounder.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bellfounder.graph.testing.InvariantChecker;
import io.bellfounder.testing.Await;
import io.bellfounder.testing.TemporaryDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class SchedulesTest {
  @RegisterExtension final TemporaryDatabase database = new TemporaryDatabase();

  private static final Channel<String> TIME = Channel.last("time", String.class);
  private static final Graph GRAPH =
      Graph.named("digest").channels(TIME).node("n", _ -> Update.none()).start("n").build();
  private static final RunRequest REQUEST = RunRequest.of(GRAPH, "t", Update.none());
  private static final Schedule DAILY = Schedule.of(REQUEST, "0 6 * * *", ZoneOffset.UTC);
  private Database db;
  private Schedules schedules;

  @BeforeEach
  void install() throws SQLException {
    GraphSchema.install(database.owner(), "g");
    db = new Database(database.owner(), "g");
    schedules = new Schedules(database.owner(), "g");
  }

  @AfterEach
  void check() throws SQLException {
    assertThat(InvariantChecker.problems(database.owner(), "g")).isEmpty();
  }

  /** As if it had been waiting since so many days and a moment ago. */
  private void sleptFor(String interval) throws SQLException {
    int _ =
        db.transaction(c ->
            db.update(c, "UPDATE ~.schedule SET next_at = now() - CAST(? AS interval)", interval));
  }

  private List<String> keys() throws SQLException {
    return db.query(
        r -> r.getString(1), "SELECT start_key FROM ~.run ORDER BY queue_at, start_key");
  }

  @Test
  void a_due_time_starts_one_run_however_many_look() throws Exception {
    schedules.put("digest", DAILY.time(TIME));
    Instant next = schedules.find("t", "digest").orElseThrow().next();
    assertThat(schedules.fire().started()).isZero();
    sleptFor("10 s");
    Instant due = schedules.find("t", "digest").orElseThrow().next();
    List<Future<Schedules.Fired>> looks = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 6; i++) {
        looks.add(threads.submit(schedules::fire));
      }
    }
    int started = 0;
    for (Future<Schedules.Fired> look : looks) {
      started += look.get().started();
    }

    assertThat(started).isEqualTo(1);
    assertThat(keys()).containsExactly("schedule/digest/" + due);
    ScheduleView view = schedules.find("t", "digest").orElseThrow();
    assertThat(view.last()).isEqualTo(due);
    assertThat(view.next()).isEqualTo(next);
    assertThat(view.explain()).isEqualTo("It starts a run at " + next + ".");
    assertThat(db.query(r -> r.getString(1), "SELECT input ->> 'writes' FROM ~.run").getFirst())
        .contains(due.toString());
  }

  @Test
  void a_worker_follows_schedules() throws Exception {
    schedules.put("digest", DAILY);
    sleptFor("1 s");
    try (Worker _ = Worker.start(database.owner(), "g", WorkerOptions.named("w"), List.of(GRAPH))) {
      Await.until(
          "it has run",
          () ->
              db.query(r -> r.getInt(1), "SELECT count(*) FROM ~.run WHERE status = 'completed'")
                      .getFirst()
                  == 1);
    }
  }

  @Test
  void missed_times_are_made_up_for_as_the_policy_says() {
    Cron hourly = Cron.of("0 * * * *");
    Instant due = Instant.parse("2026-11-20T10:00:00Z");
    Instant now = Instant.parse("2026-11-20T13:00:10Z");
    Instant next = Instant.parse("2026-11-20T14:00:00Z");
    Instant last = Instant.parse("2026-11-20T13:00:00Z");

    assertThat(Schedules.Times.of(hourly, ZoneOffset.UTC, Missed.SKIP, due, now))
        .isEqualTo(new Schedules.Times(List.of(last), 4, next));
    assertThat(Schedules.Times.of(hourly, ZoneOffset.UTC, Missed.SKIP, due, now.plusSeconds(99)))
        .isEqualTo(new Schedules.Times(List.of(), 4, next));
    assertThat(Schedules.Times.of(hourly, ZoneOffset.UTC, Missed.ONCE, due, now))
        .isEqualTo(new Schedules.Times(List.of(last), 4, next));
    assertThat(Schedules.Times.of(hourly, ZoneOffset.UTC, Missed.EACH, due, now).to())
        .containsExactly(due, due.plusSeconds(3600), due.plusSeconds(7200), last);
    assertThat(
            Schedules.Times.of(
                    hourly, ZoneOffset.UTC, Missed.EACH, due, now.plus(Duration.ofDays(4000)))
                .to())
        .hasSize(100);
  }

  @Test
  void the_same_line_put_anew_keeps_its_next_time_and_another_line_does_not() throws Exception {
    schedules.put("digest", DAILY);
    sleptFor("1 hour");
    Instant due = schedules.find("t", "digest").orElseThrow().next();
    schedules.put("digest", DAILY.missed(Missed.EACH));
    assertThat(schedules.find("t", "digest").orElseThrow().next()).isEqualTo(due);
    schedules.put("digest", Schedule.of(REQUEST, "0 7 * * *", ZoneOffset.UTC));
    assertThat(schedules.find("t", "digest").orElseThrow().next()).isAfter(due);
  }

  @Test
  void a_paused_schedule_misses_nothing_and_a_deleted_one_is_gone() throws Exception {
    schedules.put("digest", DAILY);
    assertThat(schedules.pause("t", "digest")).isTrue();
    assertThat(schedules.find("t", "digest").orElseThrow().explain())
        .isEqualTo("It is paused; resume it.");
    sleptFor("3 days");
    assertThat(schedules.fire().started()).isZero();
    assertThat(schedules.resume("t", "digest")).isTrue();
    assertThat(schedules.resume("t", "digest")).isFalse();
    assertThat(schedules.fire().started()).isZero();
    assertThat(schedules.list("t")).hasSize(1);
    assertThat(schedules.delete("t", "digest")).isTrue();
    assertThat(schedules.list("t")).isEmpty();
  }

  @Test
  void while_the_last_run_is_at_work_the_threads_policy_decides() throws Exception {
    RunRequest alone = REQUEST.thread("digest").ifBusy(ThreadPolicy.REFUSE);
    schedules.put("digest", Schedule.of(alone, "0 6 * * *", ZoneId.of("Asia/Tokyo")));
    sleptFor("1 s");
    assertThat(schedules.fire()).isEqualTo(new Schedules.Fired(1, 0, false));
    sleptFor("1 s");
    assertThat(schedules.fire()).isEqualTo(new Schedules.Fired(0, 1, false));
    assertThat(keys()).hasSize(1);
  }

  @Test
  void what_cannot_be_followed_is_paused_and_says_why() throws Exception {
    schedules.put("digest", DAILY);
    int _ =
        db.transaction(
            c -> db.update(c, "UPDATE ~.schedule SET zone = 'Moon/Tranquility', next_at = now()"));
    assertThat(schedules.fire().started()).isZero();
    assertThat(schedules.find("t", "digest").orElseThrow().explain())
        .startsWith("It was paused: ")
        .contains("Moon/Tranquility")
        .endsWith("put it anew.");
    schedules.put("digest", DAILY);
    assertThat(schedules.find("t", "digest").orElseThrow().paused()).isFalse();
  }

  @Test
  void keys_and_delays_are_the_schedules_own() {
    assertThatThrownBy(() -> Schedule.of(REQUEST.key("k"), "0 6 * * *", ZoneOffset.UTC))
        .hasMessage("a schedule gives its runs keys and times itself");
  }
}
