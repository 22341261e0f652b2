package io.bellfounder.graph;

import static org.assertj.core.api.Assertions.assertThat;

import io.bellfounder.testing.TemporaryDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Each sentence that says why a run does not run. */
class ExplanationTest {
  @RegisterExtension final TemporaryDatabase database = new TemporaryDatabase();

  private static final Graph GRAPH =
      Graph.named("g").node("n", _ -> Update.none()).start("n").build();
  private static final RunRequest REQUEST = RunRequest.of(GRAPH, "t", Update.none());
  private Database db;
  private Runs runs;
  private Limits limits;
  private Claims claims;

  @BeforeEach
  void install() throws SQLException {
    GraphSchema.install(database.owner(), "g");
    db = new Database(database.owner(), "g");
    runs = new Runs(database.owner(), "g");
    limits = new Limits(database.owner(), "g");
    claims = new Claims(db, WorkerOptions.named("w1"), List.of(GRAPH.hash()), Claims.POSTGRES);
  }

  private UUID start(RunRequest request) throws SQLException {
    return ((Started.Created) runs.start(request)).run();
  }

  private void change(UUID run, String set) throws SQLException {
    int _ = db.transaction(c -> db.update(c, "UPDATE ~.run SET " + set + " WHERE id = ?", run));
  }

  /** As a worker's heartbeat notes it. */
  private void worker(String hash, int running, int most) throws SQLException {
    int _ =
        db.transaction(c ->
            db.update(
                c,
                "INSERT INTO ~.worker (id, name, spec_hashes, running, running_max, expected_by)"
                    + " VALUES (gen_random_uuid(), 'w', ARRAY[?], ?, ?, now() + interval '1 h')",
                hash,
                running,
                most));
  }

  private void says(UUID run, String sentence) throws SQLException {
    assertThat(runs.explain(run)).isEqualTo(sentence);
  }

  @Test
  void there_is_no_such_run() throws Exception {
    says(UUID.randomUUID(), "There is no such run.");
  }

  @Test
  void no_worker_or_none_with_room_or_only_a_matter_of_turn() throws Exception {
    UUID first = start(REQUEST);
    UUID run = start(REQUEST.priority(-1));
    String hash = GRAPH.hash().substring(0, 12);
    says(run, "No worker knows graph g in its version " + hash + "; 0 others are there.");
    worker("another", 0, 8);
    says(run, "No worker knows graph g in its version " + hash + "; 1 others are there.");
    worker(GRAPH.hash(), 8, 8);
    says(run, "The 1 workers that know its graph are full; 1 runs come first.");
    worker(GRAPH.hash(), 0, 8);
    says(run, "It is next but for one run of its queue.");
    says(start(REQUEST.priority(-2)), "It is next but for 2 runs of its queue.");
    says(first, "It is next of its queue.");
  }

  @Test
  void caps_and_rates_of_tenant_and_lane() throws Exception {
    worker(GRAPH.hash(), 0, 8);
    limits.running("t", 0);
    UUID run = start(REQUEST.lane("mail"));
    says(run, "Its tenant's 0 places are taken.");
    limits.reset("t");
    limits.running("t", "mail", 0);
    says(run, "The 0 places of its lane mail are taken.");
    limits.running("t", "mail", 5);
    limits.rate("t", new Rate(1, Duration.ofHours(1)));
    change(start(REQUEST), "queue_at = now() - interval '1 h'");
    assertThat(claims.claim(1).runs()).hasSize(1);
    says(run, "Its tenant's rate is used up: 1 runs begin per 3600000 ms.");
    limits.reset("t");
    limits.rate("t", "mail", new Rate(1, Duration.ofHours(1)));
    change(start(REQUEST.lane("mail")), "queue_at = now() - interval '1 h'");
    assertThat(claims.claim(1).runs()).hasSize(1);
    says(run, "The rate of its lane mail is used up: 1 runs begin per 3600000 ms.");
  }

  @Test
  void delays_and_threads() throws Exception {
    UUID later = start(REQUEST.delay(Duration.ofHours(1)));
    assertThat(runs.explain(later)).matches("It is to start at 20..-..-..T..:..:..Z\\.");
    UUID first = start(REQUEST.thread("chat"));
    UUID second = start(REQUEST.thread("chat"));
    says(second, "Run " + first + " of its thread comes first and is queued.");
  }

  @Test
  void what_runs_says_where_and_what_was_asked_of_it() throws Exception {
    UUID run = start(REQUEST);
    assertThat(claims.claim(1).runs()).hasSize(1);
    says(run, "It runs on w1.");
    runs.pause(run);
    says(run, "It runs on w1 and pauses after this step.");
    runs.cancel(run);
    says(run, "It runs on w1 and is to be cancelled; the next heartbeat sees it.");
    change(run, "lease_until = now() - interval '1 s'");
    says(run, "Its worker's lease is over; the next sweep takes it over.");
  }

  @Test
  void pauses_deaths_and_ends() throws Exception {
    UUID run = start(REQUEST);
    runs.pause(run);
    says(run, "It is paused; resume it.");
    change(run, "status = 'dead', takeovers = 5");
    says(
        run,
        "Its workers were lost 5 times without progress; find out why, then resume or cancel it.");
    change(run, "status = 'parked', error_message = 'no such channel'");
    says(run, "It was parked: no such channel; put that right, then resume or cancel it.");
    change(run, "status = 'failed', ended_at = now(), error_message = 'n: broken'");
    says(run, "It has failed: n: broken.");
    change(run, "status = 'completed'");
    says(run, "It has ended: completed.");
  }

  @Test
  void questions() throws Exception {
    UUID run = start(REQUEST);
    int _ =
        db.transaction(c ->
            db.update(
                c,
                "INSERT INTO ~.interrupt (id, run, key, n, node, payload, status)"
                    + " VALUES (gen_random_uuid(), ?, 'k', 1, 'n', '1', 'pending')",
                run));
    change(run, "status = 'waiting'");
    says(run, "It waits for 1 answer.");
    change(run, "cancel_requested = true");
    says(run, "It is to be cancelled; the next sweep does so.");
  }
}
