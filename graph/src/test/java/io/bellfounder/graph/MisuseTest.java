package io.bellfounder.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bellfounder.testing.Await;
import io.bellfounder.testing.TemporaryDatabase;
import java.lang.reflect.Proxy;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What is done wrong is named: the thing, the place, and what to do. */
class MisuseTest {
  @RegisterExtension final TemporaryDatabase database = new TemporaryDatabase();

  private static final Graph GRAPH =
      Graph.named("g").node("n", _ -> Update.none()).start("n").build();
  private static final RunRequest REQUEST = RunRequest.of(GRAPH, "t", Update.none());

  @Test
  void a_graph_from_data_says_all_that_is_wrong_with_it_and_where() {
    String data =
        """
        {"name": "letter", "stepLimit": "ten", "chanels": {},
         "channels": {"draft": "lost", "no good": "last", "list": {"reducer": "append", "inital": []}},
         "nodes": {
           "write": {"use": "writer", "attempts": 0, "timeoutMilis": 5},
           "send": {"onFailure": 3, "transactional": true, "attempts": 3},
           "look": {"graph": {"name": "inner", "nodes": {"read": 7}, "start": "read"}}},
         "start": ["write"],
         "edges": {"write": {"to": "send"}},
         "branches": {"send": [{"use": "good", "to": ["write"]}]}}
        """;
    GraphData code =
        new GraphData().node("send", _ -> Update.none()).node("read", _ -> Update.none());
    assertThatThrownBy(() -> code.read(data))
        .isInstanceOfSatisfying(
            InvalidGraph.class,
            e ->
                assertThat(e.problems())
                    .containsExactlyInAnyOrder(
                        "the graph has text for stepLimit: give a whole number",
                        "channel draft uses reducer lost, which is not registered: register it, or"
                            + " use one of "
                            + new java.util.LinkedHashMap<>(Reducer.builtIn()).keySet(),
                        "channel no good: channel name \"no good\": use letters, digits, '_', '.',"
                            + " '-', at most 100",
                        "channel list has field inital, which means nothing: use one of [formerly,"
                            + " initial, reducer, version]",
                        "node write uses node writer, which is not registered: register it, or use"
                            + " one of [send, read]",
                        "node write: attemptsMax is 1 to 100, not 0",
                        "node write has field timeoutMilis, which means nothing: use one of"
                            + " [askAfter, askBefore, attempts, deferred, goes, graph,"
                            + " onFailure, once, retryFirstMillis, retryLongestMillis, timeoutMillis,"
                            + " transactional, use]",
                        "node send has a number for onFailure: give text",
                        "node send: a transactional node is not tried again: leave its retry policy"
                            + " out",
                        "in node look: node read is a number: give an object",
                        "the graph has an object for edges.write: give a name or a list of names",
                        "the branches from send uses condition good, which is not registered:"
                            + " register it, or use one of []",
                        "the graph has field chanels, which means nothing: use one of [branches,"
                            + " channels, continuing, edges, joins, name, nodes, start, stepLimit,"
                            + " tasksMax]"));
    assertThatThrownBy(() -> code.read("[]")).hasMessageContaining("it is not an object");
    assertThatThrownBy(() -> code.read("{\"nodes\": {\"read\": {}}, \"start\": \"read\"}"))
        .hasMessageContaining("its name has 0 characters: give it 1 to 100");
  }

  record Visit(String who, Instant at) {}

  record Tree(String name, List<Tree> parts, Map<String, Double> sizes) {}

  @Test
  void a_channel_of_a_type_that_could_not_be_read_again_is_refused_before_anything_is_written() {
    assertThatThrownBy(() -> Channel.last("at", Instant.class))
        .hasMessage(
            "channel at: java.time.Instant cannot be stored as it is: give the channel a Codec, or"
                + " use text");
    assertThatThrownBy(() -> Channel.append("visits", Visit.class))
        .hasMessageStartingWith("channel visits: java.time.Instant cannot be stored");
    assertThatThrownBy(() -> Channel.last("names", Set.class))
        .hasMessageContaining("java.util.Set");
    Channel<Tree> tree = Channel.last("tree", Tree.class);
    Tree value = new Tree("root", List.of(new Tree("leaf", List.of(), Map.of())), Map.of("x", 1.5));
    assertThat(tree.codec().decode(tree.codec().encode(value))).isEqualTo(value);
    Channel<Map> any = Channel.last("any", Map.class);
    assertThat(any.codec().decode(any.codec().encode(Map.of("a", List.of(1L)))))
        .isEqualTo(Map.of("a", List.of(1L)));
  }

  @Test
  void options_out_of_range_are_named() {
    assertThatThrownBy(() -> RunRequest.of(GRAPH, "", Update.none()))
        .hasMessage("a run's tenant has 1 to 200 characters and no NUL, not 0");
    assertThatThrownBy(() -> REQUEST.key("k".repeat(201)))
        .hasMessage("a run's key has 1 to 200 characters and no NUL, not 201");
    assertThatThrownBy(() -> REQUEST.thread("a\0b")).hasMessageContaining("a run's thread");
    assertThatThrownBy(() -> REQUEST.priority(101)).hasMessageContaining("-100 to 100, not 101");
    WorkerOptions worker = WorkerOptions.named("w");
    assertThatThrownBy(() -> worker.poll(Duration.ZERO))
        .hasMessageContaining("above zero, not PT0S");
    assertThatThrownBy(() -> new RetryPolicy(2, Duration.ofSeconds(-1), Duration.ZERO))
        .hasMessageContaining("a wait is not negative: PT-1S");
    assertThatThrownBy(() -> NodeOptions.DEFAULT.timeout(Duration.ZERO))
        .hasMessageContaining("above zero, not PT0S");
  }

  @Test
  void a_schema_may_have_any_name_also_a_word_of_sql() throws Exception {
    GraphSchema.install(database.owner(), "order");
    GraphSchema.require(database.owner(), "order");
    Runs runs = new Runs(database.owner(), "order");
    UUID run = runs.start(REQUEST.thread("user")).orThrow();
    try (Worker _ =
        Worker.start(database.owner(), "order", WorkerOptions.named("w"), List.of(GRAPH))) {
      assertThat(runs.await(run, Duration.ofSeconds(20)).status()).isEqualTo("completed");
    }
    assertThat(runs.figures().bytes()).containsKeys("run", "checkpoint");
    assertThat(new History(database.owner(), "order").checkpoints(run, 0, 10)).isNotEmpty();
    assertThat(new Retention(database.owner(), "order").delete(run)).isFalse();
    assertThat(new Retention(database.owner(), "order").deleteThread("t", "user")).isTrue();
    assertThatThrownBy(() -> new Runs(database.owner(), "My Schema"))
        .hasMessageContaining("schema name \"My Schema\": use small letters");
  }

  @Test
  void tables_that_are_missing_are_named_with_what_to_do() {
    Runs runs = new Runs(database.owner(), "nothing_there");
    assertThatThrownBy(() -> runs.start(REQUEST))
        .isInstanceOf(SQLException.class)
        .hasMessage(
            "schema nothing_there has not the engine's tables: call GraphSchema.install, or correct"
                + " the name");
    assertThatThrownBy(() -> runs.find(UUID.randomUUID()))
        .hasMessageContaining("call GraphSchema.install");
  }

  @Test
  void a_worker_that_is_started_while_the_database_is_away_works_when_it_is_there()
      throws Exception {
    GraphSchema.install(database.owner(), "g");
    AtomicBoolean away = new AtomicBoolean(true);
    DataSource source =
        (DataSource)
            Proxy.newProxyInstance(
                MisuseTest.class.getClassLoader(),
                new Class<?>[] {DataSource.class},
                (_, _, _) -> {
                  if (away.get()) {
                    throw new SQLException("the database is away", "08001");
                  }
                  return database.owner().getConnection();
                });
    assertThatThrownBy(() -> new Runs(source, "g").start(REQUEST))
        .isInstanceOf(SQLException.class)
        .hasMessage("the database is away");
    Runs runs = new Runs(database.owner(), "g");
    UUID run = runs.start(REQUEST).orThrow();
    try (Worker worker = Worker.start(source, "g", WorkerOptions.named("w"), List.of(GRAPH))) {
      assertThat(worker.running()).isZero();
      assertThat(runs.explain(run)).startsWith("No worker knows graph g");
      away.set(false);
      Await.until("it ended", () -> runs.find(run).orElseThrow().ended());
    }
  }
}
