package io.bellfounder.server.dataplane;

import io.bellfounder.gateway.Provider;
import io.bellfounder.gateway.Provider.Credential;
import io.bellfounder.gateway.Route;
import io.bellfounder.gateway.RouteTable;
import io.bellfounder.gateway.Target;
import io.bellfounder.server.config.BellConfig;
import io.bellfounder.server.config.BellConfig.ProviderSettings;
import io.bellfounder.server.config.BellConfig.RouteSettings;
import io.bellfounder.wire.Dialect;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Where model names lead, as configured. In this order: a route of that name; the longest model
 * pattern of a provider of the dialect; {@code provider/model}; the first provider of the dialect.
 * Immutable.
 */
final class ConfiguredRoutes implements RouteTable {
  private final List<Provider> providers;
  private final Map<String, Route> routes;
  private final List<PatternRoute> patterns;

  private ConfiguredRoutes(
      List<Provider> providers, Map<String, Route> routes, List<PatternRoute> patterns) {
    this.providers = List.copyOf(providers);
    this.routes = routes;
    this.patterns = List.copyOf(patterns);
  }

  static ConfiguredRoutes of(BellConfig config) {
    Map<String, Provider> providers = new LinkedHashMap<>();
    List<PatternRoute> patterns = new ArrayList<>();
    for (ProviderSettings settings : config.providers()) {
      Provider provider = provider(settings, config.gateway());
      providers.put(settings.name(), provider);
      settings.models().forEach(pattern -> patterns.add(PatternRoute.of(pattern, provider)));
    }
    // A stable sort: among equally long ones the provider that was configured first wins.
    patterns.sort((a, b) -> Integer.compare(b.pattern().length(), a.pattern().length()));
    Map<String, Route> routes = new LinkedHashMap<>();
    for (RouteSettings settings : config.routes()) {
      List<Target> targets =
          settings.targets().stream()
              .map(target -> new Target(named(providers, target.provider()), target.model()))
              .toList();
      routes.put(settings.name(), new Route(settings.name(), targets));
    }
    return new ConfiguredRoutes(List.copyOf(providers.values()), routes, patterns);
  }

  private static Provider named(Map<String, Provider> providers, String name) {
    Provider provider = providers.get(name);
    if (provider == null) {
      throw new IllegalArgumentException("no provider " + name + "; the configuration was checked");
    }
    return provider;
  }

  private static Provider provider(ProviderSettings settings, BellConfig.GatewaySettings gateway) {
    var key = settings.apiKey();
    Credential credential =
        key == null
            ? new Credential.None()
            : switch (settings.auth()) {
              case X_API_KEY -> new Credential.ApiKeyHeader(key.value());
              case BEARER -> new Credential.Bearer(key.value());
              case NONE -> new Credential.None();
            };
    return new Provider(
        settings.name(),
        settings.dialect(),
        settings.baseUrl(),
        credential,
        gateway.connectTimeout(),
        gateway.firstByteTimeout(),
        gateway.idleTimeout());
  }

  @Override
  public Optional<Route> route(Dialect dialect, String model) {
    Route named = routes.get(model);
    if (named != null && dialect(named) == dialect) {
      return Optional.of(named);
    }
    for (PatternRoute candidate : patterns) {
      if (candidate.route().targets().getFirst().provider().dialect() == dialect
          && candidate.matches(model)) {
        return Optional.of(candidate.route());
      }
    }
    return byPrefix(dialect, model).or(() -> first(dialect));
  }

  private Optional<Route> byPrefix(Dialect dialect, String model) {
    int slash = model.indexOf('/');
    if (slash <= 0 || slash == model.length() - 1) {
      return Optional.empty();
    }
    String name = model.substring(0, slash);
    return providers.stream()
        .filter(provider -> provider.dialect() == dialect && provider.name().equals(name))
        .findFirst()
        .map(
            provider -> new Route(name, List.of(new Target(provider, model.substring(slash + 1)))));
  }

  private Optional<Route> first(Dialect dialect) {
    return providers.stream()
        .filter(provider -> provider.dialect() == dialect)
        .findFirst()
        .map(provider -> new Route(provider.name(), List.of(new Target(provider, null))));
  }

  @Override
  public List<ListedModel> models(Dialect dialect) {
    return routes.values().stream()
        .filter(route -> dialect(route) == dialect)
        .map(route -> new ListedModel(route.name(), route.name()))
        .toList();
  }

  @Override
  public List<Provider> providers() {
    return providers;
  }

  List<Route> routes() {
    return List.copyOf(routes.values());
  }

  private static Dialect dialect(Route route) {
    return route.targets().getFirst().provider().dialect();
  }

  private record PatternRoute(String pattern, Pattern compiled, Route route) {
    static PatternRoute of(String pattern, Provider provider) {
      StringBuilder expression = new StringBuilder();
      for (String literal : pattern.split("\\*", -1)) {
        if (!expression.isEmpty()) {
          expression.append(".*");
        }
        expression.append(Pattern.quote(literal));
      }
      return new PatternRoute(
          pattern,
          Pattern.compile(expression.toString()),
          new Route(provider.name(), List.of(new Target(provider, null))));
    }

    boolean matches(String model) {
      return compiled.matcher(model).matches();
    }
  }
}
