package io.bellfounder.gateway;

import static io.bellfounder.gateway.HttpBytes.bytes;

import io.bellfounder.gateway.HttpBytes.Message;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** A provider on a real socket that does byte by byte what a test tells it. */
final class ScriptedProvider implements AutoCloseable {

  /** What happens after a request was read. */
  interface Script {
    void play(Exchange exchange) throws IOException;
  }

  private final ServerSocket server;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final List<Message> seen = new CopyOnWriteArrayList<>();
  private final Queue<Script> scripts = new ArrayDeque<>();
  private volatile boolean closed;
  private volatile Script always = exchange -> exchange.answer(500, "{}");

  ScriptedProvider() {
    this(plain());
  }

  ScriptedProvider(ServerSocket server) {
    this.server = server;
    Thread.ofVirtual().start(this::accept);
  }

  private static ServerSocket plain() {
    try {
      return new ServerSocket(0, 200, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Every request that has no script of its own. */
  ScriptedProvider always(Script script) {
    always = script;
    return this;
  }

  /** The next requests, one script each. */
  ScriptedProvider then(Script script) {
    synchronized (scripts) {
      scripts.add(script);
    }
    return this;
  }

  List<Message> seen() {
    return seen;
  }

  URI uri() {
    return URI.create("http://127.0.0.1:" + server.getLocalPort());
  }

  int port() {
    return server.getLocalPort();
  }

  private void accept() {
    try {
      while (true) {
        var socket = server.accept();
        socket.setTcpNoDelay(true);
        open.add(socket);
        if (closed) {
          // Accepted in the moment of closing: nobody is there any more.
          socket.close();
          return;
        }
        Thread.ofVirtual().start(() -> serve(socket));
      }
    } catch (IOException e) {
      // The server is closed: the test is over.
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      var in = new java.io.BufferedInputStream(socket.getInputStream());
      while (true) {
        var request = HttpBytes.read(in);
        if (request == null) {
          return;
        }
        seen.add(request);
        request = null;
        next().play(new Exchange(socket, in));
      }
    } catch (IOException e) {
      // The gateway hung up, or the script did.
    } finally {
      open.remove(socket);
    }
  }

  private Script next() {
    synchronized (scripts) {
      var script = scripts.poll();
      return script == null ? always : script;
    }
  }

  @Override
  public void close() {
    closed = true;
    try {
      server.close();
      for (var socket : open) {
        socket.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** One request and the means to answer it. */
  record Exchange(Socket socket, java.io.InputStream in) {

    void raw(String text) throws IOException {
      raw(bytes(text));
    }

    void raw(byte[] bytes) throws IOException {
      OutputStream out = socket.getOutputStream();
      out.write(bytes);
      out.flush();
    }

    void answer(int status, String json, String... headerLines) throws IOException {
      answer(status, bytes(json), headerLines);
    }

    void answer(int status, byte[] body, String... headerLines) throws IOException {
      raw(
          "HTTP/1.1 "
              + status
              + " Because\r\ncontent-type: application/json\r\n"
              + lines(headerLines)
              + "content-length: "
              + body.length
              + "\r\n\r\n");
      raw(body);
    }

    void streamHead(String... headerLines) throws IOException {
      raw(
          "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n"
              + lines(headerLines)
              + "transfer-encoding: chunked\r\n\r\n");
    }

    void chunk(String text) throws IOException {
      chunk(bytes(text));
    }

    void chunk(byte[] bytes) throws IOException {
      raw(Integer.toHexString(bytes.length) + "\r\n");
      raw(bytes);
      raw("\r\n");
    }

    void end() throws IOException {
      raw("0\r\n\r\n");
    }

    void stream(String... events) throws IOException {
      streamHead();
      for (var event : events) {
        chunk(event);
      }
      end();
    }

    void hangUp() throws IOException {
      socket.close();
    }

    /** Blocks until the gateway closes the connection; gives the time of it. */
    long awaitHangUp() throws IOException {
      try {
        while (in.read() >= 0) {
          // What still comes does not matter.
        }
      } catch (IOException e) {
        // A reset is a hang-up too.
      }
      return System.nanoTime();
    }

    private static String lines(String... headerLines) {
      var text = new StringBuilder();
      for (var line : headerLines) {
        text.append(line).append("\r\n");
      }
      return text.toString();
    }
  }
}
