package io.bellfounder.gateway;

import io.bellfounder.wire.Dialect;
import java.net.URI;
import java.time.Duration;

/**
 * A model provider's address and the credential it is called with.
 *
 * @param name unique among the providers, as configured, such as {@code anthropic}
 * @param baseUrl as the official SDKs mean it: Anthropic's without {@code /v1}, OpenAI's with it
 * @param connectTimeout how long a TCP and TLS connection may take; default 5 s
 * @param firstByteTimeout how long response headers may take; default 300 s (Claude Code itself
 *     gives up at 360 s)
 * @param idleTimeout how long a response may be silent between two bytes; default 300 s
 */
public record Provider(
    String name,
    Dialect dialect,
    URI baseUrl,
    Credential credential,
    Duration connectTimeout,
    Duration firstByteTimeout,
    Duration idleTimeout) {

  /** How a provider wants to be shown its secret. {@code toString} never prints it. */
  public sealed interface Credential {
    /** What nobody but the provider may see; empty if there is nothing. */
    String secret();

    /** {@code x-api-key: secret}. */
    record ApiKeyHeader(String secret) implements Credential {
      @Override
      public String toString() {
        return "ApiKeyHeader[***]";
      }
    }

    /** {@code authorization: Bearer secret}. */
    record Bearer(String secret) implements Credential {
      @Override
      public String toString() {
        return "Bearer[***]";
      }
    }

    /** No credential, as a local Ollama wants it. */
    record None() implements Credential {
      @Override
      public String secret() {
        return "";
      }
    }
  }
}
