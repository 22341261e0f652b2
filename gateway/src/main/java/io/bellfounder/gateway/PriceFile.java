package io.bellfounder.gateway;

import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/**
 * A price list read from its JSON text. Of the entries whose pattern fits a model, the one for the
 * provider by name wins over one for all, then the one with the most literal characters, then the
 * latest that is in force. Immutable.
 */
public final class PriceFile implements PriceBook {
  private static final int ENTRIES_MAX = 10_000;
  private static final Set<String> TOP =
      Set.of("version", "currency", "unit", "sources", "default", "prices");
  private static final Set<String> RATES =
      Set.of("input", "cacheWrite5m", "cacheWrite1h", "cacheRead", "output");

  private final String version;
  private final Price fallback;
  private final List<Entry> entries;

  private PriceFile(String version, Price fallback, List<Entry> entries) {
    this.version = version;
    this.fallback = fallback;
    this.entries = entries;
  }

  /**
   * Where a price comes from, for people.
   *
   * @param page what was read
   * @param readOn when, as in the file
   */
  public record Source(String page, String readOn) {}

  private record Entry(
      @Nullable String provider,
      Pattern models,
      Instant from,
      Source source,
      Price price,
      @Nullable Long longAbove,
      @Nullable Price longPrice) {}

  private record Pattern(String head, String tail, boolean open) {
    static Pattern of(String text) {
      int star = text.indexOf('*');
      return star < 0
          ? new Pattern(text, "", false)
          : new Pattern(text.substring(0, star), text.substring(star + 1), true);
    }

    boolean fits(String model) {
      return open
          ? model.length() >= head.length() + tail.length()
              && model.startsWith(head)
              && model.endsWith(tail)
          : model.equals(head);
    }

    int weight() {
      return (head.length() + tail.length()) * 2 + (open ? 0 : 1);
    }
  }

  /**
   * Reads a price list.
   *
   * @throws Refused if the text is no usable price list; the message names the entry and what would
   *     be right
   */
  public static PriceFile parse(String text) throws Refused {
    Object root;
    try (JsonParser parser = new JsonFactory().createParser(ObjectReadContext.empty(), text)) {
      parser.nextToken();
      root = value(parser);
    } catch (JacksonException e) {
      throw new Refused("The price file is not valid JSON: " + e.getOriginalMessage());
    }
    Map<String, Object> file = object(root, "The price file");
    onlyKnown(file, TOP, "The price file");
    String version = text(file, "version", "The price file");
    if (!"USD".equals(file.get("currency"))) {
      throw new Refused("The price file's `currency` must be USD.");
    }
    Map<String, Source> sources = sources(file);
    Map<String, Object> defaults = object(file.get("default"), "The price file's `default`");
    source(defaults, sources, "The price file's `default`");
    Price fallback = price(defaults, version + "/default", false, "The price file's `default`");
    List<Entry> entries = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    for (Object item : list(file.get("prices"), "The price file's `prices`")) {
      entries.add(
          entry(
              object(item, "Price " + (entries.size() + 1)),
              entries.size() + 1,
              version,
              sources,
              seen));
    }
    if (entries.size() > ENTRIES_MAX) {
      throw new Refused("The price file has more than " + ENTRIES_MAX + " prices.");
    }
    entries.sort(
        Comparator.comparing((Entry entry) -> entry.provider() == null)
            .thenComparing(entry -> -entry.models().weight())
            .thenComparing(Entry::from, Comparator.reverseOrder()));
    return new PriceFile(version, fallback, List.copyOf(entries));
  }

  /** As written in the file. */
  public String version() {
    return version;
  }

  @Override
  public Price price(String provider, String model, Instant at) {
    return price(provider, model, at, 0);
  }

  @Override
  public Price price(String provider, String model, Instant at, long promptTokens) {
    for (Entry entry : entries) {
      if ((entry.provider() == null || entry.provider().equals(provider))
          && entry.models().fits(model)
          && !entry.from().isAfter(at)) {
        Price longer = entry.longPrice();
        Long above = entry.longAbove();
        return longer != null && above != null && promptTokens > above ? longer : entry.price();
      }
    }
    return fallback;
  }

  /**
   * Where the price of that version comes from, and from when it holds; empty for a version of
   * another file.
   */
  public Optional<Origin> origin(String priceVersion) {
    return entries.stream()
        .filter(entry ->
            entry.price().version().equals(priceVersion)
                || (entry.longPrice() != null && entry.longPrice().version().equals(priceVersion)))
        .findFirst()
        .map(entry -> new Origin(entry.source(), entry.from()));
  }

  /** A price's source and the instant from which it holds. */
  public record Origin(Source source, Instant effectiveFrom) {}

  /** The text is no usable price list. */
  public static final class Refused extends Exception {
    Refused(String message) {
      super(message);
    }
  }

  private static Entry entry(
      Map<String, Object> fields,
      int number,
      String version,
      Map<String, Source> sources,
      Set<String> seen)
      throws Refused {
    String models = text(fields, "models", "Price " + number);
    String where = "Price " + number + " (`" + models + "`)";
    Set<String> known = new HashSet<>(RATES);
    known.addAll(Set.of("provider", "models", "effectiveFrom", "source", "longPrompt"));
    onlyKnown(fields, known, where);
    if (models.indexOf('*') != models.lastIndexOf('*')) {
      throw new Refused(where + ": a pattern may hold one `*`.");
    }
    String provider = fields.containsKey("provider") ? text(fields, "provider", where) : null;
    String from = text(fields, "effectiveFrom", where);
    Instant instant;
    try {
      instant = LocalDate.parse(from).atStartOfDay(ZoneOffset.UTC).toInstant();
    } catch (DateTimeParseException e) {
      throw new Refused(where + ": `effectiveFrom` is not a date such as 2026-11-21.");
    }
    String name = version + "/" + (provider == null ? "" : provider + ":") + models + "@" + from;
    if (!seen.add(name)) {
      throw new Refused(where + ": the same models have two prices from " + from + ".");
    }
    Price longPrice = null;
    Long longAbove = null;
    if (fields.containsKey("longPrompt")) {
      Map<String, Object> band = object(fields.get("longPrompt"), where + " `longPrompt`");
      Set<String> knownInBand = new HashSet<>(RATES);
      knownInBand.add("aboveTokens");
      onlyKnown(band, knownInBand, where + " `longPrompt`");
      if (!(band.get("aboveTokens") instanceof BigDecimal above) || above.signum() <= 0) {
        throw new Refused(where + ": `longPrompt` needs `aboveTokens`, a positive number.");
      }
      longAbove = above.longValue();
      longPrice = price(band, name + ">" + longAbove, true, where + " `longPrompt`");
    }
    return new Entry(
        provider,
        Pattern.of(models),
        instant,
        source(fields, sources, where),
        price(fields, name, true, where),
        longAbove,
        longPrice);
  }

  /**
   * A cache class without a price of its own costs what fresh input costs, so that nothing is free
   * by omission.
   */
  private static Price price(Map<String, Object> fields, String name, boolean known, String where)
      throws Refused {
    long input = pico(fields, "input", where);
    return new Price(
        name,
        known,
        input,
        fields.containsKey("cacheWrite5m") ? pico(fields, "cacheWrite5m", where) : input,
        fields.containsKey("cacheWrite1h") ? pico(fields, "cacheWrite1h", where) : input,
        fields.containsKey("cacheRead") ? pico(fields, "cacheRead", where) : input,
        pico(fields, "output", where));
  }

  /** One dollar a million tokens is a million pico-dollars a token. */
  private static long pico(Map<String, Object> fields, String name, String where) throws Refused {
    String amount = text(fields, name, where);
    try {
      BigDecimal dollars = new BigDecimal(amount);
      if (dollars.signum() < 0 || dollars.compareTo(BigDecimal.valueOf(1_000_000)) > 0) {
        throw new Refused(
            where + ": `" + name + "` must be between 0 and 1000000 USD per million tokens.");
      }
      return dollars.movePointRight(6).longValueExact();
    } catch (NumberFormatException e) {
      throw new Refused(
          where + ": `" + name + "` is not a decimal number in quotes, such as \"3.75\".");
    } catch (ArithmeticException e) {
      throw new Refused(where + ": `" + name + "` has more than six decimals.");
    }
  }

  private static Map<String, Source> sources(Map<String, Object> file) throws Refused {
    Map<String, Source> sources = new java.util.HashMap<>();
    for (Object item : list(file.get("sources"), "The price file's `sources`")) {
      Map<String, Object> fields = object(item, "A source");
      onlyKnown(fields, Set.of("id", "page", "readOn"), "A source");
      sources.put(
          text(fields, "id", "A source"),
          new Source(text(fields, "page", "A source"), text(fields, "readOn", "A source")));
    }
    return sources;
  }

  private static Source source(
      Map<String, Object> fields, Map<String, Source> sources, String where) throws Refused {
    String id = text(fields, "source", where);
    Source source = sources.get(id);
    if (source == null) {
      throw new Refused(where + ": there is no source `" + id + "` under `sources`.");
    }
    return source;
  }

  private static void onlyKnown(Map<String, Object> fields, Set<String> known, String where)
      throws Refused {
    for (String name : fields.keySet()) {
      if (!known.contains(name)) {
        throw new Refused(where + " has an unknown field `" + name + "`.");
      }
    }
  }

  private static String text(Map<String, Object> fields, String name, String where) throws Refused {
    if (fields.get(name) instanceof String text && !text.isBlank()) {
      return text;
    }
    throw new Refused(where + " needs `" + name + "`, a text in quotes.");
  }

  @SuppressWarnings("unchecked") // value() makes maps with text keys only
  private static Map<String, Object> object(@Nullable Object value, String where) throws Refused {
    if (value instanceof Map<?, ?> map) {
      return (Map<String, Object>) map;
    }
    throw new Refused(where + " must be an object.");
  }

  private static List<?> list(@Nullable Object value, String where) throws Refused {
    if (value instanceof List<?> list) {
      return list;
    }
    throw new Refused(where + " must be a list.");
  }

  /** The value at the parser's current token; the parser itself bounds depth and length. */
  private static Object value(JsonParser parser) {
    return switch (parser.currentToken()) {
      case START_OBJECT -> {
        Map<String, Object> fields = new java.util.HashMap<>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
          String name = parser.currentName();
          parser.nextToken();
          fields.put(name, value(parser));
        }
        yield fields;
      }
      case START_ARRAY -> {
        List<Object> items = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          items.add(value(parser));
        }
        yield items;
      }
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> parser.getDecimalValue();
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      case null -> "";
      default -> parser.getString();
    };
  }
}
