package io.bellfounder.graph.ported;

import static org.assertj.core.api.Assertions.assertThat;

import io.bellfounder.graph.Answered;
import io.bellfounder.graph.Channel;
import io.bellfounder.graph.Checkpoint;
import io.bellfounder.graph.Graph;
import io.bellfounder.graph.GraphSchema;
import io.bellfounder.graph.History;
import io.bellfounder.graph.Node;
import io.bellfounder.graph.Question;
import io.bellfounder.graph.RunRequest;
import io.bellfounder.graph.Runs;
import io.bellfounder.graph.StateView;
import io.bellfounder.graph.Update;
import io.bellfounder.graph.Worker;
import io.bellfounder.graph.WorkerOptions;
import io.bellfounder.graph.testing.InvariantChecker;
import io.bellfounder.testing.Await;
import io.bellfounder.testing.KeptConnections;
import io.bellfounder.testing.TemporaryDatabase;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * The engine's tables for one test class, and workers for one test. After each test the tables are
 * checked.
 */
final class Engine implements BeforeAllCallback, AfterEachCallback, AfterAllCallback {
  static final String SCHEMA = "g";
  static final Channel<List<String>> LOG = Channel.append("log", String.class);
  static final Node NOTHING = _ -> Update.none();

  private final TemporaryDatabase temporary = new TemporaryDatabase();
  private final List<Worker> workers = new ArrayList<>();
  private @Nullable KeptConnections kept;

  @Override
  public void beforeAll(ExtensionContext context) throws SQLException {
    temporary.beforeAll(context);
    kept = new KeptConnections(temporary.owner());
    GraphSchema.install(database(), SCHEMA);
  }

  @Override
  public void afterEach(ExtensionContext context) throws SQLException {
    workers.forEach(Worker::close);
    workers.clear();
    assertThat(InvariantChecker.problems(database(), SCHEMA)).isEmpty();
  }

  @Override
  public void afterAll(ExtensionContext context) throws SQLException {
    if (kept != null) {
      kept.close();
    }
    temporary.afterAll(context);
  }

  DataSource database() {
    return Objects.requireNonNull(kept).dataSource();
  }

  Runs runs() {
    return new Runs(database(), SCHEMA);
  }

  History history() {
    return new History(database(), SCHEMA);
  }

  /** Adds a word to the log. */
  static Node says(String word) {
    return _ -> log(word);
  }

  static Update log(String word) {
    return Update.of(LOG, List.of(word));
  }

  /** Waits for another thread, and not for ever. */
  static void pass(CountDownLatch gate) throws InterruptedException {
    assertThat(gate.await(20, TimeUnit.SECONDS)).isTrue();
  }

  /** Carries these graphs until the test ends; looks for runs often, so that tests are short. */
  Worker worker(Graph... graphs) {
    return worker(options("w"), graphs);
  }

  static WorkerOptions options(String name) {
    return WorkerOptions.named(name).lease(Duration.ofMillis(1500)).poll(Duration.ofMillis(5));
  }

  Worker worker(WorkerOptions options, Graph... graphs) {
    Worker worker = Worker.start(database(), SCHEMA, options, List.of(graphs));
    workers.add(worker);
    return worker;
  }

  /** The same on connections that {@link #cut} cuts. */
  Worker fragile(WorkerOptions options, Graph graph) {
    PGSimpleDataSource source = (PGSimpleDataSource) temporary.owner();
    source.setApplicationName("fragile");
    Worker worker = Worker.start(source, SCHEMA, options, List.of(graph));
    workers.add(worker);
    return worker;
  }

  void cut() throws SQLException {
    sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            + " WHERE application_name = 'fragile' AND datname = current_database()");
  }

  /** Waits until the one worker has beaten after this moment, with what it was told by now. */
  void beats() throws SQLException {
    String beat = "SELECT max(extract(epoch FROM expected_by) * 1000000)::bigint FROM g.worker";
    for (int i = 0; i < 2; i++) {
      long before = number(beat);
      Await.until("a heartbeat", () -> number(beat) > before);
    }
  }

  UUID start(Graph graph, Update input) throws SQLException {
    return start(RunRequest.of(graph, "t", input));
  }

  UUID start(Graph graph) throws SQLException {
    return start(graph, Update.none());
  }

  UUID start(RunRequest request) throws SQLException {
    return runs().start(request).orThrow();
  }

  void awaits(UUID run, String status) {
    Await.value(
        run + " is " + status,
        Duration.ofSeconds(20),
        () -> runs().find(run).orElseThrow().status(),
        status::equals);
  }

  /** Runs to the end with a worker of its own, and gives what the run has then. */
  StateView completes(Graph graph, Update input) throws SQLException {
    UUID run = start(graph, input);
    worker(graph);
    awaits(run, "completed");
    return runs().state(run, graph);
  }

  List<String> log(UUID run, Graph graph) throws SQLException {
    return runs().state(run, graph).get(LOG);
  }

  /** The one question that is open; waits for it. */
  Question question(UUID run) throws SQLException {
    awaits(run, "waiting");
    List<Question> open = runs().questions(run);
    assertThat(open).hasSize(1);
    return open.getFirst();
  }

  /** Waits for the one open question and answers it. */
  void answer(UUID run, Object answer) throws SQLException {
    assertThat(runs().answer(question(run).id(), answer)).isEqualTo(Answered.ACCEPTED);
  }

  List<Checkpoint> checkpoints(UUID run) throws SQLException {
    return history().checkpoints(run, 0, 1000);
  }

  /** The first checkpoint after which exactly these nodes were to run. */
  long before(UUID run, String... nodes) throws SQLException {
    return checkpoints(run).stream()
        .filter(point -> point.nodes().equals(List.of(nodes)))
        .findFirst()
        .orElseThrow()
        .n();
  }

  /** Changes rows behind the engine's back. */
  void sql(String statement) throws SQLException {
    try (Connection c = database().getConnection();
        Statement s = c.createStatement()) {
      s.execute(statement);
    }
  }

  long number(String query) throws SQLException {
    try (Connection c = database().getConnection();
        Statement s = c.createStatement();
        ResultSet r = s.executeQuery(query)) {
      assertThat(r.next()).isTrue();
      return r.getLong(1);
    }
  }
}
