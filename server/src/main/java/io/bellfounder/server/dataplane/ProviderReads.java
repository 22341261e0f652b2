package io.bellfounder.server.dataplane;

import io.bellfounder.gateway.Route;
import io.bellfounder.gateway.Target;
import io.bellfounder.gateway.TargetHealth;
import io.bellfounder.server.config.BellConfig.ProviderSettings;
import io.bellfounder.server.tenant.Tenants;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** Providers and routes as configured, with what the gateway has met of them. */
@Component
public final class ProviderReads {
  private final JdbcClient jdbc;
  private final Tenants tenants;
  private final RoutesInForce routes;
  private final GatewayHealth health;
  private final InstantSource clock;

  ProviderReads(
      JdbcClient jdbc,
      Tenants tenants,
      RoutesInForce routes,
      GatewayHealth health,
      InstantSource clock) {
    this.jdbc = jdbc;
    this.tenants = tenants;
    this.routes = routes;
    this.health = health;
    this.clock = clock;
  }

  /**
   * @param credential never the credential itself
   * @param source {@code environment} or {@code configuration}
   * @param health {@code healthy}, {@code degraded}, {@code down}, or {@code unknown} until asked
   */
  public record ProviderView(
      String name,
      String dialect,
      String baseUrl,
      String credential,
      String source,
      String health,
      List<TargetView> targets) {}

  /**
   * @param route the public name; the provider's for names that come here without a route
   * @param model {@code *} where any name passes on
   */
  public record TargetView(
      String route,
      String model,
      BreakerView breaker,
      @Nullable Instant waitUntil,
      @Nullable LastErrorView lastError,
      @Nullable Instant lastSuccessAt,
      long callsLastHour,
      long errorsLastHour) {}

  /** {@code closed}, {@code open} or {@code half_open}. */
  public record BreakerView(String state, int failures, @Nullable Instant openUntil) {}

  /**
   * @param detail the provider's words, which may be about the call; {@code null} if it is another
   *     organisation's
   * @param callId the call that met it; {@code null} likewise
   */
  public record LastErrorView(
      Instant at,
      String outcome,
      @Nullable Integer status,
      @Nullable String detail,
      @Nullable UUID callId) {
    static LastErrorView of(TargetHealth.LastError error, UUID reader) {
      boolean own = error.organisationId().equals(reader);
      return new LastErrorView(
          error.at(),
          CallStore.word(error.outcome()),
          error.status(),
          own ? error.detail() : null,
          own ? error.callId() : null);
    }
  }

  record RouteView(String name, String dialect, List<RouteTargetView> targets) {}

  record RouteTargetView(String provider, @Nullable String model) {}

  List<RouteView> routes() {
    return routes.table().routes().stream()
        .map(route ->
            new RouteView(
                route.name(),
                CallStore.word(route.targets().getFirst().provider().dialect()),
                route.targets().stream()
                    .map(target -> new RouteTargetView(target.provider().name(), target.model()))
                    .toList()))
        .toList();
  }

  List<ProviderView> providers(UUID organisation) {
    Map<Place, Traffic> traffic = tenants.in(organisation, this::lastHour);
    return routes.settings().stream()
        .map(provider -> view(organisation, provider, traffic))
        .toList();
  }

  public Optional<ProviderView> provider(UUID organisation, String name) {
    return providers(organisation).stream().filter(view -> view.name().equals(name)).findFirst();
  }

  private ProviderView view(UUID reader, ProviderSettings provider, Map<Place, Traffic> traffic) {
    List<TargetHealth> met =
        health.targets().stream()
            .filter(target -> target.provider().equals(provider.name()))
            .toList();
    var key = provider.apiKey();
    return new ProviderView(
        provider.name(),
        CallStore.word(provider.dialect()),
        provider.baseUrl().toString(),
        key == null ? "none" : key.masked(),
        provider.source().startsWith("BELL_") || provider.source().contains("environment")
            ? "environment"
            : "configuration",
        health(met),
        targets(reader, provider, met, traffic));
  }

  private List<TargetView> targets(
      UUID reader, ProviderSettings provider, List<TargetHealth> met, Map<Place, Traffic> traffic) {
    Map<String, String> routeByModel = new LinkedHashMap<>();
    for (Route route : routes.table().routes()) {
      for (Target target : route.targets()) {
        if (target.provider().name().equals(provider.name())) {
          String model = target.model();
          routeByModel.putIfAbsent(model == null ? route.name() : model, route.name());
        }
      }
    }
    met.stream()
        .filter(target -> target.organisations().contains(reader))
        .forEach(target -> routeByModel.putIfAbsent(target.model(), provider.name()));
    if (routeByModel.isEmpty()) {
      routeByModel.put("*", provider.name());
    }
    List<TargetView> targets = new ArrayList<>();
    routeByModel.forEach((model, route) -> {
      Optional<TargetHealth> known =
          met.stream().filter(target -> target.model().equals(model)).findFirst();
      Traffic recent = traffic.getOrDefault(new Place(provider.name(), model), Traffic.NONE);
      targets.add(view(reader, route, model, known.orElse(null), recent));
    });
    return targets;
  }

  private static TargetView view(
      UUID reader, String route, String model, @Nullable TargetHealth health, Traffic recent) {
    if (health == null) {
      return new TargetView(
          route,
          model,
          new BreakerView("closed", 0, null),
          null,
          null,
          null,
          recent.calls(),
          recent.errors());
    }
    TargetHealth.LastError error = health.lastError();
    return new TargetView(
        route,
        model,
        new BreakerView(CallStore.word(health.breaker()), health.failures(), health.openUntil()),
        health.waitUntil(),
        error == null ? null : LastErrorView.of(error, reader),
        health.lastSuccessAt(),
        recent.calls(),
        recent.errors());
  }

  private static String health(List<TargetHealth> met) {
    if (met.isEmpty()) {
      return "unknown";
    }
    long away = met.stream().filter(ProviderReads::isAway).count();
    if (away == met.size()) {
      return "down";
    }
    return away > 0 || met.stream().anyMatch(ProviderReads::isTroubled) ? "degraded" : "healthy";
  }

  private static boolean isAway(TargetHealth target) {
    return target.benched() || CallStore.word(target.breaker()).equals("open");
  }

  private static boolean isTroubled(TargetHealth target) {
    var error = target.lastError();
    Instant success = target.lastSuccessAt();
    return target.waitUntil() != null
        || error != null && (success == null || success.isBefore(error.at()));
  }

  private Map<Place, Traffic> lastHour() {
    Map<Place, Traffic> traffic = new HashMap<>();
    jdbc.sql(
            """
            SELECT provider, model, count(*) AS calls, count(*) FILTER (WHERE outcome NOT IN ('ok', 'aborted',
                'request_refused')) AS errors
            FROM attempt WHERE call_opened_at > ? AND outcome <> 'skipped' GROUP BY 1, 2
            """)
        .params(Timestamp.from(clock.instant().minus(Duration.ofHours(1))))
        .query(row -> {
          traffic.put(
              new Place(row.getString(1), row.getString(2)),
              new Traffic(row.getLong(3), row.getLong(4)));
        });
    return traffic;
  }

  private record Place(String provider, String model) {}

  private record Traffic(long calls, long errors) {
    static final Traffic NONE = new Traffic(0, 0);
  }
}
