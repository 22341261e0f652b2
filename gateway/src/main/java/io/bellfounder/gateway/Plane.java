package io.bellfounder.gateway;

import io.bellfounder.wire.Dialect;
import java.net.URI;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** What all event loops share. */
final class Plane {
  final GatewayConfig config;
  final GatewayPorts ports;
  final Targets targets;
  final RetryBudget retryBudget = new RetryBudget();
  final TrustedProxies trustedProxies;
  final AtomicInteger callsUnderWay = new AtomicInteger();
  final BodyBudget bodies;
  volatile boolean draining;
  volatile @Nullable URI controlPlane;

  Plane(GatewayConfig config, GatewayPorts ports) {
    this.config = config;
    this.ports = ports;
    this.bodies = new BodyBudget(config.limits().maxBodiesBytes());
    this.targets = new Targets(config.breaker(), ports.clock(), ports.routes().get());
    this.trustedProxies = new TrustedProxies(config.trustedProxies());
  }

  RouteTable routes() {
    var routes = ports.routes().get();
    targets.seen(routes);
    return routes;
  }

  void refused(Dialect dialect, int status, String reason) {
    ports.metrics().refused(dialect, status, reason);
  }

  /**
   * Request bodies held for a fail-over, together, so that many large ones cannot fill the heap.
   */
  static final class BodyBudget {
    private final long most;
    private final AtomicLong held = new AtomicLong();

    BodyBudget(long most) {
      this.most = most;
    }

    boolean take(int bytes) {
      if (held.addAndGet(bytes) <= most) {
        return true;
      }
      held.addAndGet(-bytes);
      return false;
    }

    long most() {
      return most;
    }

    void giveBack(int bytes) {
      held.addAndGet(-bytes);
    }
  }
}
