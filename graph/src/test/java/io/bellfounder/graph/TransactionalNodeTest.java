package io.bellfounder.graph;

import static org.assertj.core.api.Assertions.assertThat;

import io.bellfounder.graph.testing.InvariantChecker;
import io.bellfounder.testing.Await;
import io.bellfounder.testing.TemporaryDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a transactional node writes to the user's tables stands with its step, or not at all. */
class TransactionalNodeTest {
  private static final Channel<List<String>> LOG = Channel.append("log", String.class);
  private static final NodeOptions INSIDE = NodeOptions.DEFAULT.asTransactional();

  @RegisterExtension final TemporaryDatabase database = new TemporaryDatabase();

  private final List<Worker> workers = new ArrayList<>();
  private Database db;
  private Runs runs;

  @BeforeEach
  void install() throws SQLException {
    GraphSchema.install(database.owner(), "g");
    db = new Database(database.owner(), "g");
    runs = new Runs(database.owner(), "g");
    int _ =
        db.transaction(c ->
            db.update(c, "CREATE TABLE ~.paid (what text UNIQUE DEFERRABLE INITIALLY DEFERRED)"));
  }

  @AfterEach
  void check() throws SQLException {
    workers.forEach(Worker::close);
    assertThat(InvariantChecker.problems(database.owner(), "g")).isEmpty();
  }

  /** Writes a row, and the same word to the log. */
  private Node pays(String what) {
    return c -> {
      int _ = db.update(c.connection(), "INSERT INTO ~.paid VALUES (?)", what);
      return Update.of(LOG, List.of(what));
    };
  }

  private List<String> paid() throws SQLException {
    return db.query(r -> r.getString(1), "SELECT what FROM ~.paid ORDER BY 1");
  }

  private UUID ends(Graph graph, String as) throws SQLException {
    UUID run = runs.start(RunRequest.of(graph, "t", Update.none())).orThrow();
    workers.add(Worker.start(database.owner(), "g", WorkerOptions.named("w"), List.of(graph)));
    awaits(run, as);
    return run;
  }

  private void awaits(UUID run, String status) {
    Await.value(
        run + " is " + status,
        Duration.ofSeconds(20),
        () -> runs.find(run).orElseThrow().status(),
        status::equals);
  }

  private String error(UUID run) throws SQLException {
    RunView view = runs.find(run).orElseThrow();
    return view.errorCode() + " " + view.errorMessage();
  }

  @Test
  void beside_a_task_that_asks_it_writes_once_and_does_not_run_again_after_the_answer()
      throws Exception {
    Graph graph =
        Graph.named("asks")
            .channels(LOG)
            .node("ask", c -> Update.of(LOG, List.of(c.interrupt("sure?", String.class))))
            .node("pay", INSIDE, pays("pay"))
            .start("ask", "pay")
            .build();
    UUID run = ends(graph, "waiting");
    assertThat(paid()).containsExactly("pay");

    runs.answer(runs.questions(run).getFirst().id(), "yes");
    awaits(run, "completed");

    assertThat(paid()).containsExactly("pay");
    assertThat(runs.state(run, graph).get(LOG)).containsExactly("yes", "pay");
  }

  @Test
  void in_a_step_that_fails_for_another_reason_it_has_written_nothing() throws Exception {
    Graph graph =
        Graph.named("lost")
            .channels(LOG)
            .node("pay", INSIDE, pays("pay"))
            .start("pay")
            .branch("pay", _ -> Next.to("pay"), Graph.END)
            .build();

    UUID run = ends(graph, "failed");

    assertThat(paid()).isEmpty();
    assertThat(error(run)).startsWith("bad_route pay: ");
  }

  @Test
  void beside_one_that_fails_and_says_where_to_go_it_writes_once() throws Exception {
    Graph graph =
        Graph.named("handled")
            .channels(LOG)
            .node("pay", INSIDE, pays("pay"))
            .node(
                "breaks",
                INSIDE.onFailure("sorry"),
                c -> {
                  pays("breaks").run(c);
                  throw new IllegalStateException("no");
                })
            .node("sorry", _ -> Update.of(LOG, List.of("sorry")))
            .start("pay", "breaks")
            .build();

    UUID run = ends(graph, "completed");

    assertThat(paid()).containsExactly("pay");
    assertThat(runs.state(run, graph).get(LOG)).containsExactly("pay", "sorry");
  }

  @Test
  void a_question_in_one_of_two_is_asked_once_and_each_writes_once() throws Exception {
    Graph graph =
        Graph.named("two")
            .channels(LOG)
            .node("pay", INSIDE, pays("pay"))
            .node(
                "ask",
                INSIDE,
                c -> {
                  pays("ask").run(c);
                  return Update.of(LOG, List.of(c.interrupt("sure?", String.class)));
                })
            .start("pay", "ask")
            .build();
    UUID run = ends(graph, "waiting");
    assertThat(runs.questions(run)).hasSize(1);
    assertThat(paid()).containsExactly("pay");

    runs.answer(runs.questions(run).getFirst().id(), "yes");
    awaits(run, "completed");

    assertThat(paid()).containsExactly("ask", "pay");
    assertThat(runs.state(run, graph).get(LOG)).containsExactly("pay", "yes");
  }

  /** Here by a constraint that is looked at when the transaction ends. */
  @Test
  void what_the_database_refuses_at_the_commit_parks_the_run_instead_of_trying_for_ever()
      throws Exception {
    int _ = db.transaction(c -> db.update(c, "INSERT INTO ~.paid VALUES ('pay')"));
    Graph graph =
        Graph.named("refused").channels(LOG).node("pay", INSIDE, pays("pay")).start("pay").build();

    UUID run = ends(graph, "parked");

    assertThat(error(run)).isEqualTo("refused the database refused its step (SQLSTATE 23505)");
    int _ = db.transaction(c -> db.update(c, "DELETE FROM ~.paid"));
    assertThat(runs.resume(run)).isTrue();
    awaits(run, "completed");
    assertThat(paid()).containsExactly("pay");
  }

  /** The engine's limit is 15 s; the node sets a shorter one, so that the test need not wait. */
  @Test
  void one_that_leaves_its_connection_unused_for_too_long_has_timed_out_and_written_nothing()
      throws Exception {
    Graph graph =
        Graph.named("silent")
            .channels(LOG)
            .node(
                "pay",
                INSIDE,
                c -> {
                  Update update = pays("pay").run(c);
                  int pid =
                      db.query(c.connection(), r -> r.getInt(1), "SELECT pg_backend_pid()")
                          .getFirst();
                  int _ =
                      db.update(
                          c.connection(), "SET LOCAL idle_in_transaction_session_timeout = 50");
                  Await.until("the server has ended it", () -> gone(pid));
                  return update;
                })
            .start("pay")
            .build();

    UUID run = ends(graph, "failed");

    assertThat(paid()).isEmpty();
    assertThat(error(run))
        .isEqualTo(
            "timed_out pay: it left its connection unused for so long that the database ended its"
                + " transaction");
  }

  private boolean gone(int pid) throws SQLException {
    return db.query(r -> 1, "SELECT 1 FROM pg_stat_activity WHERE pid = ?", pid).isEmpty();
  }

  @Test
  void one_that_wants_an_effect_at_most_once_is_told_to_leave_it_to_another() throws Exception {
    Graph graph =
        Graph.named("once")
            .channels(LOG)
            .node("pay", INSIDE, c -> Update.of(LOG, List.of("" + c.once("mail", () -> "sent"))))
            .start("pay")
            .build();

    UUID run = ends(graph, "failed");

    assertThat(error(run))
        .isEqualTo(
            "node_failed pay: java.lang.IllegalStateException: node pay is transactional and cannot"
                + " commit an effect of its own: let another node do it");
  }

  @Test
  void a_run_is_started_with_the_callers_own_rows_or_not_at_all() throws Exception {
    Graph graph = Graph.named("one").node("n", _ -> Update.none()).start("n").build();
    RunRequest request = RunRequest.of(graph, "t", Update.none());
    try (var c = database.owner().getConnection()) {
      c.setAutoCommit(false);
      int _ = db.update(c, "INSERT INTO ~.paid VALUES ('first')");
      UUID undone = runs.start(c, request).orThrow();
      c.rollback();
      assertThat(runs.find(undone)).isEmpty();
      int _ = db.update(c, "INSERT INTO ~.paid VALUES ('second')");
      UUID started = runs.start(c, request).orThrow();
      c.commit();
      assertThat(runs.find(started)).isPresent();
    }
    assertThat(paid()).containsExactly("second");
  }
}
