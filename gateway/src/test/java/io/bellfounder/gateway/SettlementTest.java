package io.bellfounder.gateway;

import static io.bellfounder.gateway.RunningGateway.SECRET;
import static io.bellfounder.gateway.RunningGateway.anthropic;
import static io.bellfounder.gateway.RunningGateway.post;
import static org.assertj.core.api.Assertions.assertThat;

import io.bellfounder.testing.Await;
import io.bellfounder.testing.Seeds;
import io.bellfounder.wire.Dialect;
import io.bellfounder.wire.Usage;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever happens to a call, it is settled once. */
class SettlementTest {
  private static final int CALLS = 400;

  @Test
  void every_opened_call_is_settled_exactly_once_whatever_happens_to_it() throws Exception {
    long seed = Seeds.seed("every_opened_call_is_settled_exactly_once_whatever_happens_to_it");
    try (var one = unreliable(seed);
        var two = unreliable(seed + 1);
        var gateway =
            RunningGateway.with(anthropic("one", one.uri()), anthropic("two", two.uri())).start();
        var clients = Executors.newFixedThreadPool(16)) {
      List<Future<?>> running = new ArrayList<>();
      for (int call = 0; call < CALLS; call++) {
        var random = Seeds.random(seed + 100 + call);
        running.add(clients.submit(() -> call(gateway, random)));
      }
      for (var each : running) {
        each.get();
      }

      var ledger = gateway.ledger;
      Await.until("no call is open", () -> gateway.gateway().openCalls() == 0);
      Await.until("all are settled", () -> ledger.settled.size() >= ledger.opened.size());
      var ids = new HashSet<>(ledger.settled.stream().map(call -> call.opened().id()).toList());
      assertThat(ledger.settled).hasSameSizeAs(ledger.opened);
      assertThat(ids).hasSameSizeAs(ledger.opened);
      assertThat(ledger.settled)
          .extracting(SettledCall::outcome)
          .contains(
              SettledCall.Outcome.COMPLETED, SettledCall.Outcome.ABORTED, SettledCall.Outcome.CUT);
      assertThat(ledger.settled)
          .filteredOn(call -> call.outcome() == SettledCall.Outcome.COMPLETED)
          .allSatisfy(call -> assertThat(call.estimated()).isFalse());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"input_tokens\":null,\"output_tokens\":null}",
        "{\"input_tokens\":10.5,\"output_tokens\":4.5}",
        "{\"input_tokens\":\"10\"}"
      })
  void an_answer_whose_usage_cannot_be_read_is_estimated_and_not_free(String usage)
      throws IOException {
    var text = "x".repeat(4_000);
    try (var provider =
            new ScriptedProvider()
                .always(exchange ->
                    exchange.answer(
                        200, "{\"content\":[\"" + text + "\"],\"usage\":" + usage + "}"));
        var gateway = RunningGateway.with(anthropic("a", provider.uri())).start()) {
      gateway.messages(Said.ASK);

      var settled = gateway.ledger.only();
      long input = settled.opened().estimatedInputTokens();
      assertThat(settled.outcome()).isEqualTo(SettledCall.Outcome.COMPLETED);
      assertThat(settled.estimated()).isTrue();
      assertThat(settled.usage()).isEqualTo(new Usage(input, null, null, null, 1_000L));
      assertThat(settled.costPico()).isEqualTo(3 * input + 15 * 1_000).isPositive();
      assertThat(settled.rawUsage()).isEqualTo(usage);
    }
  }

  @Test
  void a_stream_whose_last_usage_is_empty_is_estimated_and_not_nearly_free() throws IOException {
    var delta = Said.DELTA.replace("hällo", "x".repeat(4_000));
    var last = Said.MESSAGE_DELTA.replace("{\"output_tokens\":9}", "{}");
    try (var provider =
            new ScriptedProvider()
                .always(exchange ->
                    exchange.stream(
                        Said.START, Said.BLOCK, delta, Said.BLOCK_STOP, last, Said.STOP));
        var gateway = RunningGateway.with(anthropic("a", provider.uri())).start()) {
      gateway.messages(Said.ASK_STREAM);

      var settled = gateway.ledger.only();
      assertThat(settled.outcome()).isEqualTo(SettledCall.Outcome.COMPLETED);
      assertThat(settled.estimated()).isTrue();
      assertThat(settled.usage()).isEqualTo(new Usage(11L, null, null, null, 1_000L));
      assertThat(settled.costPico()).isEqualTo(3 * 11 + 15 * 1_000);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"message", "detail"})
  void a_whole_answer_with_a_message_of_its_own_is_no_failure(String member) throws IOException {
    var body = Said.ANSWER.replaceFirst("\\{", "{\"" + member + "\":\"ok\",");
    try (var provider = new ScriptedProvider().always(exchange -> exchange.answer(200, body));
        var gateway = RunningGateway.with(anthropic("a", provider.uri())).start()) {
      var answer = gateway.messages(Said.ASK);

      var settled = gateway.ledger.only();
      assertThat(answer.text()).isEqualTo(body);
      assertThat(settled.outcome()).isEqualTo(SettledCall.Outcome.COMPLETED);
      assertThat(settled.attempts())
          .extracting(Attempt::outcome)
          .containsExactly(Attempt.Outcome.OK);
      assertThat(settled.usage()).isEqualTo(new Usage(11L, 0L, null, 3L, 7L));
      assertThat(settled.estimated()).isFalse();
    }
  }

  @Test
  void an_answer_that_comes_before_the_whole_request_was_read_has_its_price() throws IOException {
    var ask = Said.ASK.replace("[]", "[\"" + "x".repeat(16 << 20) + "\"]");
    try (var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        var gateway =
            RunningGateway.with(
                    anthropic("a", URI.create("http://127.0.0.1:" + server.getLocalPort())))
                .start();
        var client = gateway.connect().send(post("/v1/messages", ask, "x-api-key: " + SECRET));
        var provider = server.accept()) {
      HttpBytes.readHead(provider.getInputStream());
      provider
          .getOutputStream()
          .write(
              HttpBytes.bytes(
                  "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s"
                      .formatted(HttpBytes.bytes(Said.ANSWER).length, Said.ANSWER)));

      assertThat(client.answer().text()).isEqualTo(Said.ANSWER);
      var settled = gateway.ledger.only();
      assertThat(settled.outcome()).isEqualTo(SettledCall.Outcome.COMPLETED);
      assertThat(settled.usage()).isEqualTo(new Usage(11L, 0L, null, 3L, 7L));
      assertThat(settled.costPico()).isPositive();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void what_an_only_target_was_asked_in_full_and_never_answered_has_the_price_of_a_floor(
      boolean silent) throws IOException {
    try (var provider = new ScriptedProvider();
        var gateway = RunningGateway.with(impatient("a", provider)).start()) {
      provider.always(silent ? ScriptedProvider.Exchange::awaitHangUp : SettlementTest::hangUpLate);
      var answer = gateway.messages(Said.ASK);

      var settled = gateway.ledger.only();
      long input = settled.opened().estimatedInputTokens();
      assertThat(answer.status()).isEqualTo(503);
      assertThat(settled.outcome()).isEqualTo(SettledCall.Outcome.FAILED);
      assertThat(settled.status()).isEqualTo(503);
      assertThat(settled.provider()).isEqualTo("a");
      assertThat(settled.estimated()).isTrue();
      assertThat(settled.usage()).isEqualTo(new Usage(input, null, null, null, 0L));
      assertThat(settled.costPico()).isEqualTo(3 * input).isPositive();
    }
  }

  @Test
  void a_lost_attempt_is_priced_though_nobody_could_be_reached_after_it() throws IOException {
    try (var silent = new ScriptedProvider().always(ScriptedProvider.Exchange::awaitHangUp);
        var gone = new ScriptedProvider();
        var gateway =
            RunningGateway.with(impatient("a", silent), anthropic("b", gone.uri())).start()) {
      gone.close();
      gateway.messages(Said.ASK);

      assertThat(gateway.ledger.only().provider()).isEqualTo("a");
      assertThat(gateway.ledger.only().estimated()).isTrue();
      assertThat(gateway.ledger.only().costPico()).isPositive();
    }
  }

  @Test
  void a_call_that_another_target_answers_costs_what_that_one_reports() throws IOException {
    try (var silent = new ScriptedProvider().always(ScriptedProvider.Exchange::awaitHangUp);
        var good = new ScriptedProvider().always(exchange -> exchange.answer(200, Said.ANSWER));
        var gateway =
            RunningGateway.with(impatient("a", silent), anthropic("b", good.uri())).start()) {
      gateway.messages(Said.ASK);

      assertThat(gateway.ledger.only().usage()).isEqualTo(new Usage(11L, 0L, null, 3L, 7L));
      assertThat(gateway.ledger.only().estimated()).isFalse();
    }
  }

  @Test
  void a_connection_that_was_dead_before_the_request_costs_nothing() throws IOException {
    try (var provider = new ScriptedProvider().always(ScriptedProvider.Exchange::hangUp);
        var gateway = RunningGateway.with(anthropic("a", provider.uri())).start()) {
      gateway.messages(Said.ASK);

      assertThat(gateway.ledger.only().outcome()).isEqualTo(SettledCall.Outcome.FAILED);
      assertThat(gateway.ledger.only().costPico()).isZero();
      assertThat(gateway.ledger.only().estimated()).isFalse();
    }
  }

  @Test
  void what_awaits_its_answer_when_draining_ends_has_the_price_of_a_floor() throws Exception {
    var asked = new CountDownLatch(1);
    try (var provider =
            new ScriptedProvider()
                .always(exchange -> {
                  asked.countDown();
                  exchange.awaitHangUp();
                });
        var gateway = RunningGateway.with(anthropic("a", provider.uri())).start();
        var wire = gateway.connect().send(post("/v1/messages", Said.ASK, "x-api-key: " + SECRET))) {
      asked.await();
      gateway.gateway().drain(Duration.ZERO);

      assertThat(wire.answer().status()).isEqualTo(503);
      assertThat(gateway.ledger.only().estimated()).isTrue();
      assertThat(gateway.ledger.only().costPico()).isPositive();
    }
  }

  private static Provider impatient(String name, ScriptedProvider provider) {
    return RunningGateway.provider(name, Dialect.ANTHROPIC, provider.uri(), Duration.ofMillis(150));
  }

  /** Long enough after the request to have worked on it; a provider may be asked twice. */
  private static void hangUpLate(ScriptedProvider.Exchange exchange) throws IOException {
    exchange.socket().setSoTimeout(110);
    try {
      exchange.awaitHangUp();
    } finally {
      exchange.hangUp();
    }
  }

  /** Answers, fails, cuts, or stalls, by the seed. */
  private static ScriptedProvider unreliable(long seed) {
    var random = Seeds.random(seed);
    return new ScriptedProvider()
        .always(exchange -> {
          switch (next(random, 10)) {
            case 0 -> exchange.answer(500, "{}");
            case 1 -> exchange.answer(529, "{}");
            case 2 -> exchange.hangUp();
            case 3 -> exchange.answer(400, Said.error("invalid_request_error", "no"));
            case 4 -> exchange.stream(Said.PING, Said.OVERLOADED_EVENT);
            default -> {
              exchange.streamHead();
              int events = next(random, 2 * Said.STREAM.length);
              for (int i = 0; i < Math.min(events, Said.STREAM.length); i++) {
                exchange.chunk(Said.STREAM[i]);
                LockSupport.parkNanos(next(random, 2_000_000));
              }
              if (events < Said.STREAM.length) {
                exchange.hangUp();
              } else {
                exchange.end();
              }
            }
          }
        });
  }

  /** Reads to the end, or leaves somewhere before. */
  private static void call(RunningGateway gateway, RandomGenerator random) {
    try (var wire = gateway.connect()) {
      wire.send(post("/v1/messages", Said.ASK_STREAM, "x-api-key: " + SECRET));
      if (random.nextInt(3) == 0) {
        LockSupport.parkNanos(random.nextInt(8_000_000));
      } else {
        wire.answer();
      }
    } catch (IOException e) {
      // A broken connection is one of the things that may happen.
    }
  }

  private static int next(RandomGenerator random, int bound) {
    synchronized (random) {
      return random.nextInt(bound);
    }
  }
}
