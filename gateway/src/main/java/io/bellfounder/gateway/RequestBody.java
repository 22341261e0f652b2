package io.bellfounder.gateway;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import java.util.Arrays;

/**
 * A request's body, gathered into one array sized from its content-length, and bounded before it
 * grows.
 */
final class RequestBody {
  /** A stated length is believed up to here; beyond, the array grows with what really comes. */
  private static final int BELIEVED = 1 << 20;

  private static final int UNSTATED = 16 << 10;

  /** Hears of exactly one end. */
  interface Listener {
    void whole(byte[] bytes, int length);

    void tooLarge();
  }

  private final int most;
  private final Listener listener;
  private byte[] bytes;
  private int length;
  private boolean over;
  private long lastByteNanos = System.nanoTime();

  RequestBody(long statedLength, int most, Listener listener) {
    this.most = most;
    this.listener = listener;
    this.bytes = new byte[statedLength < 0 ? UNSTATED : (int) Math.min(statedLength, BELIEVED)];
  }

  void readFrom(HttpServerRequest request) {
    request.handler(this::append);
    request.endHandler(end -> {
      if (!over) {
        over = true;
        listener.whole(bytes, length);
      }
    });
  }

  private void append(Buffer chunk) {
    int more = chunk.length();
    if (over) {
      return;
    }
    if (more > most - length) {
      over = true;
      bytes = new byte[0];
      listener.tooLarge();
      return;
    }
    lastByteNanos = System.nanoTime();
    if (length + more > bytes.length) {
      long doubled = Math.min(most, 2L * bytes.length);
      bytes = Arrays.copyOf(bytes, (int) Math.max(length + more, doubled));
    }
    chunk.getBytes(0, more, bytes, length);
    length += more;
  }

  boolean over() {
    return over;
  }

  long lastByteNanos() {
    return lastByteNanos;
  }
}
