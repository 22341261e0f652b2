package io.bellfounder.server.launch;

import java.util.OptionalInt;
import org.springframework.boot.web.server.context.WebServerInitializedEvent;
import org.springframework.context.event.EventListener;
import org.springframework.stereotype.Component;

/** Where the control plane's web server listens, on the loopback. Safe for use by many threads. */
@Component
public final class ControlPlaneAddress {
  private volatile int port;

  /** Empty until the server has started. */
  public OptionalInt port() {
    return port == 0 ? OptionalInt.empty() : OptionalInt.of(port);
  }

  @EventListener
  void started(WebServerInitializedEvent event) {
    port = event.getWebServer().getPort();
  }
}
