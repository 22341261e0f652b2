package io.bellfounder.server.launch;

import java.net.URI;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A database's address in the JDBC driver's form, with user and password taken out of it. {@code
 * toString} never prints them.
 *
 * @param jdbc {@code jdbc:postgresql://host:port/database?options}
 */
record DatabaseUrl(String jdbc, @Nullable String user, @Nullable String password) {

  /**
   * @param url {@code jdbc:postgresql://…}, {@code postgres://user:password@host/database} or
   *     {@code postgresql://…}
   */
  static DatabaseUrl parse(String url) {
    String plain = url.startsWith("jdbc:") ? url.substring("jdbc:".length()) : url;
    URI uri;
    try {
      uri = URI.create(plain);
    } catch (IllegalArgumentException e) {
      // Without the URL: it may hold a password.
      throw new LaunchRefused(
          "database.url is not a URL: special characters in user and password must be"
              + " percent-encoded");
    }
    if (!isPostgres(uri)) {
      throw new LaunchRefused(
          "database.url is no address of a PostgreSQL: it takes jdbc:postgresql://HOST:PORT/DATABASE"
              + " or postgres://USER:PASSWORD@HOST:PORT/DATABASE");
    }
    String user = null;
    String password = null;
    if (uri.getRawUserInfo() != null) {
      String[] parts = uri.getRawUserInfo().split(":", 2);
      user = decode(parts[0]);
      password = parts.length == 2 ? decode(parts[1]) : null;
    }
    List<String> options = new ArrayList<>();
    for (String option :
        uri.getRawQuery() == null ? List.<String>of() : List.of(uri.getRawQuery().split("&"))) {
      if (option.startsWith("user=")) {
        user = decode(option.substring("user=".length()));
      } else if (option.startsWith("password=")) {
        password = decode(option.substring("password=".length()));
      } else {
        options.add(option);
      }
    }
    String authority = uri.getRawAuthority() == null ? "" : uri.getRawAuthority();
    String hosts = authority.substring(authority.lastIndexOf('@') + 1);
    String path =
        uri.getRawPath() == null || uri.getRawPath().length() < 2 ? "/postgres" : uri.getRawPath();
    String query = options.isEmpty() ? "" : "?" + String.join("&", options);
    return new DatabaseUrl("jdbc:postgresql://" + hosts + path + query, user, password);
  }

  private static boolean isPostgres(URI uri) {
    return uri.getScheme() != null
        && List.of("postgres", "postgresql").contains(uri.getScheme().toLowerCase(Locale.ROOT))
        && !uri.isOpaque();
  }

  String host() {
    String rest = jdbc.substring("jdbc:postgresql://".length());
    return rest.substring(0, rest.indexOf('/'));
  }

  private static String decode(String text) {
    return URLDecoder.decode(
        text.replace("+", URLEncoder.encode("+", StandardCharsets.UTF_8)), StandardCharsets.UTF_8);
  }

  @Override
  public String toString() {
    return "DatabaseUrl[" + host() + "]";
  }
}
