package io.bellfounder.server.tenant;

import java.security.SecureRandom;
import java.time.InstantSource;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The real clock and the real randomness. */
@Configuration(proxyBeanMethods = false)
class TenantBeans {
  @Bean
  InstantSource clock() {
    return InstantSource.system();
  }

  @Bean
  SecureRandom secureRandom() {
    return new SecureRandom();
  }

  @Bean
  TimeOrderedIds ids(InstantSource clock) {
    return new TimeOrderedIds(clock, new ThreadLocalGenerator());
  }
}
