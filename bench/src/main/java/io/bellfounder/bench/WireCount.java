package io.bellfounder.bench;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.LongAdder;

/**
 * Stands between a contestant and PostgreSQL and counts what passes, by PostgreSQL's own messages:
 * so everybody's work is counted in the same way, whatever library made it.
 */
final class WireCount implements AutoCloseable {
  private final ServerSocket server;
  private final int target;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final LongAdder statements = new LongAdder();
  private final LongAdder roundTrips = new LongAdder();
  private final LongAdder sent = new LongAdder();
  private final LongAdder received = new LongAdder();

  /**
   * What has passed since the start.
   *
   * @param statements executed, {@code BEGIN} and {@code COMMIT} among them
   * @param roundTrips times that the client waited for an answer
   */
  record Passed(long statements, long roundTrips, long bytesSent, long bytesReceived) {
    Passed since(Passed before) {
      return new Passed(
          statements - before.statements,
          roundTrips - before.roundTrips,
          bytesSent - before.bytesSent,
          bytesReceived - before.bytesReceived);
    }
  }

  WireCount(int target) throws IOException {
    this.target = target;
    this.server = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
    threads.execute(this::accept);
  }

  int port() {
    return server.getLocalPort();
  }

  Passed passed() {
    return new Passed(statements.sum(), roundTrips.sum(), sent.sum(), received.sum());
  }

  private void accept() {
    try {
      while (true) {
        Socket client = server.accept();
        Socket database = new Socket(InetAddress.getLoopbackAddress(), target);
        client.setTcpNoDelay(true);
        database.setTcpNoDelay(true);
        threads.execute(() -> pass(client, database, this::requests));
        threads.execute(() -> pass(database, client, this::answers));
      }
    } catch (IOException closed) {
      // The end of the measurement.
    }
  }

  private interface Copy {
    void copy(InputStream in, OutputStream out) throws IOException;
  }

  private static void pass(Socket from, Socket to, Copy copy) {
    try (from;
        to) {
      copy.copy(from.getInputStream(), to.getOutputStream());
    } catch (IOException gone) {
      // One side has left; closing both tells the other.
    }
  }

  private void answers(InputStream in, OutputStream out) throws IOException {
    byte[] buffer = new byte[1 << 16];
    for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
      received.add(n);
      out.write(buffer, 0, n);
    }
  }

  /** Copies what there is at once, and reads the messages in it as they go by. */
  private void requests(InputStream in, OutputStream out) throws IOException {
    byte[] buffer = new byte[1 << 16];
    DataInputStream untyped = new DataInputStream(in);
    boolean started = false;
    while (!started) {
      // SSLRequest and StartupMessage have a length but no type.
      int length = untyped.readInt();
      byte[] rest = untyped.readNBytes(length - 4);
      sent.add(length);
      started = !(length == 8 && rest[0] == 0x04 && rest[1] == (byte) 0xD2);
      out.write(new byte[] {(byte) (length >> 24), (byte) (length >> 16), (byte) (length >> 8)});
      out.write(length);
      out.write(rest);
    }
    int head = 0; // how much of the next message's type and length has been read
    int type = 0;
    int length = 0;
    int left = 0;
    for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
      sent.add(n);
      for (int i = 0; i < n; ) {
        if (left > 0) {
          int skipped = Math.min(left, n - i);
          left -= skipped;
          i += skipped;
          continue;
        }
        int b = buffer[i++] & 0xFF;
        if (head == 0) {
          type = b;
          length = 0;
        } else {
          length = (length << 8) | b;
        }
        head++;
        if (head == 5) {
          head = 0;
          left = length - 4;
          count(type);
        }
      }
      out.write(buffer, 0, n);
    }
  }

  private void count(int type) {
    if (type == 'E' || type == 'Q') {
      statements.increment();
    }
    if (type == 'S' || type == 'Q') {
      roundTrips.increment();
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
    threads.shutdownNow();
  }
}
