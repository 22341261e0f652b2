package io.bellfounder.server.identity;

import io.bellfounder.server.api.Problem;
import io.bellfounder.server.config.BellConfig;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.URI;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpStatus;
import org.springframework.stereotype.Component;
import org.springframework.web.filter.OncePerRequestFilter;
import org.springframework.web.servlet.HandlerExceptionResolver;

/**
 * Lets a write through only from our own pages. The cookie is SameSite=Strict already; this also
 * holds against pages on a neighbouring port or subdomain, and it fails closed: a browser that says
 * nothing about where a write comes from is refused.
 */
@Component
@Order(Ordered.HIGHEST_PRECEDENCE + 20)
final class SameOrigin extends OncePerRequestFilter {
  private static final Set<String> READS = Set.of("GET", "HEAD", "OPTIONS");

  private final HandlerExceptionResolver answers;
  private final @Nullable URI publicUrl;

  SameOrigin(
      @Qualifier("handlerExceptionResolver") HandlerExceptionResolver answers, BellConfig config) {
    this.answers = answers;
    this.publicUrl = config.server().publicUrl();
  }

  @Override
  protected boolean shouldNotFilter(HttpServletRequest request) {
    // Whatever the path: one path has many spellings, and an endpoint is found under all of them.
    return READS.contains(request.getMethod());
  }

  @Override
  protected void doFilterInternal(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    if (fromOurPages(request)) {
      chain.doFilter(request, response);
      return;
    }
    var _ =
        answers.resolveException(
            request,
            response,
            null,
            Problem.of(
                HttpStatus.FORBIDDEN,
                "other_origin",
                "Writes are taken from this server's own pages only (see Origin and Sec-Fetch-Site)."));
  }

  private boolean fromOurPages(HttpServletRequest request) {
    String site = request.getHeader("sec-fetch-site");
    if (site != null && !site.equals("none")) {
      return site.equals("same-origin");
    }
    String origin = request.getHeader("origin");
    return origin != null && (isOurs(origin, request) || isPublic(origin));
  }

  private static boolean isOurs(String origin, HttpServletRequest request) {
    int port = request.getServerPort();
    boolean usual = port == 443 && request.isSecure() || port == 80 && !request.isSecure();
    String host = request.getServerName();
    String own =
        request.getScheme()
            + "://"
            + (host.indexOf(':') >= 0 && !host.startsWith("[") ? "[" + host + "]" : host)
            + (usual ? "" : ":" + port);
    return origin.equalsIgnoreCase(own);
  }

  private boolean isPublic(String origin) {
    return publicUrl != null
        && origin.equals(
            (publicUrl.getScheme() + "://" + publicUrl.getRawAuthority()).toLowerCase(Locale.ROOT));
  }
}
