package io.bellfounder.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A provider, the packaged product in front of it, and a client's wire to that: what most promises
 * are shown on.
 */
final class World implements AutoCloseable {

  static final String ANTHROPIC_MODEL = "claude-opus-5-5";
  static final String OPENAI_MODEL = "gpt-5.2";
  static final String EMBEDDING_MODEL = "text-embedding-3-small";

  /** What the gateway presents to the provider, and a client that goes there by itself. */
  static final String PROVIDER_KEY = "sk-provider-canary-7f3a9c51d2e84b60";

  private final Upstream provider;
  private final Bellfounder server;
  private final Tap front;
  private final Api api;
  private final String key;

  private World(Upstream provider, Bellfounder server) {
    this.provider = provider;
    this.server = server;
    this.front = Tap.before(server.url());
    this.api = server.administrator();
    this.key = api.key("end to end");
  }

  static World start() {
    return start(Map.of());
  }

  /** With further settings in the environment. */
  static World start(Map<String, String> more) {
    Upstream provider = Upstream.start();
    Bellfounder server = null;
    try {
      server = Bellfounder.up(DataDirectories.fresh(), environment(provider.url(), more));
      return new World(provider, server);
    } catch (RuntimeException | AssertionError e) {
      provider.close();
      if (server != null) {
        server.close();
      }
      throw e;
    }
  }

  /**
   * Both providers at one address, as the official SDKs mean it: Anthropic's without {@code /v1},
   * OpenAI's with.
   */
  static Map<String, String> environment(String provider, Map<String, String> more) {
    Map<String, String> environment = new HashMap<>();
    environment.put("ANTHROPIC_API_KEY", PROVIDER_KEY);
    environment.put("OPENAI_API_KEY", PROVIDER_KEY);
    environment.put("BELL_PRICES_FILE", Prices.file().toString());
    // Faults are made here on purpose, one after the other: an open breaker would answer in the
    // provider's stead.
    environment.put("BELL_GATEWAY_BREAKER_FAILURES", "1000");
    environment.put("BELL_PROVIDERS_ANTHROPIC_BASE_URL", provider);
    environment.put("BELL_PROVIDERS_OPENAI_BASE_URL", provider + "/v1");
    environment.putAll(more);
    return environment;
  }

  /**
   * The call is settled, and its usage and cost are what the provider billed, by the tests' own
   * arithmetic.
   */
  void assertSettledAsBilled(JsonNode call) {
    List<Usage> billed =
        provider.bill().getOrDefault(call.path("sessionId").asText(), List.of()).stream()
            .map(Upstream.Billed::usage)
            .toList();
    Usage usage = Usage.of(call.path("usage"));
    assertThat(call.path("outcome").asText()).isEqualTo("completed");
    assertThat(call.path("estimated").asBoolean()).isFalse();
    assertThat(billed).contains(usage);
    assertThat(call.path("costPico").asText())
        .isEqualTo(Prices.of(call.path("targetModel").asText()).cost(usage).toString());
  }

  Upstream provider() {
    return provider;
  }

  Bellfounder server() {
    return server;
  }

  /** The wire between clients and the product. */
  Tap front() {
    return front;
  }

  Api api() {
    return api;
  }

  String key() {
    return key;
  }

  @Override
  public void close() {
    front.close();
    api.close();
    server.close();
    provider.close();
  }
}
