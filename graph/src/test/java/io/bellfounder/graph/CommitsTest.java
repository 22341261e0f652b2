package io.bellfounder.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.bellfounder.graph.testing.FailingDataSource;
import io.bellfounder.testing.Await;
import io.bellfounder.testing.KeptConnections;
import io.bellfounder.testing.TemporaryDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Steps of several runs that are committed together. */
class CommitsTest {
  @RegisterExtension final TemporaryDatabase database = new TemporaryDatabase();

  private static final Graph GRAPH =
      Graph.named("g").node("n", _ -> Update.none()).start("n").build();
  private static final Duration LEASE = Duration.ofSeconds(15);

  private KeptConnections kept;
  private Database db;

  @BeforeEach
  void install() throws SQLException {
    GraphSchema.install(database.owner(), "g");
    kept = new KeptConnections(database.owner());
    db = new Database(kept.dataSource(), "g");
  }

  @AfterEach
  void close() throws SQLException {
    kept.close();
  }

  @Test
  void what_may_stand_after_the_server_ended_the_connection_is_not_written_again()
      throws Exception {
    List<Journal.Claim> claims = claimed(3);
    FailingDataSource failing = new FailingDataSource(kept.dataSource());
    Commits commits = new Commits(new Database(failing.dataSource(), "g"), LEASE);
    var ends = new ConcurrentHashMap<Journal.Claim, Throwable>();
    List<Thread> threads = new ArrayList<>();
    for (Journal.Claim claim : claims) {
      threads.add(
          Thread.ofPlatform()
              .unstarted(() -> {
                Throwable end = catchThrowable(() -> commits.commit(step(claim)));
                if (end != null) {
                  ends.put(claim, end);
                }
              }));
    }

    failing.at(
        1,
        false,
        () -> {
          // While the first is written the others come, so they are written together.
          threads.subList(1, 3).forEach(Thread::start);
          Await.until(
              "both wait",
              Duration.ofSeconds(10),
              () ->
                  threads.subList(1, 3).stream()
                      .allMatch(each -> LockSupport.getBlocker(each) == commits));
          // Its own commit comes before theirs.
          failing.at(2, true, CommitsTest::connectionEnded);
        });
    threads.getFirst().start();
    for (Thread thread : threads) {
      thread.join();
    }

    assertThat(failing.failed()).isTrue();
    assertThat(ends.keySet()).containsExactlyInAnyOrderElementsOf(claims.subList(1, 3));
    assertThat(ends.values())
        .allSatisfy(end -> assertThat(((SQLException) end).getSQLState()).isEqualTo("57P01"));
    for (Journal.Claim claim : claims) {
      assertThat(
              db.query(
                  r -> r.getLong(1),
                  "SELECT count(*) FROM ~.run JOIN ~.event e ON e.run = id AND e.seq = ?"
                      + " WHERE id = ? AND checkpoint = ?",
                  claim.seq() + 1,
                  claim.run(),
                  claim.checkpoint() + 1))
          .containsExactly(1L);
    }
  }

  private List<Journal.Claim> claimed(int many) throws SQLException {
    Runs runs = new Runs(kept.dataSource(), "g");
    for (int i = 0; i < many; i++) {
      runs.start(RunRequest.of(GRAPH, "tenant", Update.none()));
    }
    List<Journal.Claim> claims =
        new Claims(db, WorkerOptions.named("w"), List.of(GRAPH.hash()), Claims.POSTGRES)
            .claim(many)
            .runs();
    assertThat(claims).hasSize(many);
    return claims;
  }

  private static Commits.Step step(Journal.Claim claim) {
    return new Commits.Step(
        claim.run(),
        claim.epoch(),
        claim.checkpoint(),
        claim.checkpoint() + 1,
        1,
        claim.seq() + 1,
        "running",
        null,
        null,
        new Commits.Point("{}", null, null),
        List.of(),
        List.of(new Commits.Event("step", "{}")),
        List.of());
  }

  private static void connectionEnded() {
    CommitsTest.<RuntimeException>thrown(
        new SQLException("terminating connection due to administrator command", "57P01"));
  }

  @SuppressWarnings("unchecked") // A Runnable declares no exception; JDBC throws checked ones.
  private static <E extends Throwable> void thrown(Throwable e) throws E {
    throw (E) e;
  }
}
