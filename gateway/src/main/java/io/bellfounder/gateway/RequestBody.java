package io.bellfounder.gateway;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import java.util.Arrays;

/**
 * A request's body, gathered into one array sized from its content-length, and bounded before it
 * grows: by the size of one body, and by what all bodies may hold together.
 */
final class RequestBody {
  /** A stated length is believed up to here; beyond, the array grows with what really comes. */
  private static final int BELIEVED = 1 << 20;

  private static final int UNSTATED = 16 << 10;
  private static final byte[] NONE = {};

  /** Hears of exactly one end. */
  interface Listener {
    void whole(byte[] bytes, int length);

    void tooLarge();

    /** All bodies together hold as much as they may. */
    void noRoom(long most);

    /** The rest of it does not come. */
    void stalled();
  }

  private final int most;
  private final Plane.BodyBudget budget;
  private final Listener listener;
  private byte[] bytes = NONE;
  private int length;
  private int taken;
  private int first;
  private boolean over;
  private long lastByteNanos = System.nanoTime();

  RequestBody(int most, Plane.BodyBudget budget, Listener listener) {
    this.most = most;
    this.budget = budget;
    this.listener = listener;
  }

  /**
   * @param statedLength below 0 if it was not
   */
  void readFrom(HttpServerRequest request, long statedLength) {
    first = statedLength < 0 ? UNSTATED : (int) Math.min(statedLength, BELIEVED);
    request.handler(this::append);
    request.endHandler(end -> {
      if (!over) {
        over = true;
        // The request lives as long as its answer; the bytes need not.
        var whole = bytes;
        bytes = NONE;
        listener.whole(whole, length);
      }
    });
  }

  private void append(Buffer chunk) {
    int more = chunk.length();
    if (over) {
      return;
    }
    if (more > most - length) {
      stop();
      listener.tooLarge();
      return;
    }
    lastByteNanos = System.nanoTime();
    if (length + more > bytes.length) {
      // Nothing is taken for a client that only says how much it has.
      long next = length == 0 ? first : Math.min(most, 2L * bytes.length);
      if (!grow((int) Math.max(length + more, next))) {
        return;
      }
    }
    chunk.getBytes(0, more, bytes, length);
    length += more;
  }

  private boolean grow(int size) {
    if (!budget.take(size - taken)) {
      stop();
      listener.noRoom(budget.most());
      return false;
    }
    taken = size;
    bytes = Arrays.copyOf(bytes, size);
    return true;
  }

  void stall() {
    stop();
    listener.stalled();
  }

  private void stop() {
    over = true;
    bytes = NONE;
    giveBack();
  }

  /** The body is not needed any more. May be called again. */
  void giveBack() {
    budget.giveBack(taken);
    taken = 0;
  }

  boolean over() {
    return over;
  }

  long lastByteNanos() {
    return lastByteNanos;
  }
}
