package io.bellfounder.graph.examples;

import io.bellfounder.graph.Channel;
import io.bellfounder.graph.Graph;
import io.bellfounder.graph.GraphSchema;
import io.bellfounder.graph.Next;
import io.bellfounder.graph.NodeOptions;
import io.bellfounder.graph.RetryPolicy;
import io.bellfounder.graph.RunRequest;
import io.bellfounder.graph.Runs;
import io.bellfounder.graph.Send;
import io.bellfounder.graph.StateView;
import io.bellfounder.graph.Update;
import io.bellfounder.graph.Worker;
import io.bellfounder.graph.WorkerOptions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import javax.sql.DataSource;

/**
 * A model and its tools take turns until the model calls none. Tools of one turn run at the same
 * time, each as a task of its own: after a crash, those that had finished do not run again.
 */
final class AgentLoop {
  record ToolCall(String id, String tool, String argument) {}

  record Message(String role, String text, List<ToolCall> calls) {
    static Message user(String text) {
      return new Message("user", text, List.of());
    }
  }

  /** The next message of a conversation. */
  interface Model {
    Message reply(List<Message> conversation) throws Exception;
  }

  /** May be called twice with the same key, and then has to do its work once. */
  interface Tool {
    String call(String argument, String key) throws Exception;
  }

  static final Channel<List<Message>> MESSAGES = Channel.append("messages", Message.class);

  private AgentLoop() {}

  static Graph graph(Model model, Map<String, Tool> tools) {
    return Graph.named("agent")
        .channels(MESSAGES)
        .node(
            "model",
            NodeOptions.DEFAULT.retry(RetryPolicy.times(3)).timeout(Duration.ofMinutes(5)),
            c -> Update.of(MESSAGES, List.of(model.reply(c.get(MESSAGES)))))
        .node(
            "tool",
            c -> {
              ToolCall call = c.input(ToolCall.class);
              Tool tool = tools.get(call.tool());
              String result =
                  tool == null
                      ? "There is no tool " + call.tool() + "."
                      : tool.call(call.argument(), c.effectKey(call.id()));
              return Update.of(MESSAGES, List.of(new Message("tool", result, List.of())));
            })
        .continuing(AgentLoop::answers)
        .start("model")
        .branch("model", AgentLoop::tools, "tool")
        .edge("tool", "model")
        .stepLimit(50)
        .build();
  }

  /**
   * Before a thread's next run: a model refuses a conversation in which calls have no results, and
   * the last run may have been cut off there.
   */
  private static Update answers(StateView left) {
    List<ToolCall> calls = left.get(MESSAGES).getLast().calls();
    Message stopped =
        new Message("tool", "It was stopped. Nobody knows whether it has happened.", List.of());
    return Update.of(MESSAGES, calls.stream().map(_ -> stopped).toList());
  }

  /** One task for each call of the last message; none ends the run. */
  private static Next tools(StateView state) {
    List<ToolCall> calls = state.get(MESSAGES).getLast().calls();
    return Next.send(calls.stream().map(call -> new Send("tool", call)).toList());
  }

  /** Asks a model that has been taught one question. Gives its answer. */
  static String run(DataSource database) throws Exception {
    Model model =
        conversation ->
            conversation.getLast().role().equals("user")
                ? new Message(
                    "assistant",
                    "I look at both.",
                    List.of(
                        new ToolCall("1", "weather", "Bern"), new ToolCall("2", "weather", "Oslo")))
                : new Message("assistant", "Bern: sun, Oslo: snow.", List.of());
    Tool weather = (city, _) -> city.equals("Oslo") ? "snow" : "sun";
    Graph graph = graph(model, Map.of("weather", weather));

    GraphSchema.install(database, "graph");
    Runs runs = new Runs(database, "graph");
    WorkerOptions options = WorkerOptions.named("example");
    try (Worker _ = Worker.start(database, "graph", options, List.of(graph))) {
      Update input = Update.of(MESSAGES, List.of(Message.user("Where is it warmer?")));
      UUID run = runs.start(RunRequest.of(graph, "my-team", input)).orThrow();
      runs.await(run, Duration.ofMinutes(1));
      return runs.state(run, graph).get(MESSAGES).getLast().text();
    }
  }
}
