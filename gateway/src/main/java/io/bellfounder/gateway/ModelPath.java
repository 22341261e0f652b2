package io.bellfounder.gateway;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A request's path, read as one of a model endpoint.
 *
 * @param key the secret in {@code /ak/{key}/…}; {@code null} if the path has none
 * @param below what follows {@code /v1}, such as {@code /messages}; for a path with a key but
 *     without {@code /v1}, the rest as it is
 * @param versioned true if {@code /v1} was there
 */
record ModelPath(@Nullable String key, String below, boolean versioned) {

  /** Null if the path is none of ours to answer: it then belongs to the control plane. */
  static @Nullable ModelPath parse(String path) {
    String key = null;
    String rest = withoutEmptySegments(path);
    if (rest.startsWith("/ak/")) {
      int end = rest.indexOf('/', 4);
      key = decoded(rest.substring(4, end < 0 ? rest.length() : end));
      rest = end < 0 ? "" : withoutEmptySegments(rest.substring(end));
    }
    boolean versioned = false;
    // A base URL that ends in /v1 makes some clients ask for /v1/v1/messages.
    while (rest.startsWith("/v1/")) {
      rest = withoutEmptySegments(rest.substring(3));
      versioned = true;
    }
    return versioned || key != null ? new ModelPath(key, rest, versioned) : null;
  }

  /** A base URL that ends in a slash makes some clients ask for //v1/messages. */
  private static String withoutEmptySegments(String path) {
    String rest = path;
    while (rest.startsWith("//")) {
      rest = rest.substring(1);
    }
    return rest;
  }

  static String decoded(String segment) {
    if (segment.indexOf('%') < 0) {
      return segment;
    }
    try {
      return URLDecoder.decode(segment.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      // No key has a broken escape in it, so the text as it stands is refused as unknown.
      return segment;
    }
  }

  @Override
  public String toString() {
    return "ModelPath[key=" + (key == null ? "none" : "***") + ", below=" + below + "]";
  }
}
