package io.bellfounder.server.launch;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.stereotype.Component;
import org.springframework.web.filter.OncePerRequestFilter;

/** Answers for our own API until the database was migrated: fails closed, and says why. */
@Component
@Order(Ordered.HIGHEST_PRECEDENCE + 10)
final class DatabaseUnavailable extends OncePerRequestFilter {
  private static final Pattern PLAIN = Pattern.compile("[0-9A-Za-z_-]{1,64}");

  private final DatabaseState state;

  DatabaseUnavailable(DatabaseState state) {
    this.state = state;
  }

  @Override
  protected boolean shouldNotFilter(HttpServletRequest request) {
    return state.migrated()
        || !request.getRequestURI().startsWith("/api/")
        || request.getRequestURI().equals("/api/v1/openapi.json");
  }

  @Override
  protected void doFilterInternal(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    String id = request.getHeader("x-request-id");
    String requestId = id != null && PLAIN.matcher(id).matches() ? "\"" + id + "\"" : "null";
    response.setStatus(503);
    response.setHeader("retry-after", "2");
    response.setHeader("cache-control", "no-store");
    response.setContentType("application/problem+json");
    response
        .getOutputStream()
        .write(
            """
            {"type":"about:blank","title":"The database is not available","status":503,\
            "detail":"The database cannot be reached or is being migrated. Calls to models are served without it; try again shortly. On the server, ./bell doctor says more.",\
            "code":"database_unavailable","requestId":%s}\
            """
                .formatted(requestId)
                .getBytes(StandardCharsets.UTF_8));
  }
}
