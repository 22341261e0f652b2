package io.bellfounder.e2e;

import io.bellfounder.testing.Await;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A wire between a client and a server that writes down every byte of both directions. It passes
 * ends and resets on as they come. Recorded bytes are held in memory: it is meant for
 * conversations, not for load.
 */
final class Tap implements AutoCloseable {

  private final InetSocketAddress target;
  private final ServerSocket listener;
  private final List<Connection> connections = new CopyOnWriteArrayList<>();

  private Tap(URI target) throws IOException {
    this.target = new InetSocketAddress(target.getHost(), target.getPort());
    this.listener = new ServerSocket(0, 128, InetAddress.getLoopbackAddress());
  }

  /** A tap in front of the server at this address. */
  static Tap before(String url) {
    try {
      Tap tap = new Tap(URI.create(url));
      Thread.ofVirtual().name("tap").start(tap::accept);
      return tap;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  String url() {
    return "http://127.0.0.1:" + listener.getLocalPort();
  }

  /** Every exchange since {@link #forget}, connection by connection. */
  List<Exchange> exchanges() {
    return connections.stream().flatMap(c -> c.exchanges().stream()).toList();
  }

  /** The connections that had an exchange since {@link #forget}. */
  List<Connection> connections() {
    return connections.stream().filter(c -> !c.exchanges().isEmpty()).toList();
  }

  /** Bytes that servers have answered so far, once no more have come for a second. */
  long settledAnswerBytes() {
    long[] last = {-1, System.nanoTime()};
    Await.until(
        "the answer stands still",
        Duration.ofSeconds(20),
        () -> {
          long now = connections.stream().mapToLong(Connection::answeredBytes).sum();
          if (now != last[0]) {
            last[0] = now;
            last[1] = System.nanoTime();
          }
          return System.nanoTime() - last[1] > 1_000_000_000L;
        });
    return last[0];
  }

  /** Forgets the exchanges so far; connections that stay open are recorded on. */
  void forget() {
    connections.removeIf(Connection::ended);
    connections.forEach(Connection::forget);
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        Connection connection = new Connection(listener.accept());
        connections.add(connection);
        Thread.ofVirtual().name("tap-connection").start(connection::relay);
      } catch (IOException _) {
        // The listener was closed, or the process is out of sockets: the client sees it either way.
        return;
      }
    }
  }

  @Override
  public void close() {
    try {
      listener.close();
      for (Connection connection : connections) {
        connection.client.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** One accepted connection with what each side wrote. Its figures may be read at any time. */
  final class Connection {

    private final Socket client;
    private final ByteArrayOutputStream sent = new ByteArrayOutputStream();
    private final ByteArrayOutputStream answered = new ByteArrayOutputStream();
    private volatile long clientEndedNanos;
    private volatile boolean serverEnded;
    private volatile boolean over;
    private volatile int forgotten;

    private Connection(Socket client) {
      this.client = client;
    }

    /** When the client's end was seen, on {@link System#nanoTime()}; 0 while it is open. */
    long clientEndedNanos() {
      return clientEndedNanos;
    }

    long answeredBytes() {
      synchronized (answered) {
        return answered.size();
      }
    }

    List<Exchange> exchanges() {
      byte[] to;
      byte[] from;
      synchronized (sent) {
        to = sent.toByteArray();
      }
      synchronized (answered) {
        from = answered.toByteArray();
      }
      List<Exchange> all = Transcript.read(to, from, serverEnded);
      return all.subList(Math.min(forgotten, all.size()), all.size());
    }

    private void forget() {
      forgotten += exchanges().size();
    }

    private boolean ended() {
      return over;
    }

    private void relay() {
      try (client;
          Socket server = new Socket()) {
        client.setTcpNoDelay(true);
        server.setTcpNoDelay(true);
        server.connect(target, 5_000);
        Thread back = Thread.ofVirtual().start(() -> pump(server, client, answered, false));
        pump(client, server, sent, true);
        back.join();
      } catch (IOException _) {
        // The server refused or is gone: closing the client's side is the answer.
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
      } finally {
        over = true;
      }
    }

    private void pump(Socket from, Socket to, ByteArrayOutputStream record, boolean fromClient) {
      byte[] buffer = new byte[64 * 1024];
      try {
        InputStream in = from.getInputStream();
        OutputStream out = to.getOutputStream();
        for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
          synchronized (record) {
            record.write(buffer, 0, n);
          }
          out.write(buffer, 0, n);
          out.flush();
        }
        ended(fromClient, true);
        to.shutdownOutput();
      } catch (IOException _) {
        ended(fromClient, false);
        reset(from);
        reset(to);
      }
    }

    private void ended(boolean fromClient, boolean cleanly) {
      if (fromClient) {
        clientEndedNanos = System.nanoTime();
      } else {
        serverEnded = cleanly;
      }
    }

    private static void reset(Socket socket) {
      try {
        socket.setSoLinger(true, 0);
        socket.close();
      } catch (IOException _) {
        // Closed already: there is nothing left to pass on.
      }
    }
  }
}
