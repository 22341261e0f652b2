package io.bellfounder.server;

import org.junit.jupiter.api.Test;
import org.springframework.modulith.core.ApplicationModules;

final class ModulesTest {
  /** Packages below the server's are modules; their inner packages stay theirs, no cycles. */
  @Test
  void modules_keep_to_themselves() {
    ApplicationModules.of(BellfounderApplication.class).verify();
  }
}
