package io.bellfounder.graph.examples;

import io.bellfounder.graph.Channel;
import io.bellfounder.graph.Graph;
import io.bellfounder.graph.GraphSchema;
import io.bellfounder.graph.Question;
import io.bellfounder.graph.RunRequest;
import io.bellfounder.graph.Runs;
import io.bellfounder.graph.Update;
import io.bellfounder.graph.Worker;
import io.bellfounder.graph.WorkerOptions;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import javax.sql.DataSource;

/**
 * Writes a letter, asks a person, and sends it, writes it anew or drops it, as the person says. A
 * run that waits costs a row; no process needs to be there.
 */
final class HumanApproval {
  enum Choice {
    SEND,
    AGAIN,
    DROP
  }

  /** What a person is asked, and answers. */
  record Draft(String text) {}

  record Verdict(Choice choice, String remark) {}

  /** Sends a letter once per key. */
  interface Post {
    void send(String letter, String key) throws Exception;
  }

  static final Channel<Draft> DRAFT = Channel.last("draft", Draft.class);
  static final Channel<List<String>> REMARKS = Channel.append("remarks", String.class);
  static final Channel<Boolean> SENT = Channel.last("sent", Boolean.class, false);

  private HumanApproval() {}

  static Graph graph(Post post) {
    return Graph.named("letter")
        .channels(DRAFT, REMARKS, SENT)
        .node(
            "write",
            c -> {
              String remarks = String.join(", ", c.get(REMARKS));
              return Update.of(DRAFT, new Draft("Dear reader" + remarks));
            })
        .node(
            "approve",
            c -> {
              Verdict verdict = c.interrupt(c.get(DRAFT), Verdict.class);
              return switch (verdict.choice()) {
                case SEND -> Update.none().go("send");
                case AGAIN -> Update.of(REMARKS, List.of(verdict.remark())).go("write");
                case DROP -> Update.none().go(Graph.END);
              };
            })
        .node(
            "send",
            c -> {
              post.send(c.get(DRAFT).text(), c.effectKey("letter"));
              return Update.of(SENT, true);
            })
        .start("write")
        .edge("write", "approve")
        .build();
  }

  /** Gives the answers, one to each draft. Says whether the letter was sent. */
  static boolean run(DataSource database, Post post, List<Verdict> answers) throws Exception {
    Graph graph = graph(post);
    GraphSchema.install(database, "graph");
    Runs runs = new Runs(database, "graph");
    WorkerOptions options = WorkerOptions.named("example");
    try (Worker _ = Worker.start(database, "graph", options, List.of(graph))) {
      RunRequest request = RunRequest.of(graph, "my-team", Update.none()).key("letter-42");
      UUID run = runs.start(request).orThrow();
      for (Verdict answer : answers) {
        runs.await(run, Duration.ofMinutes(1));
        Question question = runs.questions(run).getFirst();
        runs.answer(question.id(), answer);
      }
      runs.await(run, Duration.ofMinutes(1));
      return runs.state(run, graph).get(SENT);
    }
  }
}
