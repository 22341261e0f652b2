package io.bellfounder.gateway;

import static io.bellfounder.gateway.RunningGateway.anthropic;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.security.cert.CertificateExpiredException;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.Test;

/** What a person reads at an attempt: real failures of the network, in plain words. */
class NetworkFailureTest {

  @Test
  void a_port_nobody_listens_at_refuses_the_connection() throws IOException {
    int port;
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = socket.getLocalPort();
    }
    assertThat(detail(URI.create("http://127.0.0.1:" + port))).isEqualTo("connection refused");
  }

  @Test
  void a_host_that_does_not_exist_is_not_found() {
    assertThat(detail(URI.create("http://provider.invalid")))
        .isEqualTo("its host name was not found");
  }

  @Test
  void a_provider_that_speaks_no_tls_fails_in_tls() {
    try (var provider = new ScriptedProvider()) {
      assertThat(detail(URI.create("https://127.0.0.1:" + provider.port())))
          .startsWith("TLS failed: ")
          .doesNotContain("Exception");
    }
  }

  @Test
  void a_hang_up_before_the_answer_and_a_reset_in_it_are_told_apart() {
    try (var provider = new ScriptedProvider()) {
      provider.always(ScriptedProvider.Exchange::hangUp);
      assertThat(detail(provider.uri()))
          .isEqualTo("the connection broke before it answered: it closed the connection");
      provider.always(exchange -> {
        exchange.streamHead();
        exchange.chunk(Said.STREAM[0]);
        exchange.socket().setSoLinger(true, 0);
        exchange.hangUp();
      });
      assertThat(detail(provider.uri()))
          .startsWith("the connection broke in the middle of its answer: it ")
          .endsWith("the connection")
          .doesNotContain("Exception");
    }
  }

  @Test
  void what_no_test_can_provoke_has_words_too() {
    var expired = new SSLHandshakeException("(certificate_expired) PKIX path validation failed");
    expired.initCause(new CertificateExpiredException("NotAfter: long ago"));
    assertThat(NetworkFailure.connecting(expired))
        .isEqualTo("TLS failed: its certificate has expired");
    assertThat(NetworkFailure.connecting(new TimeoutException()))
        .isEqualTo("no connection within the time-out");
    assertThat(
            NetworkFailure.broken(
                new IOException("sun.security.StrangeException: nested: something else")))
        .isEqualTo("nested: something else");
    assertThat(NetworkFailure.broken(new IOException())).isEqualTo("no reason is known");
  }

  private static String detail(URI provider) {
    try (var gateway = RunningGateway.with(anthropic("a", provider)).start()) {
      try {
        gateway.messages(Said.ASK_STREAM);
      } catch (IOException broken) {
        // The client's own connection breaks where the provider's did.
      }
      return String.valueOf(gateway.ledger.only().attempts().getLast().detail());
    }
  }
}
