package io.bellfounder.gateway;

import java.time.Duration;
import java.util.List;

/**
 * How the data plane listens and where its bounds lie.
 *
 * @param host the address to listen on; default {@code 127.0.0.1}
 * @param port 0..65535; 0 takes a free one; default 8080
 * @param node names this process in every record it writes
 * @param eventLoops 1..64; default: the number of processors
 * @param trustedProxies addresses or CIDR blocks whose {@code x-forwarded-*} headers count; default
 *     none
 * @param pingInterval a stream's silence after which the client gets a ping, 10 ms..5 min; default
 *     10 s
 * @param totalDeadline how long a call may look for a target before its first event, at least 1 ms;
 *     default 340 s, just below the 360 s at which Claude Code gives up
 */
public record GatewayConfig(
    String host,
    int port,
    String node,
    int eventLoops,
    List<String> trustedProxies,
    Duration pingInterval,
    Duration totalDeadline,
    Limits limits,
    Breaker breaker) {

  public GatewayConfig {
    trustedProxies = List.copyOf(trustedProxies);
    require(port >= 0 && port <= 65_535, "port must be 0..65535");
    require(eventLoops >= 1 && eventLoops <= 64, "eventLoops must be 1..64");
    require(
        pingInterval.toMillis() >= 10 && pingInterval.toMillis() <= 300_000,
        "pingInterval must be 10ms..5m");
    require(totalDeadline.toMillis() >= 1, "totalDeadline must be at least 1ms");
  }

  /** The defaults named above, for a node. */
  public static GatewayConfig defaults(String node) {
    return new GatewayConfig(
        "127.0.0.1",
        8080,
        node,
        Math.clamp(Runtime.getRuntime().availableProcessors(), 1, 64),
        List.of(),
        Duration.ofSeconds(10),
        Duration.ofSeconds(340),
        Limits.DEFAULTS,
        Breaker.DEFAULTS);
  }

  /**
   * What the gateway holds at most.
   *
   * @param maxBodyBytes the largest request body, 1 KiB..1 GiB; default 32 MiB, the providers' own
   *     bound
   * @param maxBodiesBytes what the bodies of all calls under way may hold together, at least 1;
   *     default a quarter of the heap; one more gets 503
   * @param maxCalls calls under way at a time, at least 1; default 10,000; one more gets 503
   * @param maxConnections connections to one provider per event loop, at least 1; default 4,096
   * @param maxQueued calls waiting for one of those, at least 0; default 1,024; one more fails over
   * @param bodyIdle how long a request's body may stand still, at least 1 ms; default 60 s
   */
  public record Limits(
      int maxBodyBytes,
      long maxBodiesBytes,
      int maxCalls,
      int maxConnections,
      int maxQueued,
      Duration bodyIdle) {
    public static final Limits DEFAULTS =
        new Limits(
            32 << 20,
            Runtime.getRuntime().maxMemory() / 4,
            10_000,
            4_096,
            1_024,
            Duration.ofSeconds(60));

    public Limits {
      require(maxBodyBytes >= 1024 && maxBodyBytes <= 1 << 30, "maxBodyBytes must be 1 KiB..1 GiB");
      require(maxBodiesBytes >= 1, "maxBodiesBytes must be at least 1");
      require(maxCalls >= 1, "maxCalls must be at least 1");
      require(maxConnections >= 1, "maxConnections must be at least 1");
      require(maxQueued >= 0, "maxQueued must not be negative");
      require(bodyIdle.toMillis() >= 1, "bodyIdle must be at least 1ms");
    }
  }

  /**
   * When a target is left alone.
   *
   * @param failures consecutive ones that open the breaker, 1..1000; default 3
   * @param openFor how long it stays open the first time; doubles with every failed probe; default
   *     30 s
   * @param openForAtMost where the doubling ends; default 5 min
   */
  public record Breaker(int failures, Duration openFor, Duration openForAtMost) {
    public static final Breaker DEFAULTS =
        new Breaker(3, Duration.ofSeconds(30), Duration.ofMinutes(5));

    public Breaker {
      require(failures >= 1 && failures <= 1_000, "breaker failures must be 1..1000");
      require(openFor.isPositive(), "breaker openFor must be positive");
      require(openForAtMost.compareTo(openFor) >= 0, "breaker openForAtMost is below openFor");
    }
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new IllegalArgumentException(otherwise);
    }
  }
}
