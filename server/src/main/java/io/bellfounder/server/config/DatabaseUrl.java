package io.bellfounder.server.config;

import java.net.URI;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A database's address in the JDBC driver's form, with user and password taken out of it. {@code
 * toString} never prints them.
 *
 * @param jdbc {@code jdbc:postgresql://host:port/database?options}
 */
public record DatabaseUrl(String jdbc, @Nullable String user, @Nullable String password) {
  private static final String ONE_HOST = "(\\[[^\\]]*]|[^:\\[\\],]*)(:\\d{1,5})?";
  private static final Pattern HOSTS = Pattern.compile(ONE_HOST + "(," + ONE_HOST + ")*");

  /**
   * @param url {@code jdbc:postgresql://…}, {@code postgres://user:password@host/database} or
   *     {@code postgresql://…}
   * @throws IllegalArgumentException with words that follow the key's name, without the URL, which
   *     may hold a password
   */
  public static DatabaseUrl parse(String url) {
    String plain = url.startsWith("jdbc:") ? url.substring("jdbc:".length()) : url;
    URI uri;
    try {
      uri = URI.create(plain);
    } catch (IllegalArgumentException e) {
      // Without the cause, which repeats the URL.
      throw misread();
    }
    if (!isPostgres(uri)) {
      throw new IllegalArgumentException(
          "is no address of a PostgreSQL: write jdbc:postgresql://HOST:PORT/DATABASE"
              + " or postgres://USER:PASSWORD@HOST:PORT/DATABASE");
    }
    String authority = uri.getRawAuthority() == null ? "" : uri.getRawAuthority();
    int at = authority.lastIndexOf('@');
    String hosts = authority.substring(at + 1);
    if (authority.indexOf('@') != at || !HOSTS.matcher(hosts).matches() || passwordIsCut(uri)) {
      throw misread();
    }
    String user = null;
    String password = null;
    if (at >= 0) {
      // Not the URI's own user, which there is none of beside several hosts.
      String[] parts = authority.substring(0, at).split(":", 2);
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
    String path =
        uri.getRawPath() == null || uri.getRawPath().length() < 2 ? "/postgres" : uri.getRawPath();
    String query = options.isEmpty() ? "" : "?" + String.join("&", options);
    return new DatabaseUrl("jdbc:postgresql://" + hosts + path + query, user, password);
  }

  private static IllegalArgumentException misread() {
    return new IllegalArgumentException(
        "cannot be read: special characters in user and password must be percent-encoded, such as"
            + " %2F for / and %40 for @");
  }

  /** A {@code /}, {@code ?} or {@code #} in a password ends the authority before its {@code @}. */
  private static boolean passwordIsCut(URI uri) {
    return uri.getRawFragment() != null
        || uri.getRawPath() != null && uri.getRawPath().contains("@")
        || uri.getRawQuery() != null
            && Stream.of(uri.getRawQuery().split("&"))
                .anyMatch(option -> option.contains("@") && !option.matches("(user|password)=.*"));
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
