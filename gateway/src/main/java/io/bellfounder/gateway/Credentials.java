package io.bellfounder.gateway;

import io.bellfounder.gateway.KeyDirectory.KeyCheck;
import io.vertx.core.MultiMap;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
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

  /**
   * Secrets of ours wherever they stand; any other is a placeholder that may be an ordinary word.
   */
  private static final Pattern OURS =
      Pattern.compile(KeyDirectory.SECRET_PREFIX + "[0-9A-Za-z]{16,}");

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

  /** Whether there is a secret in a text that is about to go to somebody else. */
  static boolean in(String text) {
    return text.contains(KeyDirectory.SECRET_PREFIX) && OURS.matcher(text).find();
  }

  /** The text without its secrets, to be written down or said back. */
  static String removedFrom(String text) {
    return in(text) ? OURS.matcher(text).replaceAll("***") : text;
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
