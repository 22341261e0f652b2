package io.bellfounder.simulator;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Carries a plan out, on a thread of its own, and says how it ended. */
final class Player {
  private static final long LOOK_MILLIS = 5;

  private final Plan plan;
  private final Exchange exchange;
  private final Outlet outlet;
  private long produced;
  private @Nullable Tokens reported;
  private boolean begun;
  private boolean failed;

  Player(Plan plan, Exchange exchange, Outlet outlet) {
    this.plan = plan;
    this.exchange = exchange;
    this.outlet = outlet;
  }

  ReceivedRequest.End play() {
    try {
      return playAll();
    } catch (IOException _) { // the only cause on a loopback socket is the other side
      return ReceivedRequest.End.CLIENT_LEFT;
    }
  }

  /** Output tokens behind what was sent. */
  long produced() {
    return produced;
  }

  /** The last usage sent. */
  @Nullable Tokens reported() {
    return reported;
  }

  /** Whether any of the body was sent. */
  boolean begun() {
    return begun;
  }

  /** Whether an error event was sent. */
  boolean failed() {
    return failed;
  }

  private ReceivedRequest.End playAll() throws IOException {
    for (Plan.Step step : plan.before()) {
      if (step instanceof Plan.Step.Break(Script.How how, byte[] half)) {
        outlet.breakOff(how, half);
        return ReceivedRequest.End.CUT;
      }
      if (step instanceof Plan.Step.Pause pause && !rest(pause.millis())) {
        return ReceivedRequest.End.CLIENT_LEFT;
      }
    }
    exchange.head(plan.status());
    outlet.head(plan);
    for (Plan.Step step : plan.steps()) {
      switch (step) {
        case Plan.Step.Send send -> send(send);
        case Plan.Step.Pause pause -> {
          outlet.flush();
          if (!pause(pause)) {
            return ReceivedRequest.End.CLIENT_LEFT;
          }
        }
        case Plan.Step.Break(Script.How how, byte[] half) -> {
          outlet.flush();
          outlet.breakOff(how, half);
          return ReceivedRequest.End.CUT;
        }
      }
    }
    outlet.end();
    return ReceivedRequest.End.COMPLETE;
  }

  private void send(Plan.Step.Send send) throws IOException {
    outlet.piece(send.bytes());
    exchange.sent(send.bytes().length);
    begun = true;
    produced = send.produced();
    reported = send.reported() == null ? reported : send.reported();
    failed |= send.failing();
  }

  private boolean pause(Plan.Step.Pause pause) throws IOException {
    long left = pause.millis();
    while (pause.pingMillis() > 0 && left > pause.pingMillis()) {
      if (!rest(pause.pingMillis())) {
        return false;
      }
      outlet.piece(pause.ping());
      exchange.sent(pause.ping().length);
      left -= pause.pingMillis();
    }
    return rest(left);
  }

  /** False as soon as the client has left. */
  private boolean rest(long millis) throws IOException {
    long end = System.nanoTime() + millis * 1_000_000;
    while (true) {
      if (outlet.clientLeft()) {
        return false;
      }
      long left = end - System.nanoTime();
      if (left <= 0) {
        return true;
      }
      try {
        Thread.sleep(Math.clamp(left / 1_000_000, 1, LOOK_MILLIS));
      } catch (InterruptedException stopped) {
        Thread.currentThread().interrupt();
        throw new IOException("the simulator is stopping", stopped);
      }
    }
  }
}
