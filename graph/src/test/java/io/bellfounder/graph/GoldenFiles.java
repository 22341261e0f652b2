package io.bellfounder.graph;

import io.bellfounder.testing.Await;
import io.bellfounder.testing.TemporaryDatabase;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;

/**
 * Writes a golden file of the format that this version stores: all rows of a run that waits in the
 * middle, and the values it is to have then and at its end. One is made per format, before the
 * first version that has it is released, and never changed again: it stands for the databases of
 * those who run that version.
 *
 * <p>{@code mvn -pl graph test -Dtest=GoldenFileTest
 * -Dgolden=src/test/resources/golden/format-N.json}
 */
final class GoldenFiles {
  static final Channel<List<String>> LOG = Channel.append("log", String.class);
  static final Channel<List<String>> SEEN = Channel.set("seen", String.class);
  static final Channel<Long> COUNT = Channel.counter("count");
  static final Channel<List<Map<String, Object>>> TALK = Channel.messages("talk");
  static final Channel<String> WORD = Channel.last("word", String.class, "before");
  static final Channel<Object> DOCUMENT = Channel.last("document", Codec.json());
  static final Channel<Long> MOST = Channel.custom("most", Long.class, 0L, Math::max);
  static final Channel<Point> POINT = Channel.last("point", Point.class);

  private static final Map<String, List<String>> STORED = new TreeMap<>();

  static {
    STORED.put("blob", List.of("hash", "value"));
    STORED.put(
        "channel_delta", List.of("n", "ordinal", "format", "frame", "channel", "whole", "value"));
    STORED.put("checkpoint", List.of("n", "step", "format", "control", "snapshot", "results"));
    STORED.put("event", List.of("seq", "kind", "format", "data"));
    STORED.put("interrupt", List.of("key", "n", "node", "payload", "status", "answer"));
    STORED.put("run", List.of("graph", "spec_hash", "input"));
    STORED.put("spec", List.of("hash", "graph", "body"));
    STORED.put("task", List.of("path", "effect", "status", "format", "result"));
  }

  record Point(int x, double y, List<String> names) {}

  private GoldenFiles() {}

  /** Every kind of channel, what was sent, a subgraph, an effect, and a question in the middle. */
  static Graph graph() {
    Graph inner =
        Graph.named("inner")
            .channels(LOG, COUNT)
            .node("first", c -> Update.of(LOG, List.of("inner first")).and(COUNT, 10L))
            .node("second", c -> Update.of(LOG, List.of("inner second " + c.get(COUNT))))
            .start("first")
            .edge("first", "second")
            .build();
    return Graph.named("golden")
        .channels(LOG, SEEN, COUNT, TALK, WORD, DOCUMENT, MOST, POINT)
        .node("plan", c -> plan())
        .node(
            "work",
            c ->
                Update.of(LOG, List.of("worked on " + c.input()))
                    .and(SEEN, List.of("x", String.valueOf(c.input())))
                    .and(MOST, (Long) c.input()))
        .subgraph("inside", inner, Subgraph.sharing())
        .node("ask", c -> Update.of(WORD, "answered " + c.interrupt(Map.of("question", "sure?"))))
        .node(
            "beside",
            c -> Update.of(LOG, List.of("effect " + c.once("effect", () -> "done"))).go("last"))
        .node(
            "last",
            c -> Update.of(TALK, List.of(message("2", "removed", true))).and(COUNT, c.get(COUNT)))
        .start("plan")
        .branch("plan", s -> Next.send(List.of(new Send("work", 3), new Send("work", 7))), "work")
        .edge("work", "inside")
        .edge("inside", "ask")
        .edge("inside", "beside")
        .edge("ask", "last")
        .build();
  }

  private static Update plan() {
    Map<String, Object> deep = new LinkedHashMap<>();
    deep.put("$blob", "a key of the caller's");
    deep.put("list", List.of(1, 2.5, new java.math.BigDecimal("1.50"), true, JsonNull.NULL));
    deep.put("text", "quotes \" and \\, line\nend, \u0001, ümlaut, 😀");
    deep.put("large", "large value ".repeat(2_000));
    return Update.of(LOG, List.of("planned"))
        .and(SEEN, List.of("x"))
        .and(COUNT, 1L)
        .and(TALK, List.of(message("1", "text", "hello"), message("2", "text", "goodbye")))
        .and(WORD, "planned")
        .and(DOCUMENT, deep)
        .and(POINT, new Point(1, 0.5, List.of("p")));
  }

  /** In an order that is the same in every run, unlike that of {@link Map#of}. */
  private static Map<String, Object> message(String id, String key, Object value) {
    Map<String, Object> message = new LinkedHashMap<>();
    message.put("id", id);
    message.put(key, value);
    return message;
  }

  static void write(TemporaryDatabase database, Path file) throws Exception {
    if (Files.exists(file)) {
      throw new IllegalStateException(
          file + " is there: a golden file is never changed; a new format gets a new number");
    }
    Files.writeString(file, Json.write(record(database)) + "\n", StandardOpenOption.CREATE_NEW);
  }

  /** What this version stores, with the values that are to be read from it. */
  static Map<String, Object> record(TemporaryDatabase database) throws Exception {
    GraphSchema.install(database.owner(), "g");
    Graph graph = graph();
    Runs runs = new Runs(database.owner(), "g");
    Update input = Update.of(LOG, List.of("in"));
    UUID run = ((Started.Created) runs.start(RunRequest.of(graph, "t", input))).run();
    Map<String, Object> golden = new LinkedHashMap<>();
    golden.put("migrations", GraphSchema.sql("g").size());
    golden.put("run", run.toString());
    try (Worker worker =
        Worker.start(database.owner(), "g", WorkerOptions.named("w"), List.of(graph))) {
      awaits(runs, run, "waiting");
      Await.until("the worker holds nothing", () -> worker.running() == 0);
      golden.put("tables", tables(database));
      golden.put("waiting", runs.state(run, graph).data());
      runs.answer(runs.questions(run).getFirst().id(), "yes");
      awaits(runs, run, "completed");
      golden.put("completed", runs.state(run, graph).data());
    }
    return Json.object(Json.tree(golden));
  }

  /** The stored form itself: no ids, times or numbers of attempts. */
  static String stored(Map<String, Object> golden) {
    Map<String, Object> tables = Json.object(golden.getOrDefault("tables", Map.of()));
    StringBuilder out = new StringBuilder();
    // Files from before there was an event for each question count without them.
    List<Long> asked =
        Json.array(tables.getOrDefault("event", List.of())).stream()
            .map(Json::object)
            .filter(row -> Event.INTERRUPT.equals(row.get("kind")))
            .map(row -> (Long) row.getOrDefault("seq", 0L))
            .toList();
    STORED.forEach((table, columns) ->
        Json.array(tables.getOrDefault(table, List.of())).stream()
            .filter(row -> !Event.INTERRUPT.equals(Json.object(row).get("kind")))
            .map(row -> {
              Map<String, Object> kept = new LinkedHashMap<>(Json.object(row));
              kept.keySet().retainAll(columns);
              kept.computeIfPresent(
                  "seq",
                  (_, seq) -> (Long) seq - asked.stream().filter(n -> n < (Long) seq).count());
              return table + " " + Json.write(kept) + "\n";
            })
            .sorted()
            .forEach(out::append));
    return out.toString();
  }

  static void awaits(Runs runs, UUID run, String status) {
    Await.value(
        run + " is " + status,
        Duration.ofSeconds(30),
        () -> runs.find(run).orElseThrow().status(),
        status::equals);
  }

  private static Map<String, Object> tables(TemporaryDatabase database) throws SQLException {
    Database db = new Database(database.owner(), "g");
    Map<String, Object> tables = new LinkedHashMap<>();
    for (String table :
        db.query(
            r -> r.getString(1),
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'g'"
                + " AND table_name <> 'migration' ORDER BY 1")) {
      List<Object> rows =
          db.query(r -> Json.read(r.getString(1)), "SELECT row_to_json(t) FROM ~." + table + " t");
      if (!rows.isEmpty()) {
        tables.put(table, new ArrayList<>(rows));
      }
    }
    return tables;
  }
}
