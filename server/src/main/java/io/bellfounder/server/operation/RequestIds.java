package io.bellfounder.server.operation;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.stereotype.Component;
import org.springframework.web.filter.OncePerRequestFilter;

/**
 * Puts the front door's request id into every log line that the request causes, and at level {@code
 * debug} adds one that says who asked what, how it ended and how long it took, without the query.
 */
@Component
@Order(Ordered.HIGHEST_PRECEDENCE)
final class RequestIds extends OncePerRequestFilter {
  /** Put there by whoever knows who asks. */
  private static final String MEMBER = "memberId";

  private static final Logger LOG = LoggerFactory.getLogger(RequestIds.class);
  private static final Pattern PLAIN = Pattern.compile("[0-9A-Za-z_-]{1,64}");

  @Override
  protected void doFilterInternal(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    String id = request.getHeader("x-request-id");
    if (id == null || !PLAIN.matcher(id).matches()) {
      chain.doFilter(request, response);
      return;
    }
    long begun = System.nanoTime();
    try (var _ = MDC.putCloseable("requestId", id)) {
      try {
        chain.doFilter(request, response);
      } finally {
        LOG.atDebug()
            .addKeyValue("endpoint", request.getMethod() + " " + request.getRequestURI())
            .addKeyValue("status", response.getStatus())
            .addKeyValue("durationMillis", (System.nanoTime() - begun) / 1_000_000)
            .log("request answered");
        MDC.remove(MEMBER);
      }
    }
  }
}
