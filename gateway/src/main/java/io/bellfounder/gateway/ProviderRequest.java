package io.bellfounder.gateway;

import io.bellfounder.gateway.Provider.Credential;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.RequestOptions;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.StringJoiner;
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
    return to(provider, HttpMethod.POST, operation.pathThere + query(request))
        .setHeaders(headers(provider, request, streaming, bodyLength));
  }

  /** The query with its question mark, as it came but for parameters that hold a key of ours. */
  static String query(HttpServerRequest request) {
    var query = request.query();
    if (query == null || query.isEmpty()) {
      return "";
    }
    var kept = new StringJoiner("&", "?", "").setEmptyValue("");
    for (var parameter : query.split("&", -1)) {
      if (!Credentials.in(ModelPath.decoded(parameter))) {
        kept.add(parameter);
      }
    }
    return kept.toString();
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
        .setURI(ascii(prefix(base) + pathBelow))
        .setConnectTimeout(provider.connectTimeout().toMillis());
  }

  private static String prefix(URI base) {
    var path = base.getRawPath();
    if (path == null) {
      return "";
    }
    return path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
  }

  /** Escapes what is no ASCII: each such character is one byte of the request line as it came. */
  private static String ascii(String uri) {
    if (uri.chars().allMatch(c -> c < 0x80)) {
      return uri;
    }
    var escaped = new StringBuilder(uri.length() + 16);
    for (byte b : uri.getBytes(StandardCharsets.ISO_8859_1)) {
      if (b >= 0) {
        escaped.append((char) b);
      } else {
        escaped.append('%').append(HexFormat.of().withUpperCase().toHexDigits(b));
      }
    }
    return escaped.toString();
  }

  /**
   * The provider's credential stands where the client's stood; a body has a stated length. Copies
   * of a key of ours, as in a referer, stay here.
   */
  static MultiMap headers(
      Provider provider, HttpServerRequest request, boolean streaming, int bodyLength) {
    var from = request.headers();
    var to = MultiMap.caseInsensitiveMultiMap();
    var connection = Headers.connection(from);
    from.forEach((name, value) -> {
      if (Headers.CREDENTIALS.contains(name)) {
        authorise(provider, to);
      } else if (name.equalsIgnoreCase("content-length")) {
        to.set(name, Integer.toString(bodyLength));
      } else if (Headers.goesUp(name, connection) && !Credentials.in(value)) {
        boolean coding = name.equalsIgnoreCase("accept-encoding");
        to.add(name, coding ? Headers.narrowed(value, streaming) : value);
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
