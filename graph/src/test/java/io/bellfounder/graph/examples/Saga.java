package io.bellfounder.graph.examples;

import io.bellfounder.graph.Channel;
import io.bellfounder.graph.Graph;
import io.bellfounder.graph.GraphSchema;
import io.bellfounder.graph.Next;
import io.bellfounder.graph.Node;
import io.bellfounder.graph.NodeOptions;
import io.bellfounder.graph.RetryPolicy;
import io.bellfounder.graph.RunRequest;
import io.bellfounder.graph.Runs;
import io.bellfounder.graph.StateView;
import io.bellfounder.graph.Update;
import io.bellfounder.graph.Worker;
import io.bellfounder.graph.WorkerOptions;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import javax.sql.DataSource;

/**
 * Books a flight, a hotel and a car. If one cannot be had, what was booked is given back, last
 * first, one step each: a crash in the midst of it goes on where it was.
 */
final class Saga {
  /** Both may be called twice with the same key, and then have to do their work once. */
  interface Agency {
    /** Returns a booking's number. */
    String book(String what, String key) throws Exception;

    void giveBack(String booking, String key) throws Exception;
  }

  static final Channel<List<String>> BOOKED = Channel.append("booked", String.class);
  static final Channel<List<String>> GIVEN_BACK = Channel.append("givenBack", String.class);

  private Saga() {}

  static Graph graph(Agency agency) {
    NodeOptions booking = NodeOptions.DEFAULT.onFailure("giveBack");
    NodeOptions stubborn = NodeOptions.DEFAULT.retry(RetryPolicy.times(20));
    return Graph.named("trip")
        .channels(BOOKED, GIVEN_BACK)
        .node("flight", booking, book(agency, "flight"))
        .node("hotel", booking, book(agency, "hotel"))
        .node("car", booking, book(agency, "car"))
        .node(
            "giveBack",
            stubborn,
            c -> {
              List<String> left = left(c.state());
              if (left.isEmpty()) {
                return Update.none();
              }
              agency.giveBack(left.getLast(), c.effectKey("back"));
              return Update.of(GIVEN_BACK, List.of(left.getLast()));
            })
        .start("flight")
        .edge("flight", "hotel")
        .edge("hotel", "car")
        .branch(
            "giveBack",
            state -> left(state).isEmpty() ? Next.end() : Next.to("giveBack"),
            "giveBack")
        .build();
  }

  private static Node book(Agency agency, String what) {
    return c -> Update.of(BOOKED, List.of(agency.book(what, c.effectKey("book"))));
  }

  private static List<String> left(StateView state) {
    List<String> booked = state.get(BOOKED);
    return booked.subList(0, booked.size() - state.get(GIVEN_BACK).size());
  }

  /** Books a trip. Returns what is booked in the end: everything or nothing. */
  static List<String> run(DataSource database, Agency agency) throws Exception {
    Graph graph = graph(agency);
    GraphSchema.install(database, "graph");
    Runs runs = new Runs(database, "graph");
    WorkerOptions options = WorkerOptions.named("example");
    try (Worker _ = Worker.start(database, "graph", options, List.of(graph))) {
      UUID run = runs.start(RunRequest.of(graph, "my-team", Update.none())).orThrow();
      runs.await(run, Duration.ofMinutes(1));
      return left(runs.state(run, graph));
    }
  }
}
