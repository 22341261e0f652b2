package io.bellfounder.gateway;

import io.vertx.core.MultiMap;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Which headers cross the gateway. Everything does, in order and with duplicates, except what
 * belongs to one connection (RFC 9110, 7.6.1), what would carry a credential across, and what is
 * only true of the other side's address.
 */
final class Headers {
  private static final Set<String> OF_ONE_CONNECTION =
      names(
          "connection",
          "keep-alive",
          "proxy-connection",
          "te",
          "trailer",
          "transfer-encoding",
          "upgrade");

  /** Where a secret stands, whoever sends it: no side's goes to the other. */
  static final Set<String> CREDENTIALS =
      names("api-key", "authorization", "x-api-key", "x-goog-api-key");

  private static final Set<String> NEVER_UP =
      names(
          "content-length",
          "cookie",
          "expect",
          "forwarded",
          "host",
          "proxy-authorization",
          "via",
          "x-forwarded-for",
          "x-forwarded-host",
          "x-forwarded-port",
          "x-forwarded-proto",
          "x-real-ip");

  private static final Set<String> NEVER_DOWN =
      names(
          "alt-svc",
          "proxy-authenticate",
          "proxy-authentication-info",
          "set-cookie",
          "set-cookie2",
          "x-bellfounder-call-id");

  private Headers() {}

  /** Whether a client's header goes to a provider as it is. */
  static boolean goesUp(String name, @Nullable String connection) {
    return !NEVER_UP.contains(name) && !isOfOneConnection(name, connection);
  }

  /** Whether a provider's header goes to a client as it is. */
  static boolean goesDown(String name, @Nullable String connection) {
    return !CREDENTIALS.contains(name)
        && !NEVER_DOWN.contains(name)
        && !isOfOneConnection(name, connection);
  }

  static boolean isOfOneConnection(String name, @Nullable String connection) {
    return OF_ONE_CONNECTION.contains(name) || isNamedIn(connection, name);
  }

  /** All that is named for one connection; there may be several such headers. */
  static @Nullable String connection(MultiMap headers) {
    var all = headers.getAll("connection");
    return all.isEmpty() ? null : String.join(",", all);
  }

  static void copyDown(MultiMap from, MultiMap to) {
    var connection = connection(from);
    from.forEach((name, value) -> {
      if (goesDown(name, connection)) {
        to.add(name, value);
      }
    });
  }

  /** True if a comma-separated header value holds the token. */
  static boolean isNamedIn(@Nullable String list, String token) {
    if (list == null) {
      return false;
    }
    int at = 0;
    while (at <= list.length()) {
      int comma = list.indexOf(',', at);
      int end = comma < 0 ? list.length() : comma;
      if (list.substring(at, end).strip().equalsIgnoreCase(token)) {
        return true;
      }
      at = end + 1;
    }
    return false;
  }

  /**
   * Narrows what a client accepts to what the meter can read. A stream is asked for plain: pings
   * cannot be put between compressed events.
   */
  static String narrowed(String acceptEncoding, boolean streaming) {
    var kept = new StringBuilder();
    if (!streaming) {
      for (var offer : acceptEncoding.split(",", -1)) {
        var coding = offer.strip();
        int parameter = coding.indexOf(';');
        var name = (parameter < 0 ? coding : coding.substring(0, parameter)).strip();
        if (name.equalsIgnoreCase("gzip") || name.equalsIgnoreCase("identity")) {
          kept.append(kept.isEmpty() ? "" : ", ").append(coding);
        }
      }
    }
    return kept.isEmpty() ? "identity" : kept.toString();
  }

  private static Set<String> names(String... names) {
    var set = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
    set.addAll(Set.of(names));
    return set;
  }
}
