package io.bellfounder.server;

import io.bellfounder.server.config.ConfigFile;
import io.bellfounder.server.launch.ControlPlaneAddress;
import io.bellfounder.server.launch.Launched;
import io.bellfounder.testing.TemporaryDatabase;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The whole server in this process, on a throw-away database. */
public final class TestServer implements AutoCloseable {
  private final Launched launched;

  private TestServer(Launched launched) {
    this.launched = launched;
  }

  public static TestServer start(TemporaryDatabase database, Path data)
      throws InterruptedException {
    TestServer server = start(data, null, Map.of("BELL_DATABASE_URL", database.url()));
    if (!server.launched.awaitDatabase(Duration.ofSeconds(30))) {
      throw new AssertionError("the database was not migrated in time");
    }
    return server;
  }

  /** Does not wait for the database. */
  public static TestServer start(
      Path data, @Nullable Path config, Map<String, String> environment) {
    Map<String, String> all = new LinkedHashMap<>();
    all.put("BELL_DATA_DIR", data.resolve("data").toString());
    all.put("BELL_SERVER_PORT", "0");
    all.putAll(environment);
    ConfigFile source = new ConfigFile(config, all, Map.of());
    return new TestServer(Launched.start(BellfounderApplication.class, source, source.load()));
  }

  public <T> T bean(Class<T> type) {
    return launched.context().getBean(type);
  }

  public Launched launched() {
    return launched;
  }

  /** The control plane itself, behind the front door. */
  public String url() {
    return "http://127.0.0.1:" + bean(ControlPlaneAddress.class).port().orElseThrow();
  }

  /** Where clients go. */
  public String publicUrl() {
    return "http://127.0.0.1:" + launched.port();
  }

  /** The token of the administrator's one-time link. */
  public String linkToken() {
    String link = launched.firstSignIn().orElseThrow();
    return link.substring(link.indexOf("#token=") + "#token=".length());
  }

  /** Nobody yet. */
  public Browser browser() {
    return new Browser(url());
  }

  /** The first administrator, by the link. */
  public Browser administrator() {
    Browser browser = browser();
    browser.post("/session/link", Map.of("token", linkToken())).mustBe(200);
    return browser;
  }

  @Override
  public void close() {
    launched.close();
  }
}
