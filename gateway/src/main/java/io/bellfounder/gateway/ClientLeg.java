package io.bellfounder.gateway;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelOption;
import io.vertx.core.Context;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.impl.HttpServerConnection;
import io.vertx.core.internal.buffer.BufferInternal;
import java.util.ArrayList;
import java.util.List;

/**
 * The client's side of a call. What is written within one turn of the event loop leaves as one
 * write: a flush for each event would cost half the throughput.
 */
final class ClientLeg {
  /** A turn that brings more than this is written before it ends. */
  private static final int FLUSH_AT = 128 << 10;

  private static final int COPY_UP_TO = 32 << 10;

  private final HttpServerRequest request;
  private final HttpServerResponse response;
  private final Context context;
  private final List<Buffer> pending = new ArrayList<>(4);
  private int pendingBytes;
  private boolean flushScheduled;
  private boolean endsWithConnection;
  private boolean gone;
  private boolean done;
  private long bytes;
  private long firstWriteNanos;
  private long lastWriteNanos = System.nanoTime();

  ClientLeg(HttpServerRequest request, Context context, Runnable onGone) {
    this.request = request;
    this.response = request.response();
    this.context = context;
    response.exceptionHandler(broken -> left(onGone));
    response.closeHandler(closed -> left(onGone));
  }

  private void left(Runnable onGone) {
    if (!gone && !done) {
      gone = true;
      onGone.run();
    }
  }

  /** Headers may be added until the first flush. */
  MultiMap head(int status, String reason) {
    response.setStatusCode(status);
    if (!reason.isEmpty()) {
      response.setStatusMessage(reason);
    }
    return response.headers();
  }

  /** What follows has no stated length. */
  void unknownLength() {
    if (request.version() == HttpVersion.HTTP_1_0) {
      // Without chunks only the end of the connection says where the body ends.
      endsWithConnection = true;
      response.headersEndHandler(written -> response.putHeader("connection", "close"));
    } else {
      response.setChunked(true);
    }
  }

  void write(Buffer chunk) {
    if (gone || done || chunk.length() == 0) {
      return;
    }
    pending.add(chunk);
    pendingBytes += chunk.length();
    lastWriteNanos = System.nanoTime();
    firstWriteNanos = bytes == 0 ? lastWriteNanos : firstWriteNanos;
    bytes += chunk.length();
    if (pendingBytes >= FLUSH_AT) {
      flush();
    } else if (!flushScheduled) {
      flushScheduled = true;
      context.runOnContext(turnOver -> flush());
    }
  }

  private void flush() {
    flushScheduled = false;
    if (!gone && !done && pendingBytes > 0) {
      response.write(takePending());
    }
  }

  /** The head alone, for a body whose first byte is awaited. */
  void writeHead() {
    if (!gone && !done && !response.headWritten() && pendingBytes == 0) {
      response.writeHead();
    }
  }

  void end() {
    if (!gone && !done) {
      done = true;
      var ended = pendingBytes > 0 ? response.end(takePending()) : response.end();
      if (endsWithConnection) {
        ended.onComplete(out -> request.connection().close());
      }
    }
  }

  /** Breaks the connection off, so that nobody takes what was sent for the whole. */
  void destroy() {
    if (!gone && !done) {
      flush();
      done = true;
      if (request.version() == HttpVersion.HTTP_1_0) {
        resetWhenClosed();
      }
      response.reset();
    }
  }

  /** Where a body ends with its connection (RFC 9112, 6.3), a close in order would look whole. */
  private void resetWhenClosed() {
    if (request.connection() instanceof HttpServerConnection connection) {
      var channel = connection.channelHandlerContext().channel();
      channel.config().setOption(ChannelOption.SO_LINGER, 0);
    }
  }

  private Buffer takePending() {
    Buffer all;
    if (pending.size() == 1) {
      all = pending.getFirst();
    } else if (pendingBytes <= COPY_UP_TO) {
      // Small pieces are cheaper copied than gathered.
      var copy = new byte[pendingBytes];
      int at = 0;
      for (var each : pending) {
        each.getBytes(0, each.length(), copy, at);
        at += each.length();
      }
      all = BufferInternal.buffer(Unpooled.wrappedBuffer(copy));
    } else {
      var parts = new ByteBuf[pending.size()];
      for (int i = 0; i < parts.length; i++) {
        parts[i] = ((BufferInternal) pending.get(i)).getByteBuf();
      }
      all = BufferInternal.buffer(Unpooled.wrappedBuffer(parts.length, parts));
    }
    pending.clear();
    pendingBytes = 0;
    return all;
  }

  /** The client reads slower than the provider writes. */
  boolean full() {
    return response.writeQueueFull();
  }

  void onDrained(Runnable action) {
    response.drainHandler(drained -> action.run());
  }

  boolean gone() {
    return gone;
  }

  boolean headWritten() {
    return response.headWritten();
  }

  /** Body bytes so far. */
  long bytes() {
    return bytes;
  }

  /** Meaningful once there are bytes. */
  long firstWriteNanos() {
    return firstWriteNanos;
  }

  long lastWriteNanos() {
    return lastWriteNanos;
  }
}
