package io.bellfounder.gateway;

import io.bellfounder.gateway.Provider.Credential;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.RequestOptions;
import java.net.URI;
import org.jspecify.annotations.Nullable;

/** A client's request as a provider gets it: everything as it came, but host and credentials. */
final class ProviderRequest {
  private static final int HTTPS = 443;
  private static final int HTTP = 80;

  private ProviderRequest() {}

  static RequestOptions options(
      Provider provider,
      Operation operation,
      HttpServerRequest request,
      boolean streaming,
      int bodyLength) {
    var query = request.query();
    var path = operation.pathThere + (query == null || query.isEmpty() ? "" : "?" + query);
    return to(provider, HttpMethod.POST, path)
        .setHeaders(headers(provider, request.headers(), streaming, bodyLength));
  }

  static RequestOptions to(Provider provider, HttpMethod method, String pathBelow) {
    URI base = provider.baseUrl();
    boolean tls = "https".equalsIgnoreCase(base.getScheme());
    int port = base.getPort() >= 0 ? base.getPort() : tls ? HTTPS : HTTP;
    return new RequestOptions()
        .setMethod(method)
        .setHost(base.getHost())
        .setPort(port)
        .setSsl(tls)
        .setURI(prefix(base) + pathBelow)
        .setConnectTimeout(provider.connectTimeout().toMillis());
  }

  private static String prefix(URI base) {
    var path = base.getRawPath();
    if (path == null) {
      return "";
    }
    return path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
  }

  /** The provider's credential stands where the client's stood; a body has a stated length. */
  static MultiMap headers(Provider provider, MultiMap from, boolean streaming, int bodyLength) {
    var to = MultiMap.caseInsensitiveMultiMap();
    var connection = from.get("connection");
    from.forEach((name, value) -> {
      if (Headers.CREDENTIALS.contains(name)) {
        authorise(provider, to);
      } else if (name.equalsIgnoreCase("content-length")) {
        to.set(name, Integer.toString(bodyLength));
      } else if (name.equalsIgnoreCase("accept-encoding")) {
        to.add(name, Headers.narrowed(value, streaming));
      } else if (Headers.goesUp(name, connection)) {
        to.add(name, value);
      }
    });
    authorise(provider, to);
    if (!to.contains("content-length")) {
      to.set("content-length", Integer.toString(bodyLength));
    }
    return to;
  }

  static void authorise(Provider provider, MultiMap headers) {
    switch (provider.credential()) {
      case Credential.ApiKeyHeader(var secret) -> headers.set("x-api-key", secret);
      case Credential.Bearer(var secret) -> headers.set("authorization", "Bearer " + secret);
      case Credential.None() -> {}
    }
  }

  /** The provider's own id of a request, by which its support finds it. */
  static @Nullable String requestId(MultiMap headers) {
    var id = headers.get("request-id");
    return id != null ? id : headers.get("x-request-id");
  }
}
