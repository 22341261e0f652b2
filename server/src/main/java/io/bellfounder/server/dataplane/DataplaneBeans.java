package io.bellfounder.server.dataplane;

import io.bellfounder.server.teams.KeyMemory;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** What the running gateway shares with the pages. */
@Configuration(proxyBeanMethods = false)
class DataplaneBeans {
  @Bean(initMethod = "start", destroyMethod = "stop")
  LiveCalls liveCalls(KeyMemory keys, LiveAudience audience, ApplicationEventPublisher events) {
    return new LiveCalls(keys, audience, events);
  }
}
