package io.bellfounder.server.dataplane;

import io.bellfounder.gateway.Gateway;
import io.bellfounder.gateway.GatewayConfig;
import io.bellfounder.gateway.GatewayPorts;
import io.bellfounder.gateway.Spool;
import io.bellfounder.gateway.SpoolConfig;
import io.bellfounder.server.config.BellConfig;
import io.bellfounder.server.config.BellConfig.GatewaySettings;
import io.bellfounder.server.config.BellConfig.Role;
import io.bellfounder.server.launch.ControlPlaneAddress;
import io.bellfounder.server.launch.DataDirectory;
import io.bellfounder.server.launch.DatabaseState;
import io.bellfounder.server.launch.LaunchRefused;
import io.bellfounder.server.launch.PublicPort;
import io.bellfounder.server.operation.HealthPart;
import io.bellfounder.server.teams.KeyMemory;
import io.bellfounder.server.tenant.ThreadLocalGenerator;
import io.bellfounder.server.tenant.TimeOrderedIds;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;

/**
 * The gateway's life in this process. Starts last, when the control plane listens, and stops first:
 * calls under way end, their settlements reach the disk, and, as far as a few seconds go, the
 * database.
 */
@Component
final class DataPlane implements SmartLifecycle, PublicPort, HealthPart {
  private static final Logger LOG = LoggerFactory.getLogger(DataPlane.class);

  private final BellConfig config;
  private final DataDirectory data;
  private final KeyMemory keys;
  private final RoutesInForce routes;
  private final Prices prices;
  private final LiveCalls live;
  private final CallStore store;
  private final DatabaseState database;
  private final GatewayHealth health;
  private final GatewayMeters meters;
  private final InstantSource clock;
  private final TimeOrderedIds ids;
  private final ControlPlaneAddress controlPlane;
  private volatile @Nullable Running running;

  DataPlane(
      BellConfig config,
      DataDirectory data,
      KeyMemory keys,
      RoutesInForce routes,
      Prices prices,
      LiveCalls live,
      CallStore store,
      DatabaseState database,
      GatewayHealth health,
      GatewayMeters meters,
      InstantSource clock,
      TimeOrderedIds ids,
      ControlPlaneAddress controlPlane) {
    this.config = config;
    this.data = data;
    this.keys = keys;
    this.routes = routes;
    this.prices = prices;
    this.live = live;
    this.store = store;
    this.database = database;
    this.health = health;
    this.meters = meters;
    this.clock = clock;
    this.ids = ids;
    this.controlPlane = controlPlane;
  }

  private record Running(Spool spool, LedgerShipper shipper, Gateway gateway) {}

  @Override
  public boolean isAutoStartup() {
    return config.server().roles().contains(Role.ALL)
        || config.server().roles().contains(Role.GATEWAY);
  }

  @Override
  public void start() {
    Spool spool = spool();
    LedgerShipper shipper =
        new LedgerShipper(
            spool,
            store,
            live,
            database,
            new RefusedCalls(data.refused(), RefusedCalls.MAX),
            clock);
    try {
      Gateway gateway =
          Gateway.start(
              gatewayConfig(config, node()),
              new GatewayPorts(
                  keys,
                  routes,
                  prices,
                  spool,
                  new CallLog(live),
                  meters,
                  clock,
                  new ThreadLocalGenerator(),
                  ids));
      gateway.controlPlane(URI.create("http://127.0.0.1:" + controlPlane.port().orElseThrow()));
      health.running(gateway);
      meters.shipping(shipper);
      shipper.start();
      running = new Running(spool, shipper, gateway);
    } catch (RuntimeException e) {
      close(spool);
      throw e;
    }
  }

  private Spool spool() {
    try {
      Spool spool =
          Spool.open(
              new SpoolConfig(
                  data.spool(),
                  config.gateway().ledgerMaxBytes(),
                  segmentBytes(config.gateway().ledgerMaxBytes()),
                  config.gateway().ledgerSyncInterval()),
              clock);
      if (spool.recovered() > 0) {
        LOG.warn(
            "{} calls were under way when the process before this one ended; they are settled as interrupted, estimated",
            spool.recovered());
      }
      return spool;
    } catch (IOException e) {
      throw new LaunchRefused(
          "the spool " + data.spool() + " cannot be used: " + e.getMessage(), e);
    }
  }

  /** 16 MiB, or less where the whole spool may have little. */
  private static int segmentBytes(long bytesMax) {
    return (int) Math.clamp(bytesMax / 8, 256 << 10, 16 << 20);
  }

  static GatewayConfig gatewayConfig(BellConfig config, String node) {
    GatewaySettings settings = config.gateway();
    GatewayConfig defaults = GatewayConfig.defaults(node);
    GatewayConfig.Limits limits = defaults.limits();
    Duration openForAtMost = defaults.breaker().openForAtMost();
    return new GatewayConfig(
        config.server().host(),
        config.server().port(),
        node,
        defaults.eventLoops(),
        config.server().trustedProxies(),
        settings.pingInterval(),
        settings.totalDeadline(),
        new GatewayConfig.Limits(
            Math.toIntExact(config.server().maxBodyBytes()),
            limits.maxBodiesBytes(),
            settings.maxConcurrentCalls(),
            limits.maxConnections(),
            limits.maxQueued(),
            limits.bodyIdle()),
        new GatewayConfig.Breaker(
            settings.breakerFailures(),
            settings.breakerOpenFor(),
            settings.breakerOpenFor().compareTo(openForAtMost) > 0
                ? settings.breakerOpenFor()
                : openForAtMost));
  }

  private static String node() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "localhost";
    }
  }

  @Override
  public void stop() {
    Running was = running;
    running = null;
    if (was == null) {
      return;
    }
    if (!was.gateway().drain(config.server().drainTimeout())) {
      LOG.warn(
          "some calls did not end within {} and were broken off", config.server().drainTimeout());
    }
    was.gateway().close();
    health.running(null);
    try {
      was.shipper().stop();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    close(was.spool());
  }

  private static void close(Spool spool) {
    try {
      spool.close();
    } catch (IOException e) {
      LOG.error("the spool did not close as it should; it is checked at the next start", e);
    }
  }

  @Override
  public boolean isRunning() {
    return running != null;
  }

  /** The front door's; the control plane's where this process has no gateway. */
  @Override
  public int port() {
    Running now = running;
    return now == null ? controlPlane.port().orElseThrow() : now.gateway().port();
  }

  @Override
  public String name() {
    return "ledger";
  }

  @Override
  public @Nullable String problem() {
    Running now = running;
    return now == null ? null : now.shipper().problem();
  }
}
