package io.bellfounder.gateway;

import io.bellfounder.gateway.KeyDirectory.KeyCheck;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpServerRequest;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a client shows for itself. Clients put a key in either header, some put different values in
 * both, and a path may hold one: each is tried.
 *
 * @param check of the first secret that is valid, or of the one that says most
 * @param nothing true if no secret was there at all
 */
record Credentials(KeyCheck check, boolean nothing) {
  private static final String BEARER = "Bearer ";
  private static final String OURS = "bell_";

  static Credentials check(KeyDirectory keys, MultiMap headers, @Nullable String inPath) {
    KeyCheck most = new KeyCheck.Unknown();
    var secrets = presented(headers, inPath);
    for (var secret : secrets) {
      var check = keys.check(secret);
      if (check instanceof KeyCheck.Valid) {
        return new Credentials(check, false);
      }
      most = check instanceof KeyCheck.Unknown ? most : check;
    }
    return new Credentials(most, secrets.isEmpty());
  }

  /**
   * The secrets of a request that look like ours, to search for copies of. Any other is a
   * placeholder, whose letters may stand anywhere.
   */
  static List<String> shown(HttpServerRequest request) {
    var path = request.path() == null ? null : ModelPath.parse(request.path());
    var secrets = presented(request.headers(), path == null ? null : path.key());
    secrets.removeIf(secret -> !secret.startsWith(OURS));
    return secrets;
  }

  private static List<String> presented(MultiMap headers, @Nullable String inPath) {
    var secrets = new ArrayList<String>(2);
    add(secrets, inPath);
    for (var value : headers.getAll("authorization")) {
      if (value.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
        add(secrets, value.substring(BEARER.length()).strip());
      }
    }
    for (var value : headers.getAll("x-api-key")) {
      add(secrets, value.strip());
    }
    return secrets;
  }

  private static void add(List<String> secrets, @Nullable String secret) {
    if (secret != null && !secret.isEmpty() && !secrets.contains(secret)) {
      secrets.add(secret);
    }
  }
}
