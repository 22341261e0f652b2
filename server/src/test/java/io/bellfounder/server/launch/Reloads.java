package io.bellfounder.server.launch;

import org.jspecify.annotations.Nullable;
import org.springframework.context.event.EventListener;
import org.springframework.stereotype.Component;

/** Remembers the last reload, for tests. */
@Component
final class Reloads {
  volatile @Nullable ConfigReloaded last;

  @EventListener
  void reloaded(ConfigReloaded event) {
    last = event;
  }
}
