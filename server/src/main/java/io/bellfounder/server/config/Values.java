package io.bellfounder.server.config;

import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Turns a setting's text into a value, or says what it should have been. */
final class Values {
  private static final Pattern DURATION = Pattern.compile("(\\d{1,12})\\s*(ms|s|m|h|d)");
  private static final Pattern SIZE = Pattern.compile("(\\d{1,15})\\s*(B|KiB|MiB|GiB|TiB)?");

  // The JDK would also take 10.1 for an address.
  private static final Pattern ADDRESS_BLOCK =
      Pattern.compile("((?:\\d+\\.){3}\\d+|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*)(?:/(\\d{1,3}))?");

  private Values() {}

  static int integer(String text, int min, int max) throws Wrong {
    long value;
    try {
      value = Long.parseLong(text.strip());
    } catch (NumberFormatException e) {
      throw new Wrong("is not a whole number");
    }
    if (value < min || value > max) {
      throw new Wrong("is not between " + min + " and " + max);
    }
    return (int) value;
  }

  static Duration duration(String text, Duration min, Duration max) throws Wrong {
    Matcher matcher = DURATION.matcher(text.strip());
    if (!matcher.matches()) {
      throw new Wrong("is not a duration such as 500ms, 10s, 5m, 1h or 30d");
    }
    long number = Long.parseLong(matcher.group(1));
    Duration value =
        switch (matcher.group(2)) {
          case "ms" -> Duration.ofMillis(number);
          case "s" -> Duration.ofSeconds(number);
          case "m" -> Duration.ofMinutes(number);
          case "h" -> Duration.ofHours(number);
          case "d" -> Duration.ofDays(number);
          default -> throw new IllegalStateException(matcher.group(2));
        };
    if (value.compareTo(min) < 0 || value.compareTo(max) > 0) {
      throw new Wrong("is out of range");
    }
    return value;
  }

  static long bytes(String text, long min, long max) throws Wrong {
    Matcher matcher = SIZE.matcher(text.strip());
    if (!matcher.matches()) {
      throw new Wrong("is not a size such as 32MiB, 2GiB or a number of bytes");
    }
    String unit = matcher.group(2) == null ? "B" : matcher.group(2);
    int shift =
        switch (unit) {
          case "KiB" -> 10;
          case "MiB" -> 20;
          case "GiB" -> 30;
          case "TiB" -> 40;
          default -> 0;
        };
    long number = Long.parseLong(matcher.group(1));
    if (number > max >> shift || number << shift < min) {
      throw new Wrong("is out of range");
    }
    return number << shift;
  }

  static URI httpUrl(String text) throws Wrong {
    try {
      URI uri = new URI(text.strip());
      boolean http =
          "http".equalsIgnoreCase(uri.getScheme()) || "https".equalsIgnoreCase(uri.getScheme());
      if (!http || uri.getHost() == null) {
        throw new Wrong("is not an http or https URL");
      }
      if (uri.getUserInfo() != null || uri.getQuery() != null || uri.getFragment() != null) {
        throw new Wrong("must have no user, query or fragment in it");
      }
      String plain = uri.toString();
      return plain.endsWith("/") ? URI.create(plain.replaceAll("/+$", "")) : uri;
    } catch (URISyntaxException e) {
      throw new Wrong("is not a URL");
    }
  }

  static List<String> list(String text) {
    return Arrays.stream(text.split(","))
        .map(String::strip)
        .filter(item -> !item.isEmpty())
        .toList();
  }

  /** Addresses and CIDR blocks; nothing is looked up. */
  static List<String> addressBlocks(String text) throws Wrong {
    List<String> blocks = list(text);
    for (String block : blocks) {
      Matcher matcher = ADDRESS_BLOCK.matcher(block);
      if (!matcher.matches() || !isAddress(matcher.group(1))) {
        throw new Wrong("has `" + block + "` in it, which is no address or CIDR block");
      }
      int bits = block.contains(":") ? 128 : 32;
      if (matcher.group(2) != null && Integer.parseInt(matcher.group(2)) > bits) {
        throw new Wrong("has `" + block + "` in it, whose prefix is longer than " + bits);
      }
    }
    return blocks;
  }

  private static boolean isAddress(String text) {
    try {
      InetAddress.ofLiteral(text);
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  /** {@code x-api-key} means {@code X_API_KEY}. */
  static <E extends Enum<E>> E choice(String text, Class<E> type) throws Wrong {
    for (E constant : type.getEnumConstants()) {
      if (spelled(constant).equals(text.strip().toLowerCase(Locale.ROOT))) {
        return constant;
      }
    }
    String choices =
        Arrays.stream(type.getEnumConstants())
            .map(Values::spelled)
            .collect(Collectors.joining(", "));
    throw new Wrong("is not one of " + choices);
  }

  static <E extends Enum<E>> Set<E> choices(String text, Class<E> type) throws Wrong {
    Set<E> chosen = EnumSet.noneOf(type);
    for (String item : list(text)) {
      chosen.add(choice(item, type));
    }
    if (chosen.isEmpty()) {
      throw new Wrong("names nothing");
    }
    return chosen;
  }

  private static String spelled(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /**
   * The text is no such value. The message completes a sentence that begins with the key and its
   * text.
   */
  static final class Wrong extends Exception {
    Wrong(String message) {
      super(message);
    }
  }
}
