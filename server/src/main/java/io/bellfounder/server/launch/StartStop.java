package io.bellfounder.server.launch;

import org.springframework.context.SmartLifecycle;

/** Two actions as a part of the application's life. */
final class StartStop implements SmartLifecycle {
  private final Runnable start;
  private final Runnable stop;
  private volatile boolean running;

  StartStop(Runnable start, Runnable stop) {
    this.start = start;
    this.stop = stop;
  }

  @Override
  public void start() {
    running = true;
    start.run();
  }

  @Override
  public void stop() {
    running = false;
    stop.run();
  }

  @Override
  public boolean isRunning() {
    return running;
  }
}
