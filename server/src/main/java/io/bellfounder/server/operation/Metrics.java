package io.bellfounder.server.operation;

import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** Figures for Prometheus, at {@code /metrics}. Every bean that is a {@link MeterBinder} shows. */
@Configuration(proxyBeanMethods = false)
class Metrics {

  @Bean(destroyMethod = "close")
  PrometheusMeterRegistry meterRegistry(ObjectProvider<MeterBinder> binders) {
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    new JvmMemoryMetrics().bindTo(registry);
    new JvmThreadMetrics().bindTo(registry);
    new ProcessorMetrics().bindTo(registry);
    new UptimeMetrics().bindTo(registry);
    new FileDescriptorMetrics().bindTo(registry);
    binders.orderedStream().forEach(binder -> binder.bindTo(registry));
    return registry;
  }

  /** Listens to the collector; apart, because it is closed. */
  @Bean
  JvmGcMetrics garbageCollectionMetrics() {
    return new JvmGcMetrics();
  }

  @RestController
  static final class Endpoint {
    private final PrometheusMeterRegistry registry;

    Endpoint(PrometheusMeterRegistry registry) {
      this.registry = registry;
    }

    @GetMapping("/metrics")
    ResponseEntity<String> metrics() {
      return ResponseEntity.ok()
          .header("content-type", "text/plain; version=0.0.4; charset=utf-8")
          .body(registry.scrape());
    }
  }
}
