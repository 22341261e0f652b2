package io.bellfounder.gateway;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.PoolOptions;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * One event loop with its own server, connection pools and calls: both legs of a call stay on it,
 * so nothing of a call is shared between threads.
 */
final class EventLoop extends VerticleBase {
  /** Providers close idle connections after a minute or more; a shorter life avoids most races. */
  private static final int KEEP_ALIVE_SECONDS = 30;

  /** The control plane closes idle connections itself after 30 s. */
  private static final int CONTROL_KEEP_ALIVE_SECONDS = 10;

  /** Of the whole connection, both ways: longer than any provider may be silent. */
  private static final int SERVER_IDLE_SECONDS = 900;

  private static final int MAX_HEADER_BYTES = 64 << 10;
  private static final int MAX_REQUEST_LINE_BYTES = 16 << 10;
  private static final int READ_BYTES = 64 << 10;

  private final Plane plane;
  private final Set<CallPath> calls = new LinkedHashSet<>();
  private HttpServer server;
  private HttpClient providers;

  @SuppressWarnings("NullAway.Init") // start() runs before anything else does
  EventLoop(Plane plane) {
    this.plane = plane;
  }

  /**
   * Does nothing that takes a thread: every client made takes Vert.x's next one, so that a loop
   * deployed after it would share a thread and leave another idle. {@link #listen} comes when all
   * loops have theirs.
   */
  @Override
  public Future<?> start() {
    ShortTurns.ask();
    return Future.succeededFuture();
  }

  /** Serves from now on; called once, from any thread, when every loop has started. */
  Future<?> listen() {
    return Future.future(listening ->
        context.runOnContext(
            now -> Future.succeededFuture().compose(ready -> serve()).onComplete(listening)));
  }

  private Future<HttpServer> serve() {
    providers = vertx.createHttpClient(client(KEEP_ALIVE_SECONDS), pool());
    var control =
        new ControlPlane(
            vertx.createHttpClient(client(CONTROL_KEEP_ALIVE_SECONDS), pool()),
            () -> plane.controlPlane,
            plane.trustedProxies);
    server = vertx.createHttpServer(server());
    server.requestHandler(new FrontDoor(this, plane, control));
    long tick = Math.clamp(plane.config.pingInterval().toMillis() / 5, 5, 250);
    vertx.setPeriodic(tick, timer -> tick());
    // A negative port is one free port shared by all loops of the deployment.
    int port = plane.config.port() == 0 ? -1 : plane.config.port();
    return server.listen(port, plane.config.host());
  }

  private void tick() {
    if (!calls.isEmpty()) {
      long now = System.nanoTime();
      for (var call : List.copyOf(calls)) {
        call.tick(now);
      }
    }
  }

  void opened(CallPath call) {
    calls.add(call);
  }

  void closed(CallPath call) {
    calls.remove(call);
  }

  /** Ends what is left when the time for draining is over. */
  void breakOff() {
    for (var call : List.copyOf(calls)) {
      call.breakOff("Bellfounder is shutting down.");
    }
  }

  HttpClient providers() {
    return providers;
  }

  Context context() {
    return context;
  }

  int port() {
    return server.actualPort();
  }

  private static HttpServerOptions server() {
    return new HttpServerOptions()
        .setTcpNoDelay(true)
        .setHttp2ClearTextEnabled(false)
        .setHandle100ContinueAutomatically(false)
        // WebSockets are tunnelled as bytes, so nothing of them is handled here.
        .setPerMessageWebSocketCompressionSupported(false)
        .setPerFrameWebSocketCompressionSupported(false)
        .setMaxHeaderSize(MAX_HEADER_BYTES)
        .setMaxInitialLineLength(MAX_REQUEST_LINE_BYTES)
        .setMaxChunkSize(READ_BYTES)
        .setIdleTimeout(SERVER_IDLE_SECONDS)
        .setIdleTimeoutUnit(TimeUnit.SECONDS)
        .setAcceptBacklog(4_096);
  }

  private static HttpClientOptions client(int keepAliveSeconds) {
    return new HttpClientOptions()
        .setProtocolVersion(HttpVersion.HTTP_1_1)
        .setTcpNoDelay(true)
        .setTcpKeepAlive(true)
        .setKeepAlive(true)
        .setKeepAliveTimeout(keepAliveSeconds)
        .setPipelining(false)
        .setDecompressionSupported(false)
        .setVerifyHost(true)
        .setForceSni(true)
        .setMaxHeaderSize(MAX_HEADER_BYTES)
        .setMaxChunkSize(READ_BYTES);
  }

  private PoolOptions pool() {
    return new PoolOptions()
        .setHttp1MaxSize(plane.config.limits().maxConnections())
        .setMaxWaitQueueSize(plane.config.limits().maxQueued());
  }
}
