package io.bellfounder.gateway;

import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.file.FileSystemOptions;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * The data plane, running: one port that answers model calls and streams everything else to the
 * control plane. All methods may be called from any thread but the gateway's own event loops.
 */
public final class Gateway implements AutoCloseable {
  private static final Duration START = Duration.ofSeconds(30);
  private static final Duration BREAK_OFF = Duration.ofSeconds(2);
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

  private final Vertx vertx;
  private final Plane plane;
  private final List<EventLoop> loops;

  private Gateway(Vertx vertx, Plane plane, List<EventLoop> loops) {
    this.vertx = vertx;
    this.plane = plane;
    this.loops = loops;
  }

  /**
   * Listens and serves.
   *
   * @throws IllegalStateException if the address cannot be listened on
   */
  public static Gateway start(GatewayConfig config, GatewayPorts ports) {
    var vertx =
        Vertx.vertx(
            new VertxOptions()
                .setPreferNativeTransport(true)
                .setEventLoopPoolSize(config.eventLoops())
                .setWorkerPoolSize(1)
                .setInternalBlockingPoolSize(2)
                .setFileSystemOptions(
                    new FileSystemOptions()
                        .setFileCachingEnabled(false)
                        .setClassPathResolvingEnabled(false)));
    var plane = new Plane(config, ports);
    var loops = new CopyOnWriteArrayList<EventLoop>();
    try {
      await(
          vertx.deployVerticle(
              () -> {
                var loop = new EventLoop(plane);
                loops.add(loop);
                return loop;
              },
              new DeploymentOptions().setInstances(config.eventLoops())),
          START);
      await(Future.all(loops.stream().map(EventLoop::listen).toList()), START);
      return new Gateway(vertx, plane, loops);
    } catch (RuntimeException e) {
      vertx.close();
      throw new IllegalStateException(
          "cannot listen on " + config.host() + ":" + config.port() + ": " + e.getMessage(), e);
    }
  }

  /** The port listened on. */
  public int port() {
    return loops.getFirst().port();
  }

  /** Where everything but model calls goes from now on; until it is set that is answered 503. */
  public void controlPlane(URI address) {
    plane.controlPlane = address;
  }

  /** The health of every target met so far. */
  public List<TargetHealth> targets() {
    return plane.targets.health();
  }

  /** Calls under way at this moment. */
  public int openCalls() {
    return plane.callsUnderWay.get();
  }

  /** True once {@link #drain} was called: the gateway is not ready any more. */
  public boolean draining() {
    return plane.draining;
  }

  /**
   * Turns readiness off at once, refuses new calls, waits for those under way, and breaks off what
   * is left when the time is over. Everything is settled when it returns. Blocks.
   *
   * @return true if every call ended by itself
   */
  public boolean drain(Duration atMost) {
    plane.draining = true;
    if (awaitNoCalls(atMost)) {
      return true;
    }
    for (var loop : loops) {
      loop.context().runOnContext(now -> loop.breakOff());
    }
    awaitNoCalls(BREAK_OFF);
    return false;
  }

  private boolean awaitNoCalls(Duration atMost) {
    long deadline = System.nanoTime() + atMost.toNanos();
    while (plane.callsUnderWay.get() > 0) {
      if (System.nanoTime() >= deadline) {
        return false;
      }
      LockSupport.parkNanos(LOOK_NANOS);
    }
    return true;
  }

  /** Stops listening and closes every connection. Drain first. */
  @Override
  public void close() {
    plane.draining = true;
    await(vertx.close(), START);
  }

  private static void await(Future<?> future, Duration atMost) {
    try {
      future.await(atMost.toMillis(), TimeUnit.MILLISECONDS);
    } catch (java.util.concurrent.TimeoutException e) {
      throw new IllegalStateException("no answer from the event loops within " + atMost, e);
    }
  }
}
