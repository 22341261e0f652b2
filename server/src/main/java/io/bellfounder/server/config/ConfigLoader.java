package io.bellfounder.server.config;

import io.bellfounder.server.config.BellConfig.Auth;
import io.bellfounder.server.config.BellConfig.Database;
import io.bellfounder.server.config.BellConfig.GatewaySettings;
import io.bellfounder.server.config.BellConfig.Logging;
import io.bellfounder.server.config.BellConfig.ProviderSettings;
import io.bellfounder.server.config.BellConfig.Role;
import io.bellfounder.server.config.BellConfig.RouteSettings;
import io.bellfounder.server.config.BellConfig.Server;
import io.bellfounder.server.config.BellConfig.TargetSettings;
import io.bellfounder.server.config.ConfigKeys.Key;
import io.bellfounder.server.config.References.Unresolved;
import io.bellfounder.server.config.Values.Wrong;
import io.bellfounder.wire.Dialect;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads a configuration. Ranks, highest first: flags of the command line, {@code BELL_…} variables,
 * the file, variables that providers' own SDKs read (only where the file configures no provider),
 * defaults. All problems are collected, so that one start names them all.
 */
public final class ConfigLoader {
  private final Map<String, String> environment;
  private final List<String> problems = new ArrayList<>();
  private final Map<String, Setting> settings = new LinkedHashMap<>();
  private boolean providersInFile;

  private ConfigLoader(Map<String, String> environment) {
    this.environment = environment;
  }

  /**
   * @param yaml the file's text; {@code null} if there is no file
   * @param yamlName how to name the file to people
   * @param flags dotted keys given on the command line
   * @throws ConfigException naming every problem with its place and remedy
   */
  public static LoadedConfig load(
      @Nullable String yaml,
      String yamlName,
      Map<String, String> environment,
      Map<String, String> flags) {
    return new ConfigLoader(environment).load(yaml, yamlName, flags);
  }

  private LoadedConfig load(@Nullable String yaml, String yamlName, Map<String, String> flags) {
    gather(yaml, yamlName, flags);
    resolveReferences();
    BellConfig config = build();
    if (!problems.isEmpty()) {
      throw new ConfigException(problems);
    }
    return new LoadedConfig(config, notes(), new LoadedConfig.Shown(settings));
  }

  // --- gathering ---

  private void gather(@Nullable String yaml, String yamlName, Map<String, String> flags) {
    for (Key key : ConfigKeys.ALL) {
      if (key.fallback() != null) {
        settings.put(key.path(), new Setting(key.path(), key.fallback(), "default"));
      }
    }
    Map<String, Setting> fromFile =
        yaml == null ? Map.of() : YamlSettings.read(yaml, yamlName, problems);
    providersInFile = fromFile.keySet().stream().anyMatch(path -> path.startsWith("providers."));
    if (!providersInFile) {
      settings.putAll(KnownProviders.fromEnvironment(environment));
    }
    fromFile.values().forEach(this::putKnown);
    settings.putAll(EnvironmentSettings.read(environment, problems));
    flags.forEach((path, text) -> settings.put(path, new Setting(path, text, "command line")));
    for (String name : names("providers.")) {
      KnownProviders.defaults(name)
          .forEach((key, text) -> {
            String path = "providers." + name + "." + key;
            settings.putIfAbsent(path, new Setting(path, text, "default"));
          });
    }
  }

  private void putKnown(Setting setting) {
    if (ConfigKeys.find(setting.path()).isPresent()) {
      settings.put(setting.path(), setting);
      return;
    }
    List<String> known =
        ConfigKeys.ALL.stream().map(key -> withNamesOf(setting.path(), key)).toList();
    problems.add(
        setting.source()
            + ": unknown key `"
            + setting.path()
            + "`."
            + known.stream()
                .filter(key -> key.startsWith(setting.path() + "."))
                .findFirst()
                .map(below -> " It takes keys below it, such as `" + below + "`.")
                .or(() ->
                    Nearest.to(setting.path(), known).map(near -> " Did you mean `" + near + "`?"))
                .orElse(""));
  }

  /**
   * {@code providers.*.baseUrl} as {@code providers.mine.baseUrl} for a path under {@code
   * providers.mine}.
   */
  private static String withNamesOf(String path, Key key) {
    String[] parts = path.split("\\.", 3);
    return key.named() && parts.length > 1 ? key.path().replace("*", parts[1]) : key.path();
  }

  private void resolveReferences() {
    References references = new References(environment);
    settings.replaceAll((path, setting) -> {
      try {
        return new Setting(path, references.resolve(setting.text()), setting.source());
      } catch (Unresolved e) {
        problems.add(setting.source() + ": `" + path + "` " + e.getMessage() + ".");
        return setting;
      }
    });
  }

  private List<String> notes() {
    List<String> notes = new ArrayList<>();
    if (environment.containsKey("AWS_ACCESS_KEY_ID")
        || environment.containsKey("AWS_BEARER_TOKEN_BEDROCK")) {
      notes.add(
          "AWS credentials are set in the environment; Bedrock is not supported yet and they are not used.");
    }
    return notes;
  }

  // --- building ---

  private BellConfig build() {
    Duration tenth = Duration.ofMillis(100);
    Duration hour = Duration.ofHours(1);
    Server server =
        new Server(
            text("server.host").orElse("127.0.0.1"),
            read("server.port", text -> Values.integer(text, 0, 65535), 0),
            url("server.publicUrl"),
            read("server.trustedProxies", Values::addressBlocks, List.of()),
            read("server.maxBodyBytes", text -> Values.bytes(text, 1 << 10, 256L << 20), 0L),
            read(
                "server.drainDelay",
                text -> Values.duration(text, Duration.ZERO, Duration.ofMinutes(5)),
                hour),
            read("server.drainTimeout", text -> Values.duration(text, Duration.ZERO, hour), hour),
            read("server.roles", text -> Values.choices(text, Role.class), Set.of(Role.ALL)));
    GatewaySettings gateway =
        new GatewaySettings(
            read(
                "gateway.pingInterval",
                text -> Values.duration(text, tenth, Duration.ofMinutes(5)),
                hour),
            read(
                "gateway.connectTimeout",
                text -> Values.duration(text, tenth, Duration.ofMinutes(1)),
                hour),
            read("gateway.firstByteTimeout", text -> Values.duration(text, tenth, hour), hour),
            read("gateway.idleTimeout", text -> Values.duration(text, tenth, hour), hour),
            read(
                "gateway.totalDeadline",
                text -> Values.duration(text, Duration.ofSeconds(1), hour),
                hour),
            read("gateway.breaker.failures", text -> Values.integer(text, 1, 1000), 1),
            read("gateway.breaker.openFor", text -> Values.duration(text, tenth, hour), hour),
            read("gateway.maxConcurrentCalls", text -> Values.integer(text, 1, 100_000), 1),
            read(
                "gateway.ledger.syncInterval",
                text -> Values.duration(text, Duration.ofMillis(1), Duration.ofSeconds(10)),
                hour),
            read("gateway.ledger.maxBytes", text -> Values.bytes(text, 16L << 20, 1L << 40), 0L));
    List<ProviderSettings> providers = names("providers.").stream().map(this::provider).toList();
    return new BellConfig(
        server,
        path("data.dir").orElse(Path.of(".bell")),
        new Database(
            databaseUrl(),
            text("database.user").orElse(null),
            text("database.password").map(Secret::new).orElse(null),
            read("database.poolSize", text -> Values.integer(text, 2, 200), 2)),
        masterKey(),
        gateway,
        providers,
        routes(providers),
        path("prices.file").orElse(null),
        new Logging(
            read(
                "logging.level",
                text -> Values.choice(text, Logging.Level.class),
                Logging.Level.INFO),
            read(
                "logging.format",
                text -> Values.choice(text, Logging.Format.class),
                Logging.Format.JSON)));
  }

  private @Nullable String databaseUrl() {
    Optional<String> text = text("database.url");
    try {
      text.ifPresent(DatabaseUrl::parse);
    } catch (IllegalArgumentException e) {
      problem("database.url", e.getMessage());
    }
    return text.orElse(null);
  }

  private @Nullable Secret masterKey() {
    Optional<String> text = text("security.masterKey");
    if (text.isPresent() && text.get().length() < 32) {
      problem("security.masterKey", "is shorter than 32 characters");
    }
    return text.map(Secret::new).orElse(null);
  }

  private ProviderSettings provider(String name) {
    String prefix = "providers." + name + ".";
    Dialect dialect =
        required(prefix + "dialect", "anthropic or openai")
            ? read(prefix + "dialect", text -> Values.choice(text, Dialect.class), Dialect.OPENAI)
            : Dialect.OPENAI;
    URI baseUrl =
        required(prefix + "baseUrl", "the provider's address")
            ? read(prefix + "baseUrl", Values::httpUrl, URI.create("http://unset"))
            : URI.create("http://unset");
    Auth auth =
        text(prefix + "auth").isPresent()
            ? read(prefix + "auth", text -> Values.choice(text, Auth.class), Auth.NONE)
            : dialect == Dialect.ANTHROPIC ? Auth.X_API_KEY : Auth.BEARER;
    Optional<Secret> apiKey = apiKey(prefix + "apiKey");
    if (auth != Auth.NONE && apiKey.isEmpty()) {
      problems.add(
          "The provider `"
              + name
              + "` has no key: set `"
              + prefix
              + "apiKey`"
              + KnownProviders.ALL.stream()
                  .filter(known -> known.name().equals(name))
                  .findFirst()
                  .map(known ->
                      // The variable alone counts only where the file configures no provider.
                      providersInFile
                          ? ", such as to `${env:" + known.variable() + "}`"
                          : " or the environment variable " + known.variable())
                  .orElse("")
              + ", or `"
              + prefix
              + "auth: none` if it wants none.");
    }
    return new ProviderSettings(
        name,
        dialect,
        baseUrl,
        auth,
        apiKey.orElse(null),
        text(prefix + "models").map(Values::list).orElse(List.of()),
        providerSource(prefix));
  }

  /** It becomes part of a header; what cannot stand there would come back in an error's text. */
  private Optional<Secret> apiKey(String path) {
    Optional<String> text = text(path).map(String::strip);
    if (text.isPresent() && text.get().lines().count() > 1) {
      problem(path, "has a line break in it");
    } else if (text.isPresent() && !text.get().chars().allMatch(c -> c >= ' ' && c <= '~')) {
      problem(path, "has a character in it that no key has");
    }
    return text.map(Secret::new);
  }

  private String providerSource(String prefix) {
    return settings.values().stream()
            .filter(
                setting -> setting.path().startsWith(prefix) && !setting.source().equals("default"))
            .map(Setting::source)
            .anyMatch(source -> source.contains(" line "))
        ? "configuration"
        : "environment";
  }

  private List<RouteSettings> routes(List<ProviderSettings> providers) {
    List<RouteSettings> routes = new ArrayList<>();
    for (String name : names("routes.")) {
      String path = "routes." + name + ".targets";
      List<TargetSettings> targets = new ArrayList<>();
      Set<Dialect> dialects = new LinkedHashSet<>();
      for (String item : text(path).map(Values::list).orElse(List.of())) {
        int slash = item.indexOf('/');
        String provider = slash < 0 ? item : item.substring(0, slash);
        Optional<ProviderSettings> found =
            providers.stream().filter(known -> known.name().equals(provider)).findFirst();
        if (found.isEmpty()) {
          List<String> names = providers.stream().map(ProviderSettings::name).toList();
          problem(
              path,
              "names the provider `"
                  + provider
                  + "`, which is not configured"
                  + Nearest.to(provider, names)
                      .map(near -> "; did you mean `" + near + "`?")
                      .orElse(""));
        } else {
          dialects.add(found.get().dialect());
          targets.add(new TargetSettings(provider, slash < 0 ? null : item.substring(slash + 1)));
        }
      }
      if (dialects.size() > 1) {
        problem(path, "mixes providers of different dialects; a route's targets speak one");
      } else if (targets.isEmpty()) {
        problem(path, "leads nowhere: a route needs at least one target");
      } else {
        routes.add(new RouteSettings(name, targets));
      }
    }
    return routes;
  }

  // --- single values ---

  private interface Reader<T> {
    T read(String text) throws Wrong;
  }

  private <T> T read(String path, Reader<T> reader, T otherwise) {
    Setting setting = settings.get(path);
    if (setting == null) {
      return otherwise;
    }
    try {
      return reader.read(setting.text());
    } catch (Wrong e) {
      problem(path, e.getMessage());
      return otherwise;
    }
  }

  private @Nullable URI url(String path) {
    return text(path).isEmpty() ? null : read(path, Values::httpUrl, URI.create("http://unset"));
  }

  private Optional<Path> path(String path) {
    return text(path).map(Path::of);
  }

  private Optional<String> text(String path) {
    return Optional.ofNullable(settings.get(path))
        .map(Setting::text)
        .filter(text -> !text.isBlank());
  }

  private boolean required(String path, String what) {
    if (text(path).isPresent()) {
      return true;
    }
    problems.add("`" + path + "` is missing: it takes " + what + ".");
    return false;
  }

  /**
   * Names the key, the text (unless it is secret), the place, what is wrong, and what would be
   * right.
   */
  private void problem(String path, @Nullable String wrong) {
    Setting setting = settings.get(path);
    Key key = ConfigKeys.find(path).orElseThrow();
    String source = setting == null ? "default" : setting.source();
    // A refused database URL may hold a password anywhere.
    String text =
        setting == null || key.secret() || path.equals("database.url")
            ? ""
            : " `" + LoadedConfig.withoutSecrets(setting.text()) + "`";
    problems.add(
        source + ": `" + path + "`" + text + " " + wrong + ". It takes " + key.range() + ".");
  }

  /** The names the user chose below a section, in order. */
  private List<String> names(String prefix) {
    Set<String> names = new LinkedHashSet<>();
    for (String path : settings.keySet()) {
      for (Key key : ConfigKeys.ALL) {
        if (path.startsWith(prefix) && key.named() && ConfigKeys.matches(key.path(), path)) {
          String tail = key.path().substring(key.path().indexOf("*") + 1);
          names.add(path.substring(prefix.length(), path.length() - tail.length()));
        }
      }
    }
    return List.copyOf(names);
  }
}
