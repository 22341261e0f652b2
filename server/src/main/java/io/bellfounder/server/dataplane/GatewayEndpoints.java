package io.bellfounder.server.dataplane;

import io.bellfounder.server.api.Page;
import io.bellfounder.server.config.BellConfig;
import io.bellfounder.server.identity.Caller;
import io.bellfounder.server.tenant.Tenants;
import io.bellfounder.wire.Dialect;
import jakarta.servlet.http.HttpServletRequest;
import java.net.URI;
import java.time.Instant;
import java.util.Comparator;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/** {@code /api/v1}: providers, routes, and what a client needs to connect. */
@RestController
@RequestMapping("/api/v1")
final class GatewayEndpoints {
  private final ProviderReads providers;
  private final RoutesInForce routes;
  private final LiveCalls live;
  private final JdbcClient jdbc;
  private final Tenants tenants;
  private final @Nullable URI publicUrl;

  GatewayEndpoints(
      ProviderReads providers,
      RoutesInForce routes,
      LiveCalls live,
      JdbcClient jdbc,
      Tenants tenants,
      BellConfig config) {
    this.providers = providers;
    this.routes = routes;
    this.live = live;
    this.jdbc = jdbc;
    this.tenants = tenants;
    this.publicUrl = config.server().publicUrl();
  }

  @GetMapping("/providers")
  Page<ProviderReads.ProviderView> providers(Caller caller) {
    return Page.whole(providers.providers(caller.organisationId()));
  }

  @GetMapping("/routes")
  Page<ProviderReads.RouteView> routes(Caller caller) {
    return Page.whole(providers.routes());
  }

  @GetMapping("/connect")
  ConnectView connect(Caller caller, HttpServletRequest request) {
    return new ConnectView(
        baseUrl(request),
        new ModelExamples(
            example(Dialect.ANTHROPIC, "claude-opus-5-5"), example(Dialect.OPENAI, "gpt-5.5")),
        firstCall(caller.organisationId()).orElse(null));
  }

  /**
   * @param baseUrl as the caller reached us, unless one is configured
   * @param firstCall {@code null} until a client has called
   */
  record ConnectView(String baseUrl, ModelExamples modelExamples, @Nullable FirstCall firstCall) {}

  record ModelExamples(String anthropic, String openai) {}

  record FirstCall(UUID id, Instant at, String keyName, String model) {}

  private String baseUrl(HttpServletRequest request) {
    if (publicUrl != null) {
      return publicUrl.toString();
    }
    int port = request.getServerPort();
    boolean usual = port == (request.isSecure() ? 443 : 80);
    return request.getScheme() + "://" + request.getServerName() + (usual ? "" : ":" + port);
  }

  private String example(Dialect dialect, String otherwise) {
    return routes.get().models(dialect).stream()
        .findFirst()
        .map(model -> model.id())
        .orElse(otherwise);
  }

  private Optional<FirstCall> firstCall(UUID organisation) {
    Optional<FirstCall> stored =
        tenants.in(
            organisation,
            () ->
                jdbc.sql(
                        """
                        SELECT c.id, c.opened_at, coalesce(k.name, c.key_id::text), c.requested_model
                        FROM call c LEFT JOIN api_key k ON k.id = c.key_id ORDER BY c.opened_at, c.id LIMIT 1
                        """)
                    .query((row, _) ->
                        new FirstCall(
                            row.getObject(1, UUID.class),
                            row.getTimestamp(2).toInstant(),
                            row.getString(3),
                            row.getString(4)))
                    .optional());
    return stored.or(() ->
        live.of(organisation).stream()
            .min(Comparator.comparing(CallView::openedAt))
            .map(call ->
                new FirstCall(
                    call.id(), call.openedAt(), call.key().name(), call.requestedModel())));
  }
}
