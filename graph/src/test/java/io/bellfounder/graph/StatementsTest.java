package io.bellfounder.graph;

import static org.assertj.core.api.Assertions.assertThat;

import io.bellfounder.testing.Await;
import io.bellfounder.testing.TemporaryDatabase;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What reaches the server, transaction by transaction. */
class StatementsTest {
  private static final Pattern WRITES =
      Pattern.compile("(?:INSERT INTO|UPDATE|DELETE FROM) \"g\"\\.(\\w+)");

  @RegisterExtension final TemporaryDatabase database = new TemporaryDatabase();
  private final List<String> transactions = new CopyOnWriteArrayList<>();

  @Test
  void a_step_waits_for_the_disk_and_notifies_nobody_and_only_pieces_of_messages_do_not_wait()
      throws Exception {
    GraphSchema.install(database.owner(), "g");
    Graph graph =
        Graph.named("all")
            .node(
                "talks",
                c -> {
                  c.token("m", "hel");
                  c.token("m", "lo");
                  // The pieces are on their way before the step is.
                  Await.until("they are told", () -> has("token"));
                  c.message("m", "hello");
                  return Update.none();
                })
            .node("pays", c -> Update.none().go(c.once("pay", () -> "end") + ""))
            .node(
                "end",
                c -> {
                  String answer = c.interrupt("sure?", String.class);
                  return Update.none().go(answer.equals("yes") ? Graph.END : "end");
                })
            .start("talks", "pays")
            .build();
    Runs runs = new Runs(recorded(), "g");
    UUID run = runs.start(RunRequest.of(graph, "t", Update.none()).thread("chat")).orThrow();
    try (Worker _ = Worker.start(recorded(), "g", WorkerOptions.named("w"), List.of(graph))) {
      Await.until("it asks", () -> runs.find(run).orElseThrow().status().equals("waiting"));
      runs.answer(runs.questions(run).getFirst().id(), "yes");
      Await.until("it ended", () -> runs.find(run).orElseThrow().ended());
    }

    for (String transaction : transactions) {
      List<String> written =
          WRITES.matcher(transaction).results().map(found -> found.group(1)).distinct().toList();
      if (transaction.contains("synchronous_commit")) {
        assertThat(written).as(transaction).isSubsetOf("token");
      }
      if (transaction.contains("pg_notify")) {
        assertThat(written).as(transaction).isSubsetOf("token");
      }
    }
    for (String table : List.of("checkpoint", "event", "interrupt", "task", "token", "thread")) {
      assertThat(has(table)).as(table).isTrue();
    }
    assertThat(transactions).anyMatch(t -> t.contains("pg_notify"));
    assertThat(transactions).anyMatch(t -> t.contains("synchronous_commit"));
  }

  private boolean has(String table) {
    return transactions.stream().anyMatch(t -> t.contains("INSERT INTO \"g\"." + table + " "));
  }

  private DataSource recorded() {
    return wrapped(
        DataSource.class,
        database.owner(),
        (method, result) -> result instanceof Connection c ? connection(c) : result,
        _ -> {});
  }

  private Connection connection(Connection real) {
    List<String> open = new ArrayList<>();
    Runnable ends =
        () -> {
          if (!open.isEmpty()) {
            transactions.add(String.join("\n", open));
            open.clear();
          }
        };
    return wrapped(
        Connection.class,
        real,
        (method, result) -> {
          if (List.of("commit", "rollback", "close").contains(method)) {
            ends.run();
          }
          return switch (result) {
            case PreparedStatement s -> wrapped(PreparedStatement.class, s, (_, r) -> r, _ -> {});
            case Statement s -> wrapped(Statement.class, s, (_, r) -> r, open::add);
            case null, default -> result;
          };
        },
        sql -> {
          try {
            if (real.getAutoCommit()) {
              ends.run();
            }
          } catch (java.sql.SQLException e) {
            throw new IllegalStateException(e);
          }
          open.add(sql);
        });
  }

  private interface Then {
    Object of(String method, Object result);
  }

  /** Tells of each text that a method is called with, and changes its results. */
  @SuppressWarnings("NullAway") // reflection speaks of null
  private static <T> T wrapped(Class<T> type, T real, Then then, Consumer<String> texts) {
    return type.cast(
        Proxy.newProxyInstance(
            StatementsTest.class.getClassLoader(),
            new Class<?>[] {type},
            (Object _, Method method, Object[] values) -> {
              if (values != null
                  && values[0] instanceof String sql
                  && List.of("prepareStatement", "execute", "executeQuery", "executeUpdate")
                      .contains(method.getName())) {
                texts.accept(sql);
              }
              try {
                return then.of(method.getName(), method.invoke(real, values));
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            }));
  }
}
