package io.bellfounder.e2e;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One connection on which a test decides about every byte: what it sends, how slowly it reads, and
 * how it leaves. Used by one thread.
 */
final class RawHttp implements AutoCloseable {

  static final String ANTHROPIC_VERSION = "2026-10-21";

  private final Socket socket;
  private final String authority;
  private final ByteArrayOutputStream sent = new ByteArrayOutputStream();
  private final Received received = new Received();
  private boolean ended;

  private RawHttp(Socket socket, String authority) {
    this.socket = socket;
    this.authority = authority;
  }

  static RawHttp connect(String url) {
    return connect(url, 64 * 1024);
  }

  /** With a receive buffer of about this many bytes, so that a slow reader is slow at once. */
  static RawHttp connect(String url, int receiveBuffer) {
    URI uri = URI.create(url);
    Socket socket = new Socket();
    try {
      socket.setReceiveBufferSize(receiveBuffer);
      socket.setTcpNoDelay(true);
      socket.connect(new InetSocketAddress(uri.getHost(), uri.getPort()), 5_000);
      return new RawHttp(socket, uri.getAuthority());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Sends one request; {@code headers} are whole lines. Content-Length is added. */
  RawHttp post(String target, byte[] body, String... headers) {
    return send(head("POST", target, body.length, headers), body);
  }

  RawHttp get(String target, String... headers) {
    return send(head("GET", target, -1, headers), new byte[0]);
  }

  /** Announces a body of this length and does not send it. */
  RawHttp announce(String target, long length, String... headers) {
    return send(head("POST", target, length, headers), new byte[0]);
  }

  private String head(String method, String target, long length, String... headers) {
    StringBuilder head = new StringBuilder();
    head.append(method).append(' ').append(target).append(" HTTP/1.1\r\nHost: ").append(authority);
    if (target.endsWith("/messages") || target.contains("/messages?")) {
      head.append("\r\nanthropic-version: ").append(ANTHROPIC_VERSION);
    }
    for (String header : headers) {
      head.append("\r\n").append(header);
    }
    if (length >= 0) {
      head.append("\r\nContent-Type: application/json\r\nContent-Length: ").append(length);
    }
    return head.append("\r\n\r\n").toString();
  }

  RawHttp send(String head, byte[] body) {
    try {
      byte[] first = head.getBytes(StandardCharsets.ISO_8859_1);
      sent.writeBytes(first);
      sent.writeBytes(body);
      OutputStream out = socket.getOutputStream();
      out.write(first);
      out.write(body);
      out.flush();
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Reads until the exchange is whole or the connection ended, and returns it. A model's stream is
   * held against the grammar, whatever the test is about.
   */
  Exchange answer(Duration atMost) {
    Exchange answer = whole(atMost);
    if (Grammar.governs(answer)) {
      Grammar.assertKept(answer);
    }
    return answer;
  }

  private Exchange whole(Duration atMost) {
    long deadline = System.nanoTime() + atMost.toNanos();
    while (true) {
      Exchange last = last();
      if (last != null && (last.complete() || ended)) {
        return last;
      }
      if (ended || !read(deadline)) {
        throw new AssertionError("no whole answer within " + atMost + ": " + text());
      }
    }
  }

  /** Reads until the answer holds this text, and returns what has come so far. */
  String until(String text, Duration atMost) {
    long deadline = System.nanoTime() + atMost.toNanos();
    while (!text().contains(text)) {
      if (ended || !read(deadline)) {
        throw new AssertionError("'" + text + "' did not come within " + atMost + ": " + text());
      }
    }
    return text();
  }

  /** Reads on to the end of a chunked answer, however large, and returns it. */
  Exchange rest(Duration atMost) {
    long deadline = System.nanoTime() + atMost.toNanos();
    while (!ended && !endsWith("\r\n0\r\n\r\n")) {
      if (!read(deadline)) {
        throw new AssertionError(
            "no end within " + atMost + " after " + received.size() + " bytes");
      }
    }
    return answer(Duration.ofSeconds(1));
  }

  private boolean endsWith(String mark) {
    int length = received.size();
    return length >= mark.length() && received.tail(mark.length()).equals(mark);
  }

  /** Whether the server closed without a further byte, waited for. */
  boolean endsWithin(Duration atMost) {
    long deadline = System.nanoTime() + atMost.toNanos();
    while (!ended) {
      if (!read(deadline)) {
        return ended;
      }
    }
    return true;
  }

  private @Nullable Exchange last() {
    List<Exchange> exchanges = Transcript.read(sent.toByteArray(), received.toByteArray(), ended);
    return exchanges.isEmpty() || exchanges.getLast().status() == 0 ? null : exchanges.getLast();
  }

  private String text() {
    return received.toString(StandardCharsets.UTF_8);
  }

  private boolean read(long deadline) {
    long left = (deadline - System.nanoTime()) / 1_000_000;
    if (left <= 0) {
      return false;
    }
    byte[] buffer = new byte[64 * 1024];
    try {
      socket.setSoTimeout((int) Math.min(left, 60_000));
      InputStream in = socket.getInputStream();
      int n = in.read(buffer);
      if (n < 0) {
        ended = true;
      } else {
        received.write(buffer, 0, n);
      }
      return true;
    } catch (SocketTimeoutException _) {
      return false;
    } catch (IOException _) {
      // A reset: the connection is over, what came before it is kept.
      ended = true;
      return true;
    }
  }

  /** A buffer whose end can be looked at without copying it all. */
  private static final class Received extends ByteArrayOutputStream {
    private String tail(int length) {
      return new String(buf, count - length, length, StandardCharsets.ISO_8859_1);
    }
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
