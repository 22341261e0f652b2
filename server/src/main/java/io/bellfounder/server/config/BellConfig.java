package io.bellfounder.server.config;

import io.bellfounder.wire.Dialect;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Everything a user can set. Ranges and defaults stand in {@link ConfigKeys}, which is also what
 * the reference documentation is checked against.
 *
 * @param providers in the order they were configured
 * @param routes in the order they were configured
 */
public record BellConfig(
    Server server,
    Path dataDir,
    Database database,
    @Nullable Secret masterKey,
    GatewaySettings gateway,
    List<ProviderSettings> providers,
    List<RouteSettings> routes,
    @Nullable Path priceFile,
    Logging logging) {

  public BellConfig {
    providers = List.copyOf(providers);
    routes = List.copyOf(routes);
  }

  /**
   * The front door.
   *
   * @param port 0 takes any free port
   * @param publicUrl how users reach this server, for links and set-up instructions; {@code null}
   *     means the address it listens at
   * @param trustedProxies addresses or CIDR blocks whose {@code X-Forwarded-For} counts
   * @param maxBodyBytes a larger request body is refused with 413
   * @param drainDelay how long calls are taken as before after SIGTERM, while readiness says no
   * @param drainTimeout how long calls under way may take after SIGTERM
   */
  public record Server(
      String host,
      int port,
      @Nullable URI publicUrl,
      List<String> trustedProxies,
      long maxBodyBytes,
      Duration drainDelay,
      Duration drainTimeout,
      Set<Role> roles) {
    public Server {
      trustedProxies = List.copyOf(trustedProxies);
      roles = Set.copyOf(roles);
    }
  }

  /** What a process does. */
  public enum Role {
    ALL,
    GATEWAY,
    CONSOLE
  }

  /**
   * The database.
   *
   * @param url a JDBC or {@code postgres://} URL; {@code null} starts the embedded PostgreSQL under
   *     the data directory
   * @param poolSize connections of the control plane; the gateway uses none
   */
  public record Database(
      @Nullable String url, @Nullable String user, @Nullable Secret password, int poolSize) {}

  /**
   * The data plane.
   *
   * @param pingInterval a stream that is silent this long gets a ping of ours at an event boundary
   * @param connectTimeout TCP and TLS to a provider
   * @param firstByteTimeout until a provider's response headers
   * @param idleTimeout between two bytes of a provider's response
   * @param totalDeadline how long fail-over may go on before the first event
   * @param breakerFailures consecutive failures that open a target's circuit breaker
   * @param breakerOpenFor how long it stays open at first
   * @param ledgerSyncInterval the most that a power cut can lose; {@code kill -9} loses nothing
   * @param ledgerMaxBytes the disk the spool may use while the database is away; beyond it new
   *     calls are refused
   */
  public record GatewaySettings(
      Duration pingInterval,
      Duration connectTimeout,
      Duration firstByteTimeout,
      Duration idleTimeout,
      Duration totalDeadline,
      int breakerFailures,
      Duration breakerOpenFor,
      int maxConcurrentCalls,
      Duration ledgerSyncInterval,
      long ledgerMaxBytes) {}

  /** How a provider wants to be shown its key. */
  public enum Auth {
    X_API_KEY,
    BEARER,
    NONE
  }

  /**
   * One provider.
   *
   * @param baseUrl as the official SDKs mean it: Anthropic's without {@code /v1}, OpenAI's with it
   * @param models patterns of model names that go here without a route of their own; {@code *}
   *     stands for anything
   * @param source where the provider was configured, for people
   */
  public record ProviderSettings(
      String name,
      Dialect dialect,
      URI baseUrl,
      Auth auth,
      @Nullable Secret apiKey,
      List<String> models,
      String source) {
    public ProviderSettings {
      models = List.copyOf(models);
    }
  }

  /** A public model name and where it leads, in order. */
  public record RouteSettings(String name, List<TargetSettings> targets) {
    public RouteSettings {
      targets = List.copyOf(targets);
    }
  }

  /**
   * @param model {@code null} passes on the name the client asked for
   */
  public record TargetSettings(String provider, @Nullable String model) {}

  /** What is logged: {@code json} lines for machines or {@code text} for a terminal. */
  public record Logging(Level level, Format format) {
    /** Least severe level that is written. */
    public enum Level {
      DEBUG,
      INFO,
      WARN,
      ERROR
    }

    /** How a line looks. */
    public enum Format {
      JSON,
      TEXT
    }
  }
}
