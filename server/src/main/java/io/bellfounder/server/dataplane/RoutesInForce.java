package io.bellfounder.server.dataplane;

import io.bellfounder.gateway.RouteTable;
import io.bellfounder.server.config.BellConfig;
import io.bellfounder.server.config.BellConfig.ProviderSettings;
import io.bellfounder.server.launch.ConfigReloaded;
import java.util.List;
import java.util.function.Supplier;
import org.springframework.context.event.EventListener;
import org.springframework.stereotype.Component;

/** The route table that calls are led by now; a changed configuration replaces it as a whole. */
@Component
final class RoutesInForce implements Supplier<RouteTable> {
  private volatile Current current;

  RoutesInForce(BellConfig config) {
    this.current = Current.of(config);
  }

  @EventListener
  void reloaded(ConfigReloaded event) {
    current = Current.of(event.config());
  }

  @Override
  public RouteTable get() {
    return current.table();
  }

  ConfiguredRoutes table() {
    return current.table();
  }

  List<ProviderSettings> settings() {
    return current.settings();
  }

  private record Current(ConfiguredRoutes table, List<ProviderSettings> settings) {
    static Current of(BellConfig config) {
      return new Current(ConfiguredRoutes.of(config), config.providers());
    }
  }
}
