package io.bellfounder.server;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import sun.misc.Signal;

/**
 * SIGTERM, Ctrl-C and a closed terminal end the program in order; a second one ends it at once.
 * Handled here rather than by the virtual machine, which would exit with 143.
 */
final class StopSignals {
  private final CountDownLatch first = new CountDownLatch(1);

  /** Takes the signals over from the virtual machine. */
  static StopSignals install() {
    StopSignals signals = new StopSignals();
    for (String name : List.of("TERM", "INT", "HUP")) {
      Signal.handle(new Signal(name), signals::received);
    }
    return signals;
  }

  private void received(Signal signal) {
    if (first.getCount() == 0) {
      // PostgreSQL stops by itself when its parent is gone.
      Runtime.getRuntime().halt(128 + signal.getNumber());
    }
    first.countDown();
  }

  boolean received() {
    return first.getCount() == 0;
  }

  /** Waits so long at most. */
  void await(Duration atMost) throws InterruptedException {
    var _ = first.await(atMost.toMillis(), TimeUnit.MILLISECONDS);
  }

  void await() throws InterruptedException {
    first.await();
  }
}
