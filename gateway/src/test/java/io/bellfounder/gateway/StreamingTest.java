package io.bellfounder.gateway;

import static io.bellfounder.gateway.RunningGateway.SECRET;
import static io.bellfounder.gateway.RunningGateway.anthropic;
import static io.bellfounder.gateway.RunningGateway.openAi;
import static io.bellfounder.gateway.RunningGateway.post;
import static io.bellfounder.gateway.RunningGateway.provider;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bellfounder.testing.Await;
import io.bellfounder.wire.Dialect;
import java.io.IOException;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What happens after the first event: relayed as it comes, never spliced, never faked. */
class StreamingTest {
  private static final String STREAM_CALL =
      post("/v1/messages", Said.ASK_STREAM, "x-api-key: " + SECRET);

  private final ScriptedProvider provider = new ScriptedProvider();

  @AfterEach
  void close() {
    provider.close();
  }

  @Test
  void an_event_is_relayed_before_the_next_one_exists() throws IOException {
    var goOn = new CountDownLatch(1);
    provider.always(exchange -> {
      exchange.streamHead();
      exchange.chunk(Said.START);
      await(goOn);
      exchange.chunk(Said.MESSAGE_DELTA + Said.STOP);
      exchange.end();
    });
    try (var gateway = one().start();
        var wire = gateway.connect().send(STREAM_CALL)) {
      HttpBytes.readHead(wire.in());
      assertThat(chunk(wire)).isEqualTo(Said.START);

      goOn.countDown();

      assertThat(chunk(wire)).isEqualTo(Said.MESSAGE_DELTA + Said.STOP);
      assertThat(chunk(wire)).isEmpty();
    }
  }

  @Test
  void a_stream_whose_connection_breaks_breaks_off_after_its_last_whole_event() throws IOException {
    provider.always(exchange -> {
      exchange.streamHead();
      exchange.chunk(Said.START + Said.BLOCK + "event: content_block_delta\ndata: {\"ty");
      exchange.hangUp();
    });
    try (var gateway = one().start()) {
      var answer = gateway.ask(STREAM_CALL);

      assertThat(answer.whole()).isFalse();
      assertThat(answer.text()).isEqualTo(Said.START + Said.BLOCK);
      var settled = gateway.ledger.only();
      assertThat(settled.outcome()).isEqualTo(SettledCall.Outcome.CUT);
      assertThat(settled.attempts()).hasSize(1);
      assertThat(settled.usage().input()).isEqualTo(11);
      assertThat(settled.estimated()).isTrue();
    }
  }

  @Test
  void a_stream_that_ends_too_early_does_not_look_whole() throws IOException {
    provider.always(exchange -> exchange.stream(Said.START, Said.BLOCK, Said.DELTA));
    try (var gateway = one().start()) {
      var answer = gateway.ask(STREAM_CALL);

      assertThat(answer.whole()).isFalse();
      assertThat(answer.text()).contains("event: error");
      assertThat(gateway.ledger.only().outcome()).isEqualTo(SettledCall.Outcome.CUT);
    }
  }

  @Test
  void an_openai_stream_whose_connection_breaks_breaks_off_without_an_end() throws IOException {
    provider.always(exchange -> {
      exchange.streamHead();
      exchange.chunk(Said.CHUNK);
      exchange.hangUp();
    });
    try (var gateway = RunningGateway.with(openAi("o", provider.uri())).start()) {
      var answer = gateway.chat(Said.ASK_CHAT_STREAM);

      assertThat(answer.whole()).isFalse();
      assertThat(answer.text()).isEqualTo(Said.CHUNK);
    }
  }

  @Test
  void a_json_answer_that_breaks_off_breaks_the_connection() throws IOException {
    provider.always(exchange -> {
      exchange.raw(
          "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{\"a");
      exchange.hangUp();
    });
    try (var gateway = one().start()) {
      var answer = gateway.messages(Said.ASK);

      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.whole()).isFalse();
      assertThat(answer.text()).isEqualTo("{\"a");
      assertThat(gateway.ledger.only().outcome()).isEqualTo(SettledCall.Outcome.CUT);
    }
  }

  @Test
  void a_broken_stream_does_not_look_whole_to_a_client_that_knows_no_chunks() throws IOException {
    provider.always(exchange -> {
      exchange.streamHead();
      exchange.chunk(Said.START);
      exchange.hangUp();
    });
    try (var gateway = one().start();
        var wire = gateway.connect().send(STREAM_CALL.replace("HTTP/1.1", "HTTP/1.0"))) {
      assertThat(HttpBytes.readHead(wire.in()).header("transfer-encoding")).isNull();

      assertThatThrownBy(() -> wire.in().readAllBytes()).isInstanceOf(SocketException.class);
      assertThat(gateway.ledger.only().outcome()).isEqualTo(SettledCall.Outcome.CUT);
    }
  }

  @Test
  void a_whole_stream_ends_in_order_for_a_client_that_knows_no_chunks() throws IOException {
    provider.always(exchange -> exchange.stream(Said.STREAM));
    try (var gateway = one().start();
        var wire = gateway.connect().send(STREAM_CALL.replace("HTTP/1.1", "HTTP/1.0"))) {
      HttpBytes.readHead(wire.in());

      assertThat(new String(wire.in().readAllBytes(), StandardCharsets.UTF_8))
          .isEqualTo(String.join("", Said.STREAM));
    }
  }

  @Test
  void a_stream_ends_with_its_connection_for_a_client_that_knows_no_chunks_but_keeps_connections()
      throws IOException {
    provider.always(exchange -> {
      exchange.streamHead();
      for (var event : Said.STREAM) {
        exchange.chunk(event);
      }
      exchange.end();
    });
    var call = STREAM_CALL.replace(" HTTP/1.1\r\n", " HTTP/1.0\r\nconnection: keep-alive\r\n");
    try (var gateway = one().start();
        var wire = gateway.connect().send(call)) {
      wire.socket().setSoTimeout(5_000);
      var head = HttpBytes.readHead(wire.in());

      assertThat(head.header("connection")).isEqualTo("close");
      assertThat(new String(wire.in().readAllBytes(), StandardCharsets.UTF_8))
          .isEqualTo(String.join("", Said.STREAM));
    }
  }

  @Test
  void an_error_event_after_the_first_real_one_passes_untouched() throws IOException {
    provider.always(exchange -> exchange.stream(Said.START, Said.OVERLOADED_EVENT));
    try (var gateway = one().start()) {
      var answer = gateway.ask(STREAM_CALL);

      assertThat(answer.text()).isEqualTo(Said.START + Said.OVERLOADED_EVENT);
      assertThat(gateway.ledger.only().outcome()).isEqualTo(SettledCall.Outcome.CUT);
      assertThat(gateway.ledger.only().errorType()).isEqualTo("overloaded_error");
      assertThat(provider.seen()).hasSize(1);
    }
  }

  @Test
  void a_stream_is_known_by_its_type_however_spelt() throws IOException {
    provider.always(exchange -> {
      exchange.raw(
          "HTTP/1.1 200 OK\r\ncontent-type: Text/Event-Stream\r\n"
              + "transfer-encoding: chunked\r\n\r\n");
      for (var event : Said.STREAM) {
        exchange.chunk(event);
      }
      exchange.end();
    });
    try (var gateway = RunningGateway.with(anthropic("one", provider.uri())).start()) {
      gateway.messages(Said.ASK_STREAM);

      assertThat(gateway.ledger.only().usage().output()).isEqualTo(9);
      assertThat(gateway.ledger.only().estimated()).isFalse();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ": hello\n\n", "data: {}\n\n"})
  void a_stream_without_a_type_is_known_by_how_it_begins(String before) throws IOException {
    var stream = before + String.join("", Said.STREAM);
    provider.always(exchange -> {
      exchange.raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
      exchange.chunk(stream.substring(0, 1));
      exchange.chunk(stream.substring(1));
      exchange.end();
    });
    try (var gateway = one().start()) {
      var answer = gateway.messages(Said.ASK_STREAM);

      assertThat(answer.text()).isEqualTo(stream);
      assertThat(gateway.ledger.only().usage().output()).isEqualTo(9);
      assertThat(gateway.ledger.only().estimated()).isFalse();
    }
  }

  @Test
  void json_without_a_type_is_no_stream_though_one_was_asked_for() throws IOException {
    provider.always(exchange ->
        exchange.raw(
            "HTTP/1.1 200 OK\r\ncontent-length: "
                + HttpBytes.bytes(Said.ANSWER).length
                + "\r\n\r\n"
                + Said.ANSWER));
    try (var gateway = one().start()) {
      assertThat(gateway.messages(Said.ASK_STREAM).text()).isEqualTo(Said.ANSWER);
      assertThat(gateway.ledger.only().outcome()).isEqualTo(SettledCall.Outcome.COMPLETED);
      assertThat(gateway.ledger.only().usage().output()).isEqualTo(7);
    }
  }

  @Test
  void a_stream_that_cannot_be_read_passes_and_is_settled_by_a_floor() throws IOException {
    provider.always(exchange -> {
      exchange.streamHead("content-encoding: br");
      exchange.chunk("nobody reads this");
      exchange.end();
    });
    try (var gateway = RunningGateway.with(anthropic("one", provider.uri())).start()) {
      var answer = gateway.messages(Said.ASK_STREAM);

      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.text()).isEqualTo("nobody reads this");
      assertThat(gateway.ledger.only().outcome()).isEqualTo(SettledCall.Outcome.COMPLETED);
      assertThat(gateway.ledger.only().estimated()).isTrue();
      assertThat(gateway.ledger.only().costPico()).isPositive();
    }
  }

  @Test
  void a_silent_stream_gets_pings_between_events() throws IOException {
    provider.always(exchange -> {
      exchange.streamHead();
      exchange.chunk(Said.START + Said.BLOCK + "event: content_block_de");
      exchange.awaitHangUp();
    });
    try (var gateway = one().pingInterval(Duration.ofMillis(30)).start();
        var wire = gateway.connect().send(STREAM_CALL)) {
      HttpBytes.readHead(wire.in());
      assertThat(chunk(wire)).isEqualTo(Said.START + Said.BLOCK);
      for (int ping = 0; ping < 3; ping++) {
        assertThat(chunk(wire)).isEqualTo("event: ping\ndata: {\"type\": \"ping\"}\n\n");
      }
    }
  }

  @Test
  void a_silent_openai_stream_gets_comments() throws IOException {
    provider.always(exchange -> {
      exchange.streamHead();
      exchange.chunk(Said.CHUNK);
      exchange.awaitHangUp();
    });
    try (var gateway =
            RunningGateway.with(openAi("o", provider.uri()))
                .pingInterval(Duration.ofMillis(30))
                .start();
        var wire =
            gateway
                .connect()
                .send(
                    post(
                        "/v1/chat/completions",
                        Said.ASK_CHAT_STREAM,
                        "authorization: Bearer " + SECRET))) {
      HttpBytes.readHead(wire.in());
      assertThat(chunk(wire)).isEqualTo(Said.CHUNK);
      assertThat(chunk(wire)).isEqualTo(": ping\n\n");
    }
  }

  @Test
  void while_the_last_target_thinks_the_client_hears_pings_and_not_silence() throws IOException {
    var goOn = new CountDownLatch(1);
    provider.always(exchange -> {
      exchange.streamHead();
      exchange.chunk(Said.PING);
      await(goOn);
      exchange.chunk(String.join("", Said.STREAM));
      exchange.end();
    });
    try (var gateway = one().pingInterval(Duration.ofMillis(30)).start();
        var wire = gateway.connect().send(STREAM_CALL)) {
      assertThat(HttpBytes.readHead(wire.in()).status()).isEqualTo(200);
      assertThat(chunk(wire)).isEqualTo(Said.PING);
      assertThat(chunk(wire)).isEqualTo("event: ping\ndata: {\"type\": \"ping\"}\n\n");

      goOn.countDown();

      Await.until("the call is settled", () -> !gateway.ledger.settled.isEmpty());
      assertThat(gateway.ledger.only().outcome()).isEqualTo(SettledCall.Outcome.COMPLETED);
    }
  }

  @Test
  void a_provider_that_falls_silent_is_given_up() throws IOException {
    provider.always(exchange -> {
      exchange.streamHead();
      exchange.chunk(Said.START);
      exchange.awaitHangUp();
    });
    var impatient = provider("a", Dialect.ANTHROPIC, provider.uri(), Duration.ofMillis(80));
    try (var gateway = RunningGateway.with(impatient).start()) {
      var answer = gateway.ask(STREAM_CALL);

      assertThat(answer.whole()).isFalse();
      assertThat(answer.text()).contains("event: error");
      assertThat(gateway.ledger.only().outcome()).isEqualTo(SettledCall.Outcome.CUT);
    }
  }

  @Test
  void a_client_that_leaves_takes_the_provider_along_at_once() throws IOException {
    var hungUp = new AtomicLong();
    provider.always(exchange -> {
      exchange.streamHead();
      exchange.chunk(Said.START + Said.DELTA);
      hungUp.set(exchange.awaitHangUp());
    });
    try (var gateway = one().start()) {
      long left;
      try (var wire = gateway.connect().send(STREAM_CALL)) {
        HttpBytes.readHead(wire.in());
        chunk(wire);
        left = System.nanoTime();
      }
      Await.until("the provider is hung up on", () -> hungUp.get() != 0);

      assertThat(Duration.ofNanos(hungUp.get() - left)).isLessThan(Duration.ofMillis(500));
      var settled = gateway.ledger.only();
      assertThat(settled.outcome()).isEqualTo(SettledCall.Outcome.ABORTED);
      assertThat(settled.usage().input()).isEqualTo(11);
      assertThat(settled.usage().output()).isPositive();
      assertThat(settled.estimated()).isTrue();
      assertThat(settled.status()).isEqualTo(200);
      assertThat(gateway.gateway().openCalls()).isZero();
    }
  }

  @Test
  void a_client_that_leaves_before_any_answer_is_settled_by_a_floor() throws IOException {
    var asked = new CountDownLatch(1);
    provider.always(exchange -> {
      asked.countDown();
      exchange.awaitHangUp();
    });
    try (var gateway = one().start()) {
      try (var wire = gateway.connect().send(STREAM_CALL)) {
        await(asked);
      }
      var settled = gateway.ledger.only();

      assertThat(settled.outcome()).isEqualTo(SettledCall.Outcome.ABORTED);
      assertThat(settled.status()).isNull();
      assertThat(settled.estimated()).isTrue();
      assertThat(settled.usage().input())
          .isEqualTo(settled.opened().estimatedInputTokens())
          .isPositive();
    }
  }

  @Test
  void a_slow_reader_slows_the_provider_and_fills_no_memory() throws IOException {
    var event = Said.DELTA.replace("hällo", "x".repeat(64 << 10)).getBytes(StandardCharsets.UTF_8);
    var written = new AtomicLong();
    long most = 256L << 20;
    provider.always(exchange -> {
      exchange.streamHead();
      exchange.chunk(Said.START);
      while (written.get() < most) {
        exchange.chunk(event);
        written.addAndGet(event.length);
      }
    });
    try (var gateway = one().start();
        var wire = gateway.connect()) {
      wire.socket().setReceiveBufferSize(64 << 10);
      wire.send(STREAM_CALL);
      HttpBytes.readHead(wire.in());
      long settledAt = steady(written);

      assertThat(settledAt).isLessThan(32L << 20);

      for (long read = 0; read < 2 * settledAt; ) {
        read += requireNonNull(HttpBytes.readChunk(wire.in())).length;
      }
      assertThat(written.get()).isGreaterThan(settledAt);
    }
  }

  @Test
  void a_stream_under_way_keeps_its_request_no_longer() throws IOException {
    provider.always(exchange -> {
      exchange.streamHead();
      exchange.chunk(Said.START);
      exchange.awaitHangUp();
    });
    var body = Said.ASK_STREAM.replace("[]", "\"" + "x".repeat(8 << 20) + "\"");
    var call = post("/v1/messages", body, "x-api-key: " + SECRET).getBytes(StandardCharsets.UTF_8);
    var streams = new ArrayList<RunningGateway.Wire>();
    try (var gateway = one().start()) {
      for (int stream = 0; stream < 30; stream++) {
        var wire = gateway.connect().send(call);
        streams.add(wire);
        HttpBytes.readHead(wire.in());
        assertThat(chunk(wire)).isEqualTo(Said.START);
        provider.seen().clear();
      }

      Await.until(
          "the 240 MiB of their requests are gone",
          () -> {
            System.gc();
            var runtime = Runtime.getRuntime();
            return runtime.totalMemory() - runtime.freeMemory() < 150L << 20;
          });
      assertThat(gateway.gateway().openCalls()).isEqualTo(30);
    } finally {
      streams.forEach(RunningGateway.Wire::close);
    }
  }

  /** The value once it has stopped growing. */
  private static long steady(AtomicLong value) {
    var last = new AtomicLong(-1);
    var since = new AtomicLong(System.nanoTime());
    Await.until(
        "the provider is held up",
        () -> {
          long now = value.get();
          if (last.getAndSet(now) != now || now == 0) {
            since.set(System.nanoTime());
          }
          return System.nanoTime() - since.get() > Duration.ofMillis(300).toNanos();
        });
    return value.get();
  }

  private RunningGateway.Setup one() {
    return RunningGateway.with(anthropic("a", provider.uri()));
  }

  private static String chunk(RunningGateway.Wire wire) throws IOException {
    var bytes = HttpBytes.readChunk(wire.in());
    return bytes == null ? "(broken)" : new String(bytes, StandardCharsets.UTF_8);
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
