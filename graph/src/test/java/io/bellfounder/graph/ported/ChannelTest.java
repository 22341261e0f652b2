package io.bellfounder.graph.ported;

import static org.assertj.core.api.Assertions.assertThat;

import io.bellfounder.graph.Channel;
import io.bellfounder.graph.Decision;
import io.bellfounder.graph.Graph;
import io.bellfounder.graph.Kernel;
import io.bellfounder.graph.Status;
import io.bellfounder.graph.Task;
import io.bellfounder.graph.TaskResult;
import io.bellfounder.graph.Update;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** How writes are merged; no database is needed. */
class ChannelTest {

  /** One step with a task for each update. */
  private static Decision step(Channel<?> channel, Update before, Update... updates) {
    Graph.Builder builder = Graph.named("g").channels(channel);
    for (int i = 0; i < updates.length; i++) {
      builder.node("n" + i, _ -> Update.none()).start("n" + i);
    }
    Graph graph = builder.build();
    Decision first = Kernel.start(graph, Map.of(), before);
    Map<String, TaskResult> results = new LinkedHashMap<>();
    for (Task task : first.tasks()) {
      int i = Integer.parseInt(task.node().substring(1));
      results.put(task.path(), new TaskResult.Done(updates[i]));
    }
    return Kernel.decide(graph, first.state(), results);
  }

  private static <T> T value(Channel<T> channel, Update before, Update... updates) {
    Decision decision = step(channel, before, updates);
    assertThat(decision.status()).isEqualTo(new Status.Completed());
    return decision.state().view().get(channel);
  }

  @Test
  void a_last_value_is_empty_at_first_is_replaced_and_takes_one_write_in_a_step() {
    Channel<Long> last = Channel.last("last", Long.class);

    assertThat(step(last, Update.none(), Update.none()).state().view().find(last)).isEmpty();
    assertThat(value(last, Update.of(last, 3L), Update.of(last, 4L))).isEqualTo(4);
    assertThat(value(last, Update.of(last, 3L), Update.none())).isEqualTo(3);
    assertThat(value(last, Update.none(), Update.of(last, 5L).and(last, 6L)))
        .as("two writes of one node follow each other")
        .isEqualTo(6);
    assertThat(step(last, Update.none(), Update.of(last, 5L), Update.of(last, 6L)).status())
        .isInstanceOfSatisfying(
            Status.Failed.class, f -> assertThat(f.code()).isEqualTo("bad_write"));
  }

  @Test
  void a_list_takes_all_that_is_written_in_the_order_of_the_tasks() {
    Channel<List<String>> list = Channel.append("list", String.class);
    Update before = Update.of(list, List.of("a", "b"));

    assertThat(value(list, before, Update.of(list, List.of("c")), Update.of(list, List.of("b"))))
        .containsExactly("a", "b", "c", "b");
    assertThat(value(list, before, Update.of(list, List.of()))).containsExactly("a", "b");
  }

  @Test
  void a_set_takes_each_value_once_whoever_writes_it() {
    Channel<List<String>> set = Channel.set("set", String.class);

    assertThat(
            value(
                set,
                Update.of(set, List.of("a", "a")),
                Update.of(set, List.of("b", "a")),
                Update.of(set, List.of("b", "c"))))
        .containsExactly("a", "b", "c");
  }

  @Test
  void numbers_are_added_and_begin_at_nothing() {
    Channel<Long> sum = Channel.counter("sum");

    assertThat(value(sum, Update.none(), Update.of(sum, 1L), Update.of(sum, 2L), Update.none()))
        .isEqualTo(3);
    assertThat(value(sum, Update.of(sum, 5L), Update.of(sum, -7L))).isEqualTo(-2);
  }

  @Test
  void messages_are_replaced_in_their_place_removed_and_added_by_their_ids() {
    Channel<List<Map<String, Object>>> messages = Channel.messages("messages");
    Update before =
        Update.of(
            messages,
            List.of(
                Map.of("id", "1", "text", "one"),
                Map.of("id", "2", "text", "two"),
                Map.of("id", "3", "text", "three")));

    assertThat(
            value(
                messages,
                before,
                Update.of(messages, List.of(Map.of("id", "2", "text", "changed"))),
                Update.of(
                    messages,
                    List.of(
                        Map.of("id", "1", "removed", true), Map.of("id", "4", "text", "four")))))
        .extracting(m -> m.get("id") + " " + m.get("text"))
        .containsExactly("2 changed", "3 three", "4 four");
    assertThat(
            value(
                messages, before, Update.of(messages, List.of(Map.of("id", "9", "removed", true)))))
        .as("what is not there cannot be removed, and does no harm")
        .hasSize(3);
  }

  /** An empty text deletes. */
  record Files(Map<String, String> all) {}

  private static Files merged(Files before, Files more) {
    Map<String, String> all = new TreeMap<>(before.all());
    all.putAll(more.all());
    all.values().removeIf(String::isEmpty);
    return new Files(all);
  }

  @Test
  void a_function_of_ones_own_merges_maps_with_deletions() {
    Channel<Files> files =
        Channel.custom("files", Files.class, new Files(Map.of("seed", "s")), ChannelTest::merged);

    assertThat(
            value(
                    files,
                    Update.of(files, new Files(Map.of("a", "1", "b", "2"))),
                    Update.of(files, new Files(Map.of("a", ""))),
                    Update.of(files, new Files(Map.of("c", "3"))))
                .all())
        .isEqualTo(Map.of("seed", "s", "b", "2", "c", "3"));
  }

  @Test
  void an_input_is_merged_before_the_first_node_sees_it() {
    Channel<List<String>> list = Channel.append("list", String.class);
    Graph graph = Graph.named("g").channels(list).node("n", _ -> Update.none()).start("n").build();

    Decision first =
        Kernel.start(
            graph,
            Map.of("list", List.of("from before"), "dropped", 1L),
            Update.of(list, List.of("in")));

    assertThat(Kernel.view(first.state(), first.tasks().getFirst()).get(list))
        .containsExactly("from before", "in");
    assertThat(first.state().values()).containsOnlyKeys("list");
  }

  @Test
  void a_write_to_no_channel_fails_and_names_it() {
    Channel<Long> sum = Channel.counter("sum");

    Decision decision = step(sum, Update.none(), Update.ofData(Map.of("other", 1L)));

    assertThat(decision.status())
        .isEqualTo(
            new Status.Failed(
                "bad_write",
                "n0",
                "it writes channel other, which graph g has not: declare it or correct the name"));
  }
}
