package io.bellfounder.server.config;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Every key there is: the one table behind reading, refusing, printing and documenting the
 * configuration.
 */
final class ConfigKeys {

  /**
   * @param path dotted; {@code *} stands for a name the user chooses
   * @param fallback the default as a user would write it; {@code null} if there is none
   * @param range what values are taken, for people
   * @param meaning one sentence for people
   */
  record Key(String path, @Nullable String fallback, String range, String meaning, boolean secret) {

    boolean named() {
      return path.contains(".*.");
    }

    /**
     * {@code SERVER_MAX_BODY_BYTES} for {@code server.maxBodyBytes}, the last part only for a named
     * key.
     */
    String environmentSuffix() {
      String last = named() ? path.substring(path.indexOf(".*.") + 3) : path;
      return last.replaceAll("([a-z0-9])([A-Z])", "$1_$2")
          .replace('.', '_')
          .toUpperCase(Locale.ROOT);
    }

    /** The section of a named key, {@code PROVIDERS} for {@code providers.*.baseUrl}. */
    String environmentSection() {
      return path.substring(0, path.indexOf('.')).toUpperCase(Locale.ROOT);
    }
  }

  static final List<Key> ALL =
      List.of(
          key(
              "server.host",
              "127.0.0.1",
              "an address or host name",
              "Where the front door listens."),
          key(
              "server.port",
              "8080",
              "0 to 65535; 0 takes any free port",
              "The one port of everything."),
          key(
              "server.publicUrl",
              null,
              "an http or https URL",
              "How users reach this server, for links and set-up instructions; without it, the address it listens at."),
          key(
              "server.trustedProxies",
              "",
              "a list of addresses or CIDR blocks",
              "Proxies in front whose X-Forwarded-For counts: the nearest address in it that is none of them is the client. From anyone else it is ignored."),
          key(
              "server.maxBodyBytes",
              "32MiB",
              "1KiB to 256MiB",
              "A larger request body is refused with 413 in the client's error shape."),
          key(
              "server.drainDelay",
              "0s",
              "0s to 5m",
              "How long after SIGTERM new calls are still taken while readiness says 503: behind a load balancer, longer than it takes to notice."),
          key(
              "server.drainTimeout",
              "30s",
              "0s to 1h",
              "How long calls under way may take before they are cut, from SIGTERM and server.drainDelay on."),
          key(
              "server.roles",
              "all",
              "a list of all, gateway, console",
              "What this process does: the gateway alone, the control plane alone, or both."),
          key("data.dir", "./.bell", "a directory", "Where everything is kept that must survive."),
          key(
              "database.url",
              null,
              "jdbc:postgresql://… or postgres://…, PostgreSQL 15 or later",
              "The database; without it an embedded PostgreSQL is started under the data directory."),
          key("database.user", null, "text", "Overrides the user in the URL."),
          secret("database.password", null, "text", "Overrides the password in the URL."),
          key(
              "database.poolSize",
              "10",
              "2 to 200",
              "Connections of the control plane; the gateway needs none."),
          secret(
              "security.masterKey",
              null,
              "at least 32 characters",
              "What keys are hashed and secrets encrypted under; without it, the file master.key in the data directory, made on the first start."),
          key(
              "gateway.pingInterval",
              "10s",
              "100ms to 5m",
              "A stream that is silent this long gets a ping at an event boundary."),
          key("gateway.connectTimeout", "5s", "100ms to 1m", "TCP and TLS to a provider."),
          key(
              "gateway.firstByteTimeout",
              "300s",
              "100ms to 1h",
              "Until a provider's response headers. Claude Code itself gives up after 360 s."),
          key(
              "gateway.idleTimeout",
              "300s",
              "100ms to 1h",
              "Between two bytes of a provider's response."),
          key(
              "gateway.totalDeadline",
              "340s",
              "1s to 1h",
              "How long attempts and waits may go on before the first event of an answer."),
          key(
              "gateway.breaker.failures",
              "3",
              "1 to 1000",
              "Consecutive failures of a target that open its circuit breaker."),
          key(
              "gateway.breaker.openFor",
              "30s",
              "100ms to 1h",
              "How long an opened breaker keeps calls away at first; it doubles while the target stays bad, up to 5 minutes."),
          key(
              "gateway.maxConcurrentCalls",
              "2000",
              "1 to 100000",
              "Calls under way at once; one more is refused with 503 and retry-after."),
          key(
              "gateway.ledger.syncInterval",
              "50ms",
              "1ms to 10s",
              "How much a power cut can lose of the ledger; a killed process loses nothing."),
          key(
              "gateway.ledger.maxBytes",
              "2GiB",
              "16MiB to 1TiB",
              "Disk the ledger may use while the database is away; beyond it new calls are refused."),
          key(
              "providers.*.dialect",
              null,
              "anthropic or openai",
              "The protocol the provider understands."),
          key(
              "providers.*.baseUrl",
              null,
              "an http or https URL",
              "As the official SDKs mean it: Anthropic's without /v1, OpenAI's with it."),
          secret("providers.*.apiKey", null, "one line of printable ASCII", "The provider's key."),
          key(
              "providers.*.auth",
              null,
              "x-api-key, bearer or none",
              "How the key is shown; by default x-api-key for Anthropic's dialect, bearer for OpenAI's."),
          key(
              "providers.*.models",
              null,
              "a list of patterns; * stands for anything",
              "Model names that lead here without a route of their own."),
          key(
              "routes.*.targets",
              null,
              "a list of {provider, model} or provider/model",
              "Where the model name leads, tried in order; without a model the name is passed on."),
          key(
              "prices.file",
              null,
              "a file",
              "Your own price file instead of the packaged one; reloaded when it changes."),
          key(
              "logging.level",
              "info",
              "debug, info, warn or error",
              "Least severe level that is written."),
          key("logging.format", "json", "json or text", "How a log line looks."));

  private ConfigKeys() {}

  /** The key that a written path means, with names of the user's choice matched by {@code *}. */
  static Optional<Key> find(String path) {
    return ALL.stream().filter(key -> matches(key.path(), path)).findFirst();
  }

  static boolean matches(String pattern, String path) {
    int star = pattern.indexOf(".*.");
    if (star < 0) {
      return pattern.equals(path);
    }
    String head = pattern.substring(0, star + 1);
    String tail = pattern.substring(star + 2);
    return path.startsWith(head)
        && path.endsWith(tail)
        && path.length() > head.length() + tail.length();
  }

  private static Key key(String path, @Nullable String fallback, String range, String meaning) {
    return new Key(path, fallback, range, meaning, false);
  }

  private static Key secret(String path, @Nullable String fallback, String range, String meaning) {
    return new Key(path, fallback, range, meaning, true);
  }
}
