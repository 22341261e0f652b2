package io.bellfounder.gateway;

import static io.bellfounder.gateway.RunningGateway.anthropic;
import static org.assertj.core.api.Assertions.assertThat;

import io.bellfounder.gateway.Attempt.Outcome;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A provider over TLS is trusted by its certificate, and only under the name in it. */
class ProviderTlsTest {
  private static final String PASSWORD = "changeit";

  @TempDir Path directory;

  @BeforeEach
  void makeACertificateForLocalhostAndTrustIt() throws Exception {
    var store = directory.resolve("store.p12");
    var keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                "provider",
                "-keyalg",
                "EC",
                "-dname",
                "CN=localhost",
                "-ext",
                "SAN=dns:localhost",
                "-storetype",
                "PKCS12",
                "-keystore",
                store.toString(),
                "-storepass",
                PASSWORD)
            .redirectErrorStream(true)
            .start();
    keytool.getInputStream().readAllBytes();
    assertThat(keytool.waitFor()).isZero();
    System.setProperty("javax.net.ssl.trustStore", trusted(store).toString());
    System.setProperty("javax.net.ssl.trustStorePassword", PASSWORD);
  }

  @AfterEach
  void trustAsBefore() {
    System.clearProperty("javax.net.ssl.trustStore");
    System.clearProperty("javax.net.ssl.trustStorePassword");
  }

  @Test
  void a_trusted_provider_is_spoken_to_over_tls() throws Exception {
    try (var provider = overTls();
        var gateway =
            RunningGateway.with(anthropic("a", URI.create("https://localhost:" + provider.port())))
                .start()) {
      assertThat(gateway.messages(Said.ASK).text()).isEqualTo(Said.ANSWER);
      assertThat(provider.seen().getFirst().text()).isEqualTo(Said.ASK);
      assertThat(provider.seen().getFirst().header("host"))
          .isEqualTo("localhost:" + provider.port());
    }
  }

  @Test
  void a_certificate_for_another_name_is_refused() throws Exception {
    try (var provider = overTls();
        var gateway =
            RunningGateway.with(anthropic("a", URI.create("https://127.0.0.1:" + provider.port())))
                .start()) {
      assertThat(gateway.messages(Said.ASK).status()).isEqualTo(503);
      assertThat(gateway.ledger.only().attempts().getFirst().outcome())
          .isEqualTo(Outcome.CONNECT_FAILED);
      assertThat(gateway.ledger.only().attempts().getFirst().detail()).startsWith("TLS failed");
      assertThat(provider.seen()).isEmpty();
    }
  }

  private ScriptedProvider overTls() throws GeneralSecurityException, IOException {
    var keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(load(directory.resolve("store.p12")), PASSWORD.toCharArray());
    var context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), null, null);
    return new ScriptedProvider(
            context
                .getServerSocketFactory()
                .createServerSocket(0, 10, InetAddress.getLoopbackAddress()))
        .always(exchange -> exchange.answer(200, Said.ANSWER));
  }

  private Path trusted(Path store) throws GeneralSecurityException, IOException {
    var trust = KeyStore.getInstance("PKCS12");
    trust.load(null, null);
    trust.setCertificateEntry("provider", load(store).getCertificate("provider"));
    var file = directory.resolve("trust.p12");
    try (var out = Files.newOutputStream(file)) {
      trust.store(out, PASSWORD.toCharArray());
    }
    return file;
  }

  private static KeyStore load(Path file) throws GeneralSecurityException, IOException {
    var store = KeyStore.getInstance("PKCS12");
    try (var in = Files.newInputStream(file)) {
      store.load(in, PASSWORD.toCharArray());
    }
    return store;
  }
}
