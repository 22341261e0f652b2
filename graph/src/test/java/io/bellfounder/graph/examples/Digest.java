package io.bellfounder.graph.examples;

import io.bellfounder.graph.Channel;
import io.bellfounder.graph.Codec;
import io.bellfounder.graph.Graph;
import io.bellfounder.graph.GraphSchema;
import io.bellfounder.graph.NodeOptions;
import io.bellfounder.graph.RetryPolicy;
import io.bellfounder.graph.RunRequest;
import io.bellfounder.graph.Schedule;
import io.bellfounder.graph.Schedules;
import io.bellfounder.graph.Update;
import io.bellfounder.graph.Worker;
import io.bellfounder.graph.WorkerOptions;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;

/**
 * A digest at seven on every working day. All its runs are of one thread, so each begins with what
 * the last one left, and tells only what is new.
 */
final class Digest {
  /** What there is to tell. */
  interface News {
    List<String> items() throws Exception;
  }

  /** Sends a digest once per key. */
  interface Post {
    void send(String digest, String key) throws Exception;
  }

  static final Channel<String> DUE = Channel.last("due", String.class);
  static final Channel<List<String>> FRESH =
      Channel.last("fresh", Codec.list(Codec.of(String.class)));
  static final Channel<List<String>> TOLD = Channel.set("told", String.class);

  private Digest() {}

  static Graph graph(News news, Post post) {
    NodeOptions patient = NodeOptions.DEFAULT.retry(RetryPolicy.times(10));
    return Graph.named("digest")
        .channels(DUE, FRESH, TOLD)
        .node(
            "collect",
            patient,
            c -> {
              List<String> fresh = new ArrayList<>(news.items());
              fresh.removeAll(c.get(TOLD));
              return Update.of(FRESH, fresh).go(fresh.isEmpty() ? Graph.END : "send");
            })
        .node(
            "send",
            patient,
            c -> {
              String text = c.get(DUE).substring(0, 10) + ": " + String.join(", ", c.get(FRESH));
              post.send(text, c.effectKey("digest"));
              return Update.of(TOLD, c.get(FRESH));
            })
        .start("collect")
        .build();
  }

  /** Works until it is closed. Any number of processes may do this: each digest is sent once. */
  static Worker run(DataSource database, News news, Post post) throws Exception {
    Graph graph = graph(news, post);
    GraphSchema.install(database, "graph");
    RunRequest request = RunRequest.of(graph, "my-team", Update.none()).thread("digest");
    new Schedules(database, "graph")
        .put(
            "morning-digest",
            Schedule.of(request, "0 7 * * MON-FRI", ZoneId.of("Europe/Zurich")).time(DUE));
    return Worker.start(database, "graph", WorkerOptions.named("example"), List.of(graph));
  }
}
