package io.bellfounder.graph.examples;

import io.bellfounder.graph.Channel;
import io.bellfounder.graph.Graph;
import io.bellfounder.graph.GraphSchema;
import io.bellfounder.graph.Next;
import io.bellfounder.graph.RunRequest;
import io.bellfounder.graph.Runs;
import io.bellfounder.graph.Send;
import io.bellfounder.graph.Update;
import io.bellfounder.graph.Worker;
import io.bellfounder.graph.WorkerOptions;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import javax.sql.DataSource;

/**
 * One task for each document; {@code total} joins them. What a long document needs beyond counting
 * takes one step more: the join waits for that too.
 */
final class MapReduce {
  record Count(String document, long words) {}

  static final Channel<List<String>> DOCUMENTS = Channel.append("documents", String.class);
  static final Channel<List<Count>> COUNTS = Channel.append("counts", Count.class);
  static final Channel<Long> TOTAL = Channel.last("total", Long.class);

  private MapReduce() {}

  static Graph graph() {
    return Graph.named("word-count")
        .channels(DOCUMENTS, COUNTS, TOTAL)
        .node("split", _ -> Update.none())
        .node(
            "read",
            c -> {
              String document = c.input(String.class);
              return document.length() > 100
                  ? Update.none().go(Next.send(halves(document)))
                  : Update.none().go(Next.send(List.of(new Send("count", document))));
            })
        .node(
            "count",
            c -> {
              String document = c.input(String.class);
              return Update.of(COUNTS, List.of(new Count(document, document.split(" ").length)));
            })
        .node("total", c -> Update.of(TOTAL, c.get(COUNTS).stream().mapToLong(Count::words).sum()))
        .start("split")
        .branch(
            "split",
            state ->
                Next.send(state.get(DOCUMENTS).stream().map(d -> new Send("read", d)).toList()),
            "read")
        .join(List.of("count"), "total")
        .build();
  }

  private static List<Send> halves(String document) {
    int middle = document.indexOf(' ', document.length() / 2);
    return middle < 0
        ? List.of(new Send("count", document))
        : List.of(
            new Send("read", document.substring(0, middle)),
            new Send("read", document.substring(middle + 1)));
  }

  /** Counts the words of all documents. */
  static long run(DataSource database, List<String> documents) throws Exception {
    Graph graph = graph();
    GraphSchema.install(database, "graph");
    Runs runs = new Runs(database, "graph");
    WorkerOptions options = WorkerOptions.named("example");
    try (Worker _ = Worker.start(database, "graph", options, List.of(graph))) {
      UUID run =
          runs.start(RunRequest.of(graph, "my-team", Update.of(DOCUMENTS, documents))).orThrow();
      runs.await(run, Duration.ofMinutes(1));
      return runs.state(run, graph).get(TOTAL);
    }
  }
}
