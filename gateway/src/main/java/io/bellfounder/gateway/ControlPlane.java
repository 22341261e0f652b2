package io.bellfounder.gateway;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.NetSocket;
import java.net.URI;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The upstream for everything that is no model call: streams it there and back. */
final class ControlPlane {
  private static final long CONNECT_TIMEOUT_MILLIS = 5_000;

  private final HttpClient client;
  private final Supplier<@Nullable URI> address;
  private final TrustedProxies trustedProxies;

  ControlPlane(HttpClient client, Supplier<@Nullable URI> address, TrustedProxies trustedProxies) {
    this.client = client;
    this.address = address;
    this.trustedProxies = trustedProxies;
  }

  void forward(HttpServerRequest request, String requestId) {
    var uri = address.get();
    if (uri == null) {
      Problems.unavailable(request, requestId, "The control plane is still starting.");
      return;
    }
    boolean upgrade = isUpgrade(request);
    request.pause();
    client
        .request(options(request, uri, requestId, upgrade))
        .onComplete((there, failure) -> {
          if (there == null) {
            request.resume();
            Problems.unavailable(request, requestId, "The control plane does not answer.");
          } else if (upgrade) {
            tunnel(request, there, requestId);
          } else {
            stream(request, there, requestId);
          }
        });
  }

  private RequestOptions options(
      HttpServerRequest request, URI uri, String requestId, boolean upgrade) {
    var options =
        new RequestOptions()
            .setMethod(request.method())
            .setHost(uri.getHost())
            .setPort(uri.getPort())
            .setURI(request.uri())
            .setConnectTimeout(CONNECT_TIMEOUT_MILLIS);
    var connection = Headers.connection(request.headers());
    request
        .headers()
        .forEach((name, value) -> {
          boolean ofTheUpgrade =
              upgrade && (name.equalsIgnoreCase("connection") || name.equalsIgnoreCase("upgrade"));
          boolean ours =
              name.equalsIgnoreCase("x-request-id")
                  || name.equalsIgnoreCase("expect")
                  || name.equalsIgnoreCase("forwarded")
                  || name.equalsIgnoreCase("x-real-ip")
                  || name.regionMatches(true, 0, "x-forwarded-", 0, 12);
          if (ofTheUpgrade || !ours && !Headers.isOfOneConnection(name, connection)) {
            options.addHeader(name, value);
          }
        });
    var peer = request.remoteAddress() == null ? null : request.remoteAddress().hostAddress();
    boolean trusted = trustedProxies.trusts(peer);
    options.putHeader(
        "x-forwarded-for",
        trustedProxies.client(peer, request.headers().getAll("x-forwarded-for")));
    options.putHeader(
        "x-forwarded-proto",
        told(request, trusted, "x-forwarded-proto", request.isSSL() ? "https" : "http"));
    options.putHeader(
        "x-forwarded-host",
        told(request, trusted, "x-forwarded-host", orEmpty(request.getHeader("host"))));
    var port = trusted ? request.getHeader("x-forwarded-port") : null;
    if (port != null) {
      options.putHeader("x-forwarded-port", port);
    }
    return options.putHeader("x-request-id", requestId);
  }

  private static String told(
      HttpServerRequest request, boolean trusted, String header, String otherwise) {
    var value = trusted ? request.getHeader(header) : null;
    return value == null ? otherwise : value;
  }

  private static String orEmpty(@Nullable String text) {
    return text == null ? "" : text;
  }

  private static void stream(HttpServerRequest request, HttpClientRequest there, String requestId) {
    var response = request.response();
    response.closeHandler(gone -> there.reset());
    // The same break also fails the answer, which is where it is handled.
    there.exceptionHandler(broken -> {});
    there
        .response()
        .onComplete((answer, failure) -> {
          if (answer != null) {
            copyHead(answer, response, requestId);
            answer.pipeTo(response).onFailure(broken -> response.reset());
          } else if (!response.headWritten() && !response.closed()) {
            Problems.unavailable(request, requestId, "The control plane broke off.");
          }
        });
    if (hasBody(request)) {
      if (FrontDoor.awaitsContinue(request)) {
        response.writeContinue();
      }
      there.setChunked(request.getHeader("content-length") == null);
      // The response handler above answers a failure of either direction.
      request.pipe().endOnFailure(false).to(there).onFailure(broken -> there.reset());
    } else {
      request.resume();
      there.end();
    }
  }

  private static void tunnel(HttpServerRequest request, HttpClientRequest there, String requestId) {
    var response = request.response();
    response.closeHandler(gone -> there.reset());
    // The same break also fails the answer, which is where it is handled.
    there.exceptionHandler(broken -> {});
    there
        .connect()
        .onComplete((answer, failure) -> {
          if (answer == null) {
            Problems.unavailable(request, requestId, "The control plane broke off.");
          } else if (answer.statusCode() == 101) {
            answer.headers().forEach((name, value) -> response.headers().add(name, value));
            response.putHeader("x-request-id", requestId);
            request
                .toNetSocket()
                .onSuccess(here -> join(here, answer.netSocket()))
                .onFailure(broken -> there.reset());
          } else {
            copyHead(answer, response, requestId);
            answer.pipeTo(response).onFailure(broken -> response.reset());
          }
        });
    request.resume();
  }

  private static void join(NetSocket here, NetSocket there) {
    here.pipeTo(there).onFailure(broken -> there.close());
    there.pipeTo(here).onFailure(broken -> here.close());
  }

  private static void copyHead(
      HttpClientResponse answer, HttpServerResponse response, String requestId) {
    response.setStatusCode(answer.statusCode()).setStatusMessage(answer.statusMessage());
    var connection = Headers.connection(answer.headers());
    answer
        .headers()
        .forEach((name, value) -> {
          if (!Headers.isOfOneConnection(name, connection)) {
            response.headers().add(name, value);
          }
        });
    response.putHeader("x-request-id", requestId);
    if (answer.getHeader("transfer-encoding") != null) {
      response.setChunked(true);
    }
  }

  private static boolean isUpgrade(HttpServerRequest request) {
    return request.getHeader("upgrade") != null
        && Headers.isNamedIn(Headers.connection(request.headers()), "upgrade")
        && !"h2c".equalsIgnoreCase(request.getHeader("upgrade"));
  }

  private static boolean hasBody(HttpServerRequest request) {
    return request.getHeader("content-length") != null
        || request.getHeader("transfer-encoding") != null;
  }

  /** Answers of the front door where no model client is asking: RFC 9457 problem documents. */
  static final class Problems {
    private Problems() {}

    static void unavailable(HttpServerRequest request, String requestId, String detail) {
      var response = request.response();
      if (response.ended() || response.closed()) {
        return;
      }
      response
          .setStatusCode(503)
          .putHeader("content-type", "application/problem+json")
          .putHeader("retry-after", "1")
          .putHeader("x-request-id", requestId)
          .end(
              Buffer.buffer(
                  "{\"type\":\"about:blank\",\"title\":\"Service Unavailable\",\"status\":503,"
                      + "\"detail\":\""
                      + detail
                      + "\",\"code\":\"unavailable\",\"requestId\":\""
                      + requestId
                      + "\"}"));
    }
  }
}
