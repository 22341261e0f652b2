package io.bellfounder.gateway;

import static io.bellfounder.gateway.RunningGateway.SECRET;
import static io.bellfounder.gateway.RunningGateway.anthropic;
import static io.bellfounder.gateway.RunningGateway.post;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A connection to a provider serves the next call only if nothing of the last one is left in it.
 */
class KeptConnectionsTest {
  private static final String HEAD =
      "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: "
          + HttpBytes.bytes(Said.ANSWER).length
          + "\r\n\r\n";

  @ParameterizedTest
  @ValueSource(ints = {102, 104, 199})
  void what_follows_an_interim_answer_never_answers_another_call(int status) throws IOException {
    try (var provider =
            new ScriptedProvider()
                .then(exchange -> {
                  exchange.raw("HTTP/1.1 " + status + " Wait\r\n\r\n");
                  if (exchange.in().read() >= 0) {
                    exchange.answer(200, "{\"of\":\"the call before\"}");
                  }
                })
                .always(exchange -> exchange.answer(200, Said.ANSWER));
        var gateway = RunningGateway.with(anthropic("a", provider.uri())).oneLoop().start()) {
      assertThat(gateway.messages(Said.ASK).status()).isEqualTo(503);

      assertThat(gateway.messages(Said.ASK).text()).isEqualTo(Said.ANSWER);
    }
  }

  @Test
  void a_call_does_not_wait_behind_a_request_that_its_provider_left_unread() throws IOException {
    var ask = Said.ASK.replace("[]", "[\"" + "x".repeat(16 << 20) + "\"]");
    try (var server = new ServerSocket(0, 2, InetAddress.getLoopbackAddress());
        var gateway =
            RunningGateway.with(
                    anthropic("a", URI.create("http://127.0.0.1:" + server.getLocalPort())))
                .oneLoop()
                .start();
        var before = gateway.connect().send(post("/v1/messages", ask, "x-api-key: " + SECRET));
        var unread = server.accept()) {
      HttpBytes.readHead(unread.getInputStream());
      unread.getOutputStream().write(HttpBytes.bytes(HEAD + Said.ANSWER));
      assertThat(before.answer().text()).isEqualTo(Said.ANSWER);

      server.setSoTimeout(5_000);
      try (var next =
              gateway.connect().send(post("/v1/messages", Said.ASK, "x-api-key: " + SECRET));
          var provider = server.accept()) {
        HttpBytes.readHead(provider.getInputStream());
        provider.getOutputStream().write(HttpBytes.bytes(HEAD + Said.ANSWER));
        assertThat(next.answer().text()).isEqualTo(Said.ANSWER);
      }
    }
  }
}
