package io.bellfounder.gateway;

import static java.util.Objects.requireNonNull;

import io.bellfounder.wire.Dialect;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import java.util.concurrent.TimeUnit;

/** Answers that the gateway writes itself. */
final class OwnAnswer {
  private static final long LINGER_MILLIS = TimeUnit.SECONDS.toMillis(2);

  /** An unread body up to here is simply read to its end. */
  private static final long SMALL_BODY = 256 << 10;

  private OwnAnswer() {}

  static void refuse(
      HttpServerRequest request, Dialect dialect, Refusal refusal, String requestId) {
    var response = request.response();
    if (response.ended() || response.closed()) {
      return;
    }
    response.setStatusCode(refusal.status());
    if (refusal.retryAfterSeconds() != null) {
      response.putHeader("retry-after", Integer.toString(refusal.retryAfterSeconds()));
    }
    if (refusal.hopeless()) {
      response.putHeader("x-should-retry", "false");
    }
    if (dialect == Dialect.ANTHROPIC) {
      response.putHeader("request-id", requestId);
    }
    json(request, refusal.asBody(dialect, requestId), requestId);
  }

  static void json(HttpServerRequest request, Buffer body, String requestId) {
    var response = request.response();
    response.putHeader("content-type", "application/json").putHeader("x-request-id", requestId);
    boolean closes = response.headers().contains("connection", "close", true);
    boolean lingers = !request.isEnded() && (closes || mayBeLarge(request));
    if (lingers) {
      response.putHeader("connection", "close");
    }
    response.end(body);
    if (lingers) {
      linger(request);
    }
  }

  private static boolean mayBeLarge(HttpServerRequest request) {
    var length = request.getHeader("content-length");
    return length == null
        ? request.getHeader("transfer-encoding") != null
        : Long.parseLong(length) > SMALL_BODY;
  }

  /** A client that is still sending would see a reset before it read why, so it may go on a bit. */
  private static void linger(HttpServerRequest request) {
    var connection = request.connection();
    var vertx = requireNonNull(Vertx.currentContext()).owner();
    long timer = vertx.setTimer(LINGER_MILLIS, over -> connection.close());
    connection.closeHandler(closed -> vertx.cancelTimer(timer));
    request.endHandler(read -> connection.close());
  }
}
