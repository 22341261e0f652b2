package io.bellfounder.server.dataplane;

import io.bellfounder.gateway.Gateway;
import io.bellfounder.gateway.TargetHealth;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** What the running gateway says of its targets; nothing while there is none in this process. */
@Component
final class GatewayHealth {
  private volatile @Nullable Gateway gateway;

  void running(@Nullable Gateway gateway) {
    this.gateway = gateway;
  }

  List<TargetHealth> targets() {
    Gateway running = gateway;
    return running == null ? List.of() : running.targets();
  }

  int openCalls() {
    Gateway running = gateway;
    return running == null ? 0 : running.openCalls();
  }
}
