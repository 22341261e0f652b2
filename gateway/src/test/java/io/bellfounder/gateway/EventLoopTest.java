package io.bellfounder.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.RepeatedTest;

class EventLoopTest {
  /** Repeated, as which thread a loop gets could hang on which of two threads is faster. */
  @RepeatedTest(100)
  void everyEventLoopHasAThreadOfItsOwnAndItsShareOfTheConnections() throws IOException {
    var setup = RunningGateway.with();
    try (var gateway = setup.start();
        var one = gateway.connect();
        var other = gateway.connect()) {
      one.send(RunningGateway.post("/v1/messages", "{}", "x-api-key: wrong")).answer();
      other.send(RunningGateway.post("/v1/messages", "{}", "x-api-key: wrong")).answer();

      assertThat(setup.config().eventLoops()).isEqualTo(2);
      assertThat(gateway.threads).hasSize(2);
    }
  }
}
