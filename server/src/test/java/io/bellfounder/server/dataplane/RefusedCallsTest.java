package io.bellfounder.server.dataplane;

import static org.assertj.core.api.Assertions.assertThat;

import io.bellfounder.gateway.OpenedCall;
import io.bellfounder.gateway.SettledCall;
import io.bellfounder.gateway.Spool;
import io.bellfounder.gateway.SpoolConfig;
import io.bellfounder.server.TestServer;
import io.bellfounder.server.launch.DatabaseState;
import io.bellfounder.testing.Await;
import io.bellfounder.testing.Seeds;
import io.bellfounder.testing.SettableClock;
import io.bellfounder.testing.TemporaryDatabase;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What the database will never take must not hold up what it does, and must not be lost. */
final class RefusedCallsTest {
  private static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");
  private static final String POISON = "poison";

  @RegisterExtension final TemporaryDatabase database = new TemporaryDatabase();
  @TempDir Path data;
  private final SettableClock clock = new SettableClock(NOW);
  private final MadeCalls made = new MadeCalls(Seeds.random("RefusedCallsTest"));
  private TestServer server;
  private Spool spool;

  @BeforeEach
  void start() throws Exception {
    server =
        TestServer.start(
            data,
            null,
            Map.of("BELL_DATABASE_URL", database.url(), "BELL_SERVER_ROLES", "console"));
    assertThat(server.launched().awaitDatabase(Duration.ofSeconds(30))).isTrue();
    spool =
        Spool.open(
            new SpoolConfig(data.resolve("spool"), 64L << 20, 1 << 20, Duration.ofMillis(50)),
            clock);
    execute("ALTER TABLE call ADD CONSTRAINT mended CHECK (requested_model <> 'poison')");
  }

  @AfterEach
  void stop() throws IOException {
    spool.close();
    server.close();
  }

  @Test
  void a_refused_call_holds_up_nobody_and_is_taken_in_once_it_can_be() throws Exception {
    List<SettledCall> calls = new ArrayList<>();
    for (int n = 0; n < 300; n++) {
      calls.add(n == 0 || n == 137 || n == 299 ? poison() : call());
    }
    settle(calls);
    LiveCalls live = server.bean(LiveCalls.class);
    calls.forEach(live::settled);

    LedgerShipper shipper = shipper(RefusedCalls.MAX);
    shipper.start();
    Await.until("all are carried", () -> shipper.backlog().records() == 0);
    // No list shows what sums lack.
    Await.until(
        "none is shown from memory",
        () -> live.of(calls.getFirst().opened().key().organisationId()).isEmpty());

    assertThat(shipper.refused()).isEqualTo(3);
    assertThat(shipper.problem()).contains("3 settled calls");
    assertThat(text("SELECT count(*) FROM call")).isEqualTo("297");
    assertThat(kept()).isEqualTo(ids(calls.stream().filter(RefusedCallsTest::isPoison).toList()));
    try (var files = Files.list(data.resolve("refused"))) {
      for (Path file : files.toList()) {
        assertThat(Files.readString(file)).contains("SQLSTATE 23514", POISON);
        assertThat(Files.getPosixFilePermissions(file)).hasSize(2);
      }
    }
    shipper.stop();

    // The next process knows of them, and an hour later they may be welcome.
    LedgerShipper next = shipper(RefusedCalls.MAX);
    assertThat(next.refused()).isEqualTo(3);
    next.start();
    List<SettledCall> later = List.of(call());
    settle(later);
    Await.until("the next is carried", () -> next.backlog().records() == 0);
    assertThat(next.refused()).isEqualTo(3);
    execute("ALTER TABLE call DROP CONSTRAINT mended");
    clock.advance(LedgerShipper.REFUSED_AGAIN);
    Await.until("all are taken in", () -> next.refused() == 0);

    assertThat(next.problem()).isNull();
    assertThat(kept()).isEmpty();
    calls.addAll(later);
    BigDecimal cost =
        calls.stream()
            .map(call -> BigDecimal.valueOf(call.costPico()))
            .reduce(BigDecimal.ZERO, BigDecimal::add);
    assertThat(text("SELECT count(*) FROM call")).isEqualTo("301");
    assertThat(new BigDecimal(text("SELECT sum(cost_pico) FROM call"))).isEqualByComparingTo(cost);
    assertThat(new BigDecimal(text("SELECT sum(cost_pico) FROM call_rollup")))
        .isEqualByComparingTo(cost);
    assertThat(text("SELECT count(*) FROM attempt")).isEqualTo("602");
    next.stop();
  }

  @Test
  void a_database_that_takes_nothing_is_waited_for() throws Exception {
    execute("ALTER TABLE call RENAME TO away");
    LedgerShipper shipper = shipper(RefusedCalls.MAX);
    shipper.start();
    settle(List.of(call(), call()));
    Await.until("it is said", () -> shipper.problem() != null);

    assertThat(shipper.problem()).contains("wait in the spool");
    assertThat(shipper.refused()).isZero();
    execute("ALTER TABLE away RENAME TO call");
    Await.until("caught up", Duration.ofSeconds(20), () -> shipper.backlog().records() == 0);
    assertThat(shipper.refused()).isZero();
    assertThat(text("SELECT count(*) FROM call")).isEqualTo("2");
    shipper.stop();
  }

  @Test
  void when_too_many_are_refused_the_others_wait_with_them() throws Exception {
    LedgerShipper shipper = shipper(2);
    shipper.start();
    settle(List.of(poison(), poison()));
    Await.until("both are aside", () -> shipper.refused() == 2);
    settle(List.of(poison(), call()));
    Await.until("it waits", () -> String.valueOf(shipper.problem()).contains("wait in the spool"));

    assertThat(shipper.backlog().records()).isPositive();
    assertThat(kept()).hasSize(2);
    execute("ALTER TABLE call DROP CONSTRAINT mended");
    Await.until("caught up", Duration.ofSeconds(20), () -> shipper.backlog().records() == 0);
    clock.advance(LedgerShipper.REFUSED_AGAIN);
    Await.until("all are taken in", () -> shipper.refused() == 0);
    assertThat(text("SELECT count(*) FROM call")).isEqualTo("4");
    shipper.stop();
  }

  private LedgerShipper shipper(int max) {
    return new LedgerShipper(
        spool,
        server.bean(CallStore.class),
        server.bean(LiveCalls.class),
        server.bean(DatabaseState.class),
        new RefusedCalls(data.resolve("refused"), max),
        clock);
  }

  private void settle(List<SettledCall> calls) {
    for (SettledCall call : calls) {
      spool.opened(call.opened());
      spool.settled(call);
    }
  }

  private SettledCall call() {
    return made.call(made.key(), NOW, "session", "agent", null);
  }

  private SettledCall poison() {
    SettledCall call = call();
    OpenedCall o = call.opened();
    return new SettledCall(
        new OpenedCall(
            o.id(),
            o.node(),
            o.key(),
            o.dialect(),
            o.operation(),
            POISON,
            o.route(),
            o.provider(),
            o.targetModel(),
            o.streaming(),
            o.openedAt(),
            o.requestBytes(),
            o.estimatedInputTokens(),
            o.maxOutputTokens(),
            o.price(),
            o.sessionId(),
            o.agentId(),
            o.parentAgentId(),
            o.userAgent(),
            o.clientRequestId()),
        call.outcome(),
        call.status(),
        call.errorType(),
        call.provider(),
        call.targetModel(),
        call.attempts(),
        call.usage(),
        call.estimated(),
        call.rawUsage(),
        Objects.requireNonNull(call.price()),
        call.costPico(),
        call.settledAt(),
        call.ttfbMillis(),
        call.durationMillis(),
        call.responseBytes());
  }

  private static boolean isPoison(SettledCall call) {
    return call.opened().requestedModel().equals(POISON);
  }

  private static Set<String> ids(List<SettledCall> calls) {
    return calls.stream().map(call -> call.opened().id() + ".json").collect(Collectors.toSet());
  }

  private Set<String> kept() throws IOException {
    try (var files = Files.list(data.resolve("refused"))) {
      return files.map(file -> file.getFileName().toString()).collect(Collectors.toSet());
    }
  }

  private void execute(String sql) throws SQLException {
    try (var connection = database.superuser().getConnection();
        var statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private String text(String query) throws SQLException {
    try (var connection = database.superuser().getConnection();
        var statement = connection.createStatement();
        var row = statement.executeQuery(query)) {
      assertThat(row.next()).isTrue();
      return row.getString(1);
    }
  }
}
