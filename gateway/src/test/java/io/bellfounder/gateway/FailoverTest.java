package io.bellfounder.gateway;

import static io.bellfounder.gateway.RunningGateway.anthropic;
import static io.bellfounder.gateway.RunningGateway.openAi;
import static io.bellfounder.gateway.RunningGateway.provider;
import static org.assertj.core.api.Assertions.assertThat;

import io.bellfounder.gateway.Attempt.Outcome;
import io.bellfounder.gateway.ScriptedProvider.Script;
import io.bellfounder.testing.SettableClock;
import io.bellfounder.wire.Dialect;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Before its first event a call may move to another target; after it, never. */
class FailoverTest {
  private static final Script GOOD = exchange -> exchange.answer(200, Said.ANSWER);
  private static final Script GOOD_STREAM = exchange -> exchange.stream(Said.STREAM);

  private final ScriptedProvider first = new ScriptedProvider();
  private final ScriptedProvider second = new ScriptedProvider();
  private final SettableClock clock = new SettableClock(Instant.parse("2026-11-21T06:00:00Z"));

  @AfterEach
  void close() {
    first.close();
    second.close();
  }

  @ParameterizedTest
  @CsvSource({
    "429, RATE_LIMITED",
    "500, PROVIDER_ERROR",
    "502, PROVIDER_ERROR",
    "503, OVERLOADED",
    "529, OVERLOADED",
    "408, PROVIDER_ERROR",
    "301, PROVIDER_ERROR",
    "401, CREDENTIAL_REFUSED",
    "403, CREDENTIAL_REFUSED"
  })
  void a_failing_status_moves_the_call_to_the_next_target(int status, Outcome outcome)
      throws IOException {
    first.always(exchange -> exchange.answer(status, Said.error("some_error", "no")));
    second.always(GOOD);
    try (var gateway = both().start()) {
      var answer = gateway.messages(Said.ASK);

      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.text()).isEqualTo(Said.ANSWER);
      var settled = gateway.ledger.only();
      assertThat(settled.outcome()).isEqualTo(SettledCall.Outcome.COMPLETED);
      assertThat(settled.provider()).isEqualTo("two");
      assertThat(settled.attempts())
          .extracting(Attempt::outcome)
          .containsExactly(outcome, Outcome.OK);
      assertThat(settled.attempts()).extracting(Attempt::ordinal).containsExactly(1, 2);
      assertThat(settled.attempts().getFirst().detail()).isEqualTo("some_error: no");
      assertThat(second.seen().getFirst().header("x-api-key")).isEqualTo("provider-secret-two");
      assertThat(second.seen().getFirst().text()).isEqualTo(Said.ASK);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {400, 402, 404, 409, 413, 422})
  void any_other_refusal_goes_back_untouched_and_nobody_else_is_asked(int status)
      throws IOException {
    var error = Said.error("invalid_request_error", "prompt is too long: 9 tokens > 1 maximum");
    first.always(exchange -> exchange.answer(status, error, "request-id: req_9"));
    try (var gateway = both().start()) {
      var answer = gateway.messages(Said.ASK);

      assertThat(answer.status()).isEqualTo(status);
      assertThat(answer.text()).isEqualTo(error);
      assertThat(answer.header("request-id")).isEqualTo("req_9");
      assertThat(second.seen()).isEmpty();
      var settled = gateway.ledger.only();
      assertThat(settled.outcome()).isEqualTo(SettledCall.Outcome.FAILED);
      assertThat(settled.errorType()).isEqualTo("invalid_request_error");
      assertThat(settled.costPico()).isZero();
      assertThat(settled.estimated()).isFalse();
    }
  }

  @Test
  void a_dead_provider_moves_the_call_to_the_next_target() throws IOException {
    URI nobody;
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      nobody = URI.create("http://127.0.0.1:" + socket.getLocalPort());
    }
    second.always(GOOD);
    try (var gateway =
        RunningGateway.with(anthropic("one", nobody), anthropic("two", second.uri())).start()) {
      assertThat(gateway.messages(Said.ASK).status()).isEqualTo(200);
      assertThat(gateway.ledger.only().attempts().getFirst().outcome())
          .isEqualTo(Outcome.CONNECT_FAILED);
    }
  }

  @Test
  void a_provider_without_a_trusted_certificate_is_not_spoken_to() throws IOException {
    second.always(GOOD);
    var plain = URI.create("https://127.0.0.1:" + first.uri().getPort());
    try (var gateway =
        RunningGateway.with(anthropic("one", plain), anthropic("two", second.uri())).start()) {
      assertThat(gateway.messages(Said.ASK).status()).isEqualTo(200);
      assertThat(gateway.ledger.only().attempts().getFirst().outcome())
          .isEqualTo(Outcome.CONNECT_FAILED);
      assertThat(first.seen()).isEmpty();
    }
  }

  @Test
  void a_kept_connection_that_died_is_replaced_without_leaving_the_target() throws IOException {
    first.then(GOOD).then(ScriptedProvider.Exchange::hangUp).then(GOOD);
    try (var gateway = both().oneLoop().start()) {
      gateway.messages(Said.ASK);
      assertThat(gateway.messages(Said.ASK).status()).isEqualTo(200);

      assertThat(gateway.ledger.settled.get(1).provider()).isEqualTo("one");
      assertThat(second.seen()).isEmpty();
    }
  }

  @Test
  void a_provider_that_hangs_up_before_it_answers_moves_the_call_on() throws IOException {
    first.always(ScriptedProvider.Exchange::hangUp);
    second.always(GOOD);
    try (var gateway = both().start()) {
      assertThat(gateway.messages(Said.ASK).status()).isEqualTo(200);
      assertThat(gateway.ledger.only().attempts().getFirst().outcome()).isEqualTo(Outcome.CUT);
    }
  }

  @Test
  void a_provider_that_does_not_answer_in_time_moves_the_call_on() throws IOException {
    first.always(ScriptedProvider.Exchange::awaitHangUp);
    second.always(GOOD);
    var slow = provider("one", Dialect.ANTHROPIC, first.uri(), Duration.ofMillis(80));
    try (var gateway = RunningGateway.with(slow, anthropic("two", second.uri())).start()) {
      assertThat(gateway.messages(Said.ASK).status()).isEqualTo(200);
      assertThat(gateway.ledger.only().attempts().getFirst().outcome())
          .isEqualTo(Outcome.TIMED_OUT);
    }
  }

  @Test
  void an_error_event_before_the_first_real_one_moves_the_call_on() throws IOException {
    first.always(exchange -> exchange.stream(Said.PING, Said.OVERLOADED_EVENT));
    second.always(GOOD_STREAM);
    try (var gateway = both().start()) {
      var answer = gateway.messages(Said.ASK_STREAM);

      assertThat(answer.text()).isEqualTo(String.join("", Said.STREAM));
      assertThat(gateway.ledger.only().attempts().getFirst().detail())
          .isEqualTo("overloaded_error: Overloaded");
    }
  }

  @Test
  void an_openai_error_chunk_before_the_first_real_one_moves_the_call_on() throws IOException {
    first.always(exchange -> exchange.stream("data: {\"error\":{\"message\":\"no\"}}\n\n"));
    second.always(exchange -> exchange.stream(Said.CHUNK, Said.FINISH, Said.DONE));
    try (var gateway =
        RunningGateway.with(openAi("one", first.uri()), openAi("two", second.uri())).start()) {
      assertThat(gateway.chat(Said.ASK_CHAT_STREAM).text())
          .isEqualTo(Said.CHUNK + Said.FINISH + Said.DONE);
    }
  }

  @Test
  void a_stream_that_ends_before_its_first_event_moves_the_call_on() throws IOException {
    first.always(exchange -> exchange.stream(Said.PING));
    second.always(GOOD_STREAM);
    try (var gateway = both().start()) {
      assertThat(gateway.messages(Said.ASK_STREAM).text()).isEqualTo(String.join("", Said.STREAM));
    }
  }

  @Test
  void a_stream_that_breaks_before_its_first_event_moves_the_call_on() throws IOException {
    first.always(exchange -> {
      exchange.streamHead();
      exchange.chunk(Said.PING + "event: message_st");
      exchange.hangUp();
    });
    second.always(GOOD_STREAM);
    try (var gateway = both().start()) {
      assertThat(gateway.messages(Said.ASK_STREAM).text()).isEqualTo(String.join("", Said.STREAM));
    }
  }

  @Test
  void when_all_fail_the_last_provider_s_error_comes_back_as_it_was() throws IOException {
    first.always(exchange -> exchange.answer(500, Said.error("api_error", "first")));
    second.always(exchange ->
        exchange.answer(529, Said.error("overloaded_error", "second"), "retry-after: 7"));
    try (var gateway = both().start()) {
      var answer = gateway.messages(Said.ASK);

      assertThat(answer.status()).isEqualTo(529);
      assertThat(answer.text()).isEqualTo(Said.error("overloaded_error", "second"));
      assertThat(answer.header("retry-after")).isEqualTo("7");
      assertThat(gateway.ledger.only().outcome()).isEqualTo(SettledCall.Outcome.FAILED);
      assertThat(gateway.ledger.only().status()).isEqualTo(529);
    }
  }

  @Test
  void a_refused_provider_credential_is_not_shown_while_there_is_a_better_error()
      throws IOException {
    first.always(exchange -> exchange.answer(500, Said.error("api_error", "first")));
    second.always(exchange -> exchange.answer(401, Said.error("authentication_error", "second")));
    try (var gateway = both().start()) {
      assertThat(gateway.messages(Said.ASK).status()).isEqualTo(500);
    }
  }

  @Test
  void when_nobody_answers_at_all_the_client_is_told_to_come_back() throws IOException {
    first.close();
    second.close();
    try (var gateway = both().start()) {
      var answer = gateway.messages(Said.ASK);

      assertThat(answer.status()).isEqualTo(503);
      assertThat(answer.header("retry-after")).isEqualTo("1");
      assertThat(answer.text()).startsWith("{\"type\":\"error\",\"error\":{\"type\":");
      assertThat(gateway.ledger.only().outcome()).isEqualTo(SettledCall.Outcome.FAILED);
    }
  }

  @Test
  void an_overloaded_only_target_is_tried_once_more_in_place() throws IOException {
    first.then(exchange -> exchange.answer(529, "{}")).then(GOOD);
    try (var gateway = RunningGateway.with(anthropic("one", first.uri())).start()) {
      assertThat(gateway.messages(Said.ASK).status()).isEqualTo(200);
      assertThat(gateway.ledger.only().attempts())
          .extracting(Attempt::outcome)
          .containsExactly(Outcome.OVERLOADED, Outcome.OK);
    }
  }

  @Test
  void an_overloaded_target_that_asks_for_a_long_wait_is_not_tried_in_place() throws IOException {
    first.always(exchange -> exchange.answer(529, "{}", "retry-after: 30"));
    try (var gateway = RunningGateway.with(anthropic("one", first.uri())).start()) {
      assertThat(gateway.messages(Said.ASK).status()).isEqualTo(529);
      assertThat(first.seen()).hasSize(1);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {503, 529})
  void an_overloaded_target_is_left_alone_as_long_as_it_asked(int status) throws IOException {
    first.then(exchange -> exchange.answer(status, "{}", "retry-after: 20")).always(GOOD);
    second.always(GOOD);
    try (var gateway = both().clock(clock).start()) {
      gateway.messages(Said.ASK);
      gateway.messages(Said.ASK);
      assertThat(first.seen()).hasSize(1);
      var skipped = gateway.ledger.settled.get(1).attempts().getFirst();
      assertThat(skipped.outcome()).isEqualTo(Outcome.SKIPPED);
      assertThat(skipped.detail()).contains("overloaded");

      clock.advance(Duration.ofSeconds(21));
      gateway.messages(Said.ASK);

      assertThat(first.seen()).hasSize(2);
    }
  }

  @Test
  void a_pause_is_cut_to_a_minute_and_never_locks_the_only_target_out() throws IOException {
    first.then(exchange -> exchange.answer(529, "{}", "retry-after: 86400")).always(GOOD);
    try (var gateway = RunningGateway.with(anthropic("one", first.uri())).clock(clock).start()) {
      gateway.messages(Said.ASK);
      assertThat(gateway.gateway().targets().getFirst().waitUntil())
          .isEqualTo(clock.instant().plusSeconds(60));

      assertThat(gateway.messages(Said.ASK).status()).isEqualTo(200);
    }
  }

  @Test
  void of_two_paused_targets_the_one_that_asked_for_less_is_tried() throws IOException {
    first.then(exchange -> exchange.answer(529, "{}", "retry-after: 40")).always(GOOD);
    second.then(exchange -> exchange.answer(529, "{}", "retry-after: 25")).always(GOOD);
    try (var gateway = both().clock(clock).start()) {
      assertThat(gateway.messages(Said.ASK).status()).isEqualTo(529);

      assertThat(gateway.messages(Said.ASK).status()).isEqualTo(200);
      assertThat(gateway.ledger.settled.getLast().provider()).isEqualTo("two");
    }
  }

  @Test
  void second_tries_stay_within_a_fifth_of_the_traffic() throws IOException {
    first.always(exchange -> exchange.answer(529, "{}"));
    try (var gateway = RunningGateway.with(anthropic("one", first.uri())).start()) {
      for (int call = 0; call < 30; call++) {
        gateway.messages(Said.ASK);
      }
      assertThat(first.seen().size()).isBetween(40, 46);
    }
  }

  @Test
  void a_rate_limited_target_waits_as_long_as_it_asked() throws IOException {
    first.then(exchange -> exchange.answer(429, "{}", "retry-after: 20")).always(GOOD);
    second.always(GOOD);
    try (var gateway = both().clock(clock).start()) {
      gateway.messages(Said.ASK);
      gateway.messages(Said.ASK);
      assertThat(first.seen()).hasSize(1);
      assertThat(gateway.ledger.settled.get(1).attempts())
          .extracting(Attempt::outcome)
          .containsExactly(Outcome.SKIPPED, Outcome.OK);

      clock.advance(Duration.ofSeconds(21));
      gateway.messages(Said.ASK);

      assertThat(first.seen()).hasSize(2);
    }
  }

  @Test
  void a_wait_of_a_day_is_cut_to_a_minute() throws IOException {
    first.then(exchange -> exchange.answer(429, "{}", "retry-after: 86400")).always(GOOD);
    try (var gateway = RunningGateway.with(anthropic("one", first.uri())).clock(clock).start()) {
      assertThat(gateway.messages(Said.ASK).status()).isEqualTo(429);
      assertThat(gateway.gateway().targets().getFirst().waitUntil())
          .isEqualTo(clock.instant().plusSeconds(60));
    }
  }

  @Test
  void when_every_target_waits_the_client_hears_of_the_earliest_reset() throws IOException {
    first.always(exchange -> exchange.answer(429, "{}", "retry-after: 40"));
    second.always(exchange -> exchange.answer(429, "{\"x\":2}", "retry-after: 25"));
    try (var gateway = both().clock(clock).start()) {
      var passedOn = gateway.messages(Said.ASK);
      assertThat(passedOn.status()).isEqualTo(429);
      assertThat(passedOn.text()).isEqualTo("{\"x\":2}");

      clock.advance(Duration.ofSeconds(5));
      var ours = gateway.messages(Said.ASK);

      assertThat(ours.status()).isEqualTo(429);
      assertThat(ours.header("retry-after")).isEqualTo("20");
      assertThat(ours.text()).contains("rate_limit_error");
      assertThat(first.seen()).hasSize(1);
      assertThat(second.seen()).hasSize(1);
    }
  }

  @Test
  void a_refused_credential_is_benched_until_the_routes_are_replaced() throws IOException {
    first.then(exchange -> exchange.answer(401, "{}")).always(GOOD);
    second.always(GOOD);
    try (var gateway = both().clock(clock).start()) {
      gateway.messages(Said.ASK);
      clock.advance(Duration.ofHours(5));
      gateway.messages(Said.ASK);
      assertThat(first.seen()).hasSize(1);

      var same = gateway.routes.get();
      gateway.routes.set(
          new RunningGateway.Routes(
              Map.copyOf(same.byDialect()), List.of(), List.copyOf(same.providers())));
      gateway.messages(Said.ASK);

      assertThat(first.seen()).hasSize(2);
    }
  }

  @Test
  void a_target_that_keeps_failing_is_left_alone_and_probed_later() throws IOException {
    first.always(exchange -> exchange.answer(500, "{}"));
    second.always(GOOD);
    try (var gateway = both().breaker(2, Duration.ofSeconds(30)).clock(clock).start()) {
      for (int call = 0; call < 5; call++) {
        assertThat(gateway.messages(Said.ASK).status()).isEqualTo(200);
      }
      assertThat(first.seen()).hasSize(2);
      assertThat(gateway.gateway().targets())
          .filteredOn(target -> target.provider().equals("one"))
          .singleElement()
          .satisfies(target -> {
            assertThat(target.breaker()).isEqualTo(CircuitBreaker.State.OPEN);
            assertThat(target.openUntil()).isEqualTo(clock.instant().plusSeconds(30));
            assertThat(target.errors()).isEqualTo(2);
          });

      first.always(GOOD);
      clock.advance(Duration.ofSeconds(31));
      gateway.messages(Said.ASK);

      assertThat(first.seen()).hasSize(3);
      assertThat(gateway.ledger.settled.getLast().provider()).isEqualTo("one");
    }
  }

  @Test
  void an_open_breaker_never_locks_the_only_target_out() throws IOException {
    first.always(exchange -> exchange.answer(500, "{}"));
    try (var gateway =
        RunningGateway.with(anthropic("one", first.uri()))
            .breaker(1, Duration.ofHours(1))
            .clock(clock)
            .start()) {
      gateway.messages(Said.ASK);
      first.always(GOOD);

      assertThat(gateway.messages(Said.ASK).status()).isEqualTo(200);
      assertThat(gateway.gateway().targets().getFirst().breaker())
          .isEqualTo(CircuitBreaker.State.CLOSED);
    }
  }

  @Test
  void the_search_for_a_target_ends_at_its_deadline() throws IOException {
    first.always(ScriptedProvider.Exchange::awaitHangUp);
    second.always(GOOD);
    try (var gateway = both().totalDeadline(Duration.ofMillis(100)).start()) {
      assertThat(gateway.messages(Said.ASK).status()).isEqualTo(503);
      assertThat(second.seen()).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource({"200, TIMED_OUT", "529, OVERLOADED"})
  void a_target_that_only_drips_does_not_keep_the_call_from_the_next(int status, Outcome outcome)
      throws IOException {
    first.always(exchange -> {
      exchange.raw(
          "HTTP/1.1 "
              + status
              + " Because\r\ncontent-type: text/event-stream\r\n"
              + "transfer-encoding: chunked\r\n\r\n");
      drip(exchange);
    });
    second.always(GOOD_STREAM);
    var slow = provider("one", Dialect.ANTHROPIC, first.uri(), Duration.ofMillis(200));
    try (var gateway = RunningGateway.with(slow, anthropic("two", second.uri())).start()) {
      assertThat(gateway.messages(Said.ASK_STREAM).text()).isEqualTo(String.join("", Said.STREAM));
      assertThat(gateway.ledger.only().attempts().getFirst().outcome()).isEqualTo(outcome);
    }
  }

  @Test
  void comments_before_the_first_event_do_not_outlast_the_deadline() throws IOException {
    first.always(exchange -> {
      exchange.streamHead();
      drip(exchange);
    });
    try (var gateway = both().totalDeadline(Duration.ofMillis(200)).start()) {
      assertThat(gateway.messages(Said.ASK_STREAM).status()).isEqualTo(503);
      assertThat(second.seen()).isEmpty();
    }
  }

  /** Never long silent, never an event; ends with the connection. */
  private static void drip(ScriptedProvider.Exchange exchange) throws IOException {
    exchange.socket().setSoTimeout(20);
    while (true) {
      exchange.chunk(": processing\n\n");
      try {
        if (exchange.in().read() < 0) {
          return;
        }
      } catch (SocketTimeoutException e) {
        // Still there.
      }
    }
  }

  @Test
  void a_redirect_is_not_handed_to_the_client() throws IOException {
    first.always(exchange -> exchange.answer(307, "", "location: http://elsewhere.example/"));
    try (var gateway = RunningGateway.with(anthropic("one", first.uri())).start()) {
      var answer = gateway.messages(Said.ASK);

      assertThat(answer.status()).isEqualTo(503);
      assertThat(answer.header("location")).isNull();
      assertThat(answer.text()).contains("it answered 307");
    }
  }

  @Test
  void a_firewall_s_page_benches_nobody() throws IOException {
    first.then(exchange ->
        exchange.raw(
            "HTTP/1.1 403 Forbidden\r\ncontent-type: text/html; charset=UTF-8\r\n"
                + "content-length: 4\r\n\r\n<h1>"));
    first.always(GOOD);
    second.always(GOOD);
    try (var gateway = both().start()) {
      gateway.messages(Said.ASK);
      gateway.messages(Said.ASK);

      assertThat(gateway.ledger.settled)
          .extracting(SettledCall::provider)
          .containsExactly("two", "one");
    }
  }

  @Test
  void a_credential_that_a_provider_repeats_is_not_written_down() throws IOException {
    first.always(exchange ->
        exchange.answer(401, Said.error("authentication_error", "bad key provider-secret-one")));
    second.always(GOOD);
    try (var gateway = both().start()) {
      gateway.messages(Said.ASK);

      assertThat(gateway.ledger.only().attempts().getFirst().detail())
          .isEqualTo("authentication_error: bad key …");
    }
  }

  @Test
  void a_probe_s_first_event_lets_the_others_through() throws IOException {
    first.always(exchange -> exchange.answer(500, "{}"));
    second.always(GOOD);
    try (var gateway = both().breaker(1, Duration.ofSeconds(30)).clock(clock).start()) {
      gateway.messages(Said.ASK);
      clock.advance(Duration.ofSeconds(31));
      first.then(exchange -> {
        exchange.streamHead();
        exchange.chunk(Said.START);
        exchange.awaitHangUp();
      });
      first.always(GOOD);
      try (var probe = gateway.connect()) {
        probe.send(
            RunningGateway.post(
                "/v1/messages", Said.ASK_STREAM, "x-api-key: " + RunningGateway.SECRET));
        HttpBytes.readHead(probe.in());

        gateway.messages(Said.ASK);

        assertThat(gateway.ledger.settled.getLast().provider()).isEqualTo("one");
      }
    }
  }

  private RunningGateway.Setup both() {
    return RunningGateway.with(anthropic("one", first.uri()), anthropic("two", second.uri()));
  }
}
