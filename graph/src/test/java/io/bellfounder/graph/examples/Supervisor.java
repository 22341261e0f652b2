package io.bellfounder.graph.examples;

import io.bellfounder.graph.Channel;
import io.bellfounder.graph.Graph;
import io.bellfounder.graph.GraphSchema;
import io.bellfounder.graph.RunRequest;
import io.bellfounder.graph.Runs;
import io.bellfounder.graph.Subgraph;
import io.bellfounder.graph.Update;
import io.bellfounder.graph.Worker;
import io.bellfounder.graph.WorkerOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import javax.sql.DataSource;

/**
 * A supervisor looks at what there is and says who works next. The researcher and the author are
 * graphs of their own: the researcher sees only its question, the author shares everything.
 */
final class Supervisor {
  static final Channel<String> TOPIC = Channel.last("topic", String.class);
  static final Channel<List<String>> FACTS = Channel.append("facts", String.class);
  static final Channel<String> ARTICLE = Channel.last("article", String.class);
  static final Channel<List<String>> ORDERS = Channel.append("orders", String.class);

  private static final Channel<String> QUESTION = Channel.last("question", String.class);
  private static final Channel<List<String>> FOUND = Channel.append("found", String.class);

  private Supervisor() {}

  static Graph graph() {
    return Graph.named("newsroom")
        .channels(TOPIC, FACTS, ARTICLE, ORDERS)
        .node(
            "supervisor",
            c -> {
              if (c.get(FACTS).size() < 4) {
                return Update.of(ORDERS, List.of("research")).go("research");
              }
              return c.find(ARTICLE).isEmpty()
                  ? Update.of(ORDERS, List.of("write")).go("write")
                  : Update.none().go(Graph.END);
            })
        .subgraph("research", researcher(), Subgraph.own().in(TOPIC, QUESTION).out(FOUND, FACTS))
        .subgraph("write", author(), Subgraph.sharing())
        .start("supervisor")
        .edge("research", "supervisor")
        .edge("write", "supervisor")
        .build();
  }

  private static Graph researcher() {
    return Graph.named("researcher")
        .channels(QUESTION, FOUND)
        .node("books", c -> Update.of(FOUND, List.of("a book on " + c.get(QUESTION))))
        .node("archive", c -> Update.of(FOUND, List.of("a letter about " + c.get(QUESTION))))
        .start("books", "archive")
        .build();
  }

  private static Graph author() {
    return Graph.named("author")
        .channels(FACTS, ARTICLE)
        .node("write", c -> Update.of(ARTICLE, String.join("; ", c.get(FACTS))))
        .node("polish", c -> Update.of(ARTICLE, c.get(ARTICLE) + "."))
        .start("write")
        .edge("write", "polish")
        .build();
  }

  /** What was ordered, in that order, and the article last. */
  static List<String> run(DataSource database, String topic) throws Exception {
    Graph graph = graph();
    GraphSchema.install(database, "graph");
    Runs runs = new Runs(database, "graph");
    WorkerOptions options = WorkerOptions.named("example");
    try (Worker _ = Worker.start(database, "graph", options, List.of(graph))) {
      UUID run = runs.start(RunRequest.of(graph, "my-team", Update.of(TOPIC, topic))).orThrow();
      runs.await(run, Duration.ofMinutes(1));
      List<String> all = new ArrayList<>(runs.state(run, graph).get(ORDERS));
      all.add(runs.state(run, graph).get(ARTICLE));
      return all;
    }
  }
}
