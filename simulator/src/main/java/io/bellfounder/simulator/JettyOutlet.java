package io.bellfounder.simulator;

import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Blocker;

/**
 * Answers through the server, and around it where a provider's failure is no valid HTTP: then the
 * bytes go straight to the socket, which is possible because every earlier write has been flushed.
 */
final class JettyOutlet implements Outlet {
  private final Response response;
  private final EndPoint endPoint;
  private final SocketChannel channel;
  private boolean raw;
  private boolean rawChunked;
  private boolean owesLineEnd; // the server writes the end of a chunk together with the next one

  JettyOutlet(Request request, Response response) {
    this.response = response;
    endPoint = request.getConnectionMetaData().getConnection().getEndPoint();
    channel = (SocketChannel) endPoint.getTransport();
  }

  static void setHead(Plan plan, Response response) {
    response.setStatus(plan.status());
    for (Header header : plan.headers()) {
      response.getHeaders().add(header.name(), header.value());
    }
    if (plan.contentLength() >= 0) {
      response.getHeaders().put("content-length", plan.contentLength());
    }
  }

  @Override
  public void head(Plan plan) throws IOException {
    if (plan.slowHeaderMillis() == 0) {
      setHead(plan, response);
      return;
    }
    raw = true;
    rawChunked = plan.contentLength() < 0;
    StringBuilder head = new StringBuilder("HTTP/1.1 " + plan.status() + " \r\n");
    for (Header header : plan.headers()) {
      head.append(header.name()).append(": ").append(header.value()).append("\r\n");
    }
    head.append(
        rawChunked
            ? "transfer-encoding: chunked\r\n"
            : "content-length: " + plan.contentLength() + "\r\n");
    head.append("connection: close\r\n\r\n");
    for (byte drop : head.toString().getBytes(StandardCharsets.ISO_8859_1)) {
      writeRaw(new byte[] {drop});
      nap(plan.slowHeaderMillis());
      if (clientLeft()) {
        throw new IOException("the client left");
      }
    }
  }

  @Override
  public void flush() throws IOException {
    if (!raw) {
      write(false, new byte[0]);
    }
  }

  @Override
  public void piece(byte[] bytes) throws IOException {
    if (bytes.length == 0) {
      return; // an empty chunk would end the message
    }
    if (raw) {
      writeRaw(rawChunked ? chunk(bytes) : bytes);
    } else {
      write(false, bytes);
      owesLineEnd = true;
    }
  }

  @Override
  public void end() throws IOException {
    if (raw) {
      if (rawChunked) {
        writeRaw("0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      }
      endPoint.close();
    } else {
      write(true, new byte[0]);
    }
  }

  @Override
  public void breakOff(Script.How how, byte[] half) throws IOException {
    if (half.length > 0) {
      flush();
      if (owesLineEnd) {
        writeRaw(new byte[] {'\r', '\n'});
      }
      byte[] whole = chunk(half);
      writeRaw(Arrays.copyOf(whole, whole.length - 2 - half.length / 2));
    }
    switch (how) {
      case end -> end();
      case close -> endPoint.close();
      case reset -> {
        channel.setOption(StandardSocketOptions.SO_LINGER, 0);
        endPoint.close();
      }
    }
  }

  /** Sees it by reading: no client of ours sends a second request before it has the answer. */
  @Override
  public boolean clientLeft() {
    try {
      return channel.read(ByteBuffer.allocate(1)) < 0;
    } catch (IOException _) { // reset or closed, which is what was asked
      return true;
    }
  }

  void drop() {
    endPoint.close();
  }

  private void write(boolean last, byte[] bytes) throws IOException {
    try (Blocker.Callback written = Blocker.callback()) {
      response.write(last, ByteBuffer.wrap(bytes), written);
      written.block();
    }
  }

  private static byte[] chunk(byte[] bytes) {
    byte[] size = (Integer.toHexString(bytes.length) + "\r\n").getBytes(StandardCharsets.US_ASCII);
    byte[] chunk = Arrays.copyOf(size, size.length + bytes.length + 2);
    System.arraycopy(bytes, 0, chunk, size.length, bytes.length);
    chunk[chunk.length - 2] = '\r';
    chunk[chunk.length - 1] = '\n';
    return chunk;
  }

  private void writeRaw(byte[] bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    while (buffer.hasRemaining()) {
      if (channel.write(buffer) == 0) {
        nap(1);
      }
    }
  }

  private static void nap(long millis) throws IOException {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new IOException("the simulator is stopping", stopped);
    }
  }
}
