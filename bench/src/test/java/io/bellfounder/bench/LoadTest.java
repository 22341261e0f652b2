package io.bellfounder.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;
import org.junit.jupiter.api.Test;

class LoadTest {

  @Test
  void a_message_ends_where_its_length_or_its_chunks_say_however_its_bytes_arrive() {
    String counted = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    String chunked =
        "HTTP/1.1 529 X\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n";
    byte[] bytes = (counted + chunked + counted).getBytes(StandardCharsets.US_ASCII);
    MessageEnd end = new MessageEnd();

    StringBuilder statuses = new StringBuilder();
    for (byte b : bytes) {
      if (end.consume(Unpooled.wrappedBuffer(new byte[] {b}))) {
        statuses.append(end.status()).append(' ');
      }
    }
    ByteBuf whole = Unpooled.wrappedBuffer(bytes);
    while (whole.isReadable() && end.consume(whole)) {
      statuses.append(end.status()).append(' ');
    }

    assertThat(statuses).hasToString("200 529 200 200 529 200 ");
  }

  @Test
  void a_closed_load_counts_answers_and_errors_apart() throws Exception {
    AtomicInteger asked = new AtomicInteger();
    HttpServer server = server(() -> asked.incrementAndGet() % 10 == 0 ? 500 : 200);
    server.start();
    int port = server.getAddress().getPort();
    try (Load load = new Load(port, Workload.ALL.getFirst().request(port, "key"), 4)) {
      Load.Result result = load.closed(Duration.ofMillis(700));

      assertThat(result.latencyNanos().getTotalCount()).isPositive();
      assertThat(result.errors()).isPositive();
      assertThat(result.errors() + result.latencyNanos().getTotalCount())
          .isLessThanOrEqualTo(asked.get());
    } finally {
      server.stop(0);
    }
  }

  @Test
  void an_open_load_sends_and_does_not_count_what_is_due_before_its_connections_are_at_work()
      throws Exception {
    AtomicInteger asked = new AtomicInteger();
    HttpServer server =
        server(() -> {
          asked.incrementAndGet();
          return 200;
        });
    server.start();
    int port = server.getAddress().getPort();
    try (Load load = new Load(port, Workload.ALL.getFirst().request(port, "key"), 4)) {
      Load.Result result = load.open(Duration.ofMillis(500), 200);

      assertThat(result.latencyNanos().getTotalCount()).isBetween(1L, 100L);
      assertThat(asked.get() - result.latencyNanos().getTotalCount()).isGreaterThanOrEqualTo(100);
    } finally {
      server.stop(0);
    }
  }

  private static HttpServer server(IntSupplier status) throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext(
        "/",
        exchange -> {
          exchange.getRequestBody().readAllBytes();
          exchange.sendResponseHeaders(status.getAsInt(), 2);
          try (exchange) {
            exchange.getResponseBody().write("ok".getBytes(StandardCharsets.US_ASCII));
          }
        });
    return server;
  }

  @Test
  void a_workload_has_the_size_it_names() {
    for (Workload workload : Workload.ALL) {
      String request = new String(workload.request(1, "key"), StandardCharsets.US_ASCII);
      String body = request.substring(request.indexOf("\r\n\r\n") + 4);

      assertThat(body.length())
          .as(workload.key())
          .isBetween(workload.bodyBytes() - 8, workload.bodyBytes() + 8);
      assertThat(request).contains("content-length: " + body.length() + "\r\n");
    }
  }
}
