package io.bellfounder.server.identity;

import java.util.List;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;
import org.springframework.security.web.header.HeaderWriterFilter;
import org.springframework.security.web.header.writers.ContentSecurityPolicyHeaderWriter;
import org.springframework.security.web.header.writers.HstsHeaderWriter;
import org.springframework.security.web.header.writers.PermissionsPolicyHeaderWriter;
import org.springframework.security.web.header.writers.ReferrerPolicyHeaderWriter;
import org.springframework.security.web.header.writers.ReferrerPolicyHeaderWriter.ReferrerPolicy;
import org.springframework.security.web.header.writers.StaticHeadersWriter;
import org.springframework.security.web.header.writers.XContentTypeOptionsHeaderWriter;

/**
 * What every answer tells a browser. No inline script; styles may be inline, because charts and
 * pop-ups are placed by style attributes.
 */
@Configuration(proxyBeanMethods = false)
class SecurityHeaders {
  private static final String POLICY =
      "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
          + " font-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self';"
          + " frame-ancestors 'none'";

  @Bean
  FilterRegistrationBean<HeaderWriterFilter> securityHeaderFilter() {
    var filter =
        new HeaderWriterFilter(
            List.of(
                new ContentSecurityPolicyHeaderWriter(POLICY),
                new XContentTypeOptionsHeaderWriter(),
                new ReferrerPolicyHeaderWriter(ReferrerPolicy.NO_REFERRER),
                new HstsHeaderWriter(31_536_000, false),
                new PermissionsPolicyHeaderWriter("camera=(), microphone=(), geolocation=()"),
                new StaticHeadersWriter("x-frame-options", "DENY"),
                new StaticHeadersWriter("cross-origin-opener-policy", "same-origin")));
    filter.setShouldWriteHeadersEagerly(true);
    var registration = new FilterRegistrationBean<>(filter);
    registration.setOrder(Ordered.HIGHEST_PRECEDENCE + 5);
    return registration;
  }
}
