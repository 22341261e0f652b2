package io.bellfounder.server.api;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpStatus;
import org.springframework.stereotype.Component;
import org.springframework.web.filter.OncePerRequestFilter;
import org.springframework.web.servlet.HandlerExceptionResolver;

/**
 * Refuses bodies beyond 64 KiB, which is far more than any endpoint takes: a body becomes objects
 * before anybody is asked who sent it, and strangers with large ones would fill the memory that the
 * gateway needs too.
 */
@Component
@Order(Ordered.HIGHEST_PRECEDENCE + 15)
final class BodyLimit extends OncePerRequestFilter {
  private static final long BYTES_MAX = 64 << 10;

  private final HandlerExceptionResolver answers;

  BodyLimit(@Qualifier("handlerExceptionResolver") HandlerExceptionResolver answers) {
    this.answers = answers;
  }

  @Override
  protected void doFilterInternal(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    long length = request.getContentLengthLong();
    if (length <= BYTES_MAX) {
      chain.doFilter(length < 0 ? new Unannounced(request) : request, response);
      return;
    }
    var _ =
        answers.resolveException(
            request,
            response,
            null,
            Problem.of(
                HttpStatus.CONTENT_TOO_LARGE, "body_too_large", "A body may have 64 KiB at most."));
  }

  /** A body that does not say how long it is: reading it fails at the limit. */
  private static final class Unannounced extends HttpServletRequestWrapper {
    Unannounced(HttpServletRequest request) {
      super(request);
    }

    @Override
    public ServletInputStream getInputStream() throws IOException {
      ServletInputStream in = super.getInputStream();
      return new ServletInputStream() {
        private long count;

        @Override
        public int read() throws IOException {
          byte[] one = new byte[1];
          return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
          int read = in.read(into, offset, length);
          count += Math.max(0, read);
          if (count > BYTES_MAX) {
            throw new IOException("the body is larger than " + BYTES_MAX + " bytes");
          }
          return read;
        }

        @Override
        public boolean isFinished() {
          return in.isFinished();
        }

        @Override
        public boolean isReady() {
          return in.isReady();
        }

        @Override
        public void setReadListener(ReadListener listener) {
          in.setReadListener(listener);
        }
      };
    }
  }
}
