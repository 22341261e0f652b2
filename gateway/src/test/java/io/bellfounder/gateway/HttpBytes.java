package io.bellfounder.gateway;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** HTTP/1.1 as bytes, so that tests see exactly what crossed the wire. */
final class HttpBytes {
  private HttpBytes() {}

  record Header(String name, String value) {
    @Override
    public String toString() {
      return name + ": " + value;
    }
  }

  /** A request or an answer. */
  record Message(String startLine, List<Header> headers, byte[] body, boolean whole) {
    @Nullable String header(String name) {
      return headers.stream()
          .filter(header -> header.name().equalsIgnoreCase(name))
          .map(Header::value)
          .findFirst()
          .orElse(null);
    }

    List<String> all(String name) {
      return headers.stream()
          .filter(header -> header.name().equalsIgnoreCase(name))
          .map(Header::value)
          .toList();
    }

    int status() {
      return Integer.parseInt(startLine.split(" ")[1]);
    }

    String text() {
      return new String(body, StandardCharsets.UTF_8);
    }
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  static Message readHead(InputStream in) throws IOException {
    var head = readHeadOrEnd(in);
    if (head == null) {
      throw new EOFException("the connection ended before a head");
    }
    return head;
  }

  private static @Nullable Message readHeadOrEnd(InputStream in) throws IOException {
    var start = line(in);
    if (start == null) {
      return null;
    }
    var headers = new ArrayList<Header>();
    while (true) {
      var line = line(in);
      if (line == null) {
        throw new EOFException("inside the head after " + start);
      }
      if (line.isEmpty()) {
        return new Message(start, headers, new byte[0], true);
      }
      int colon = line.indexOf(':');
      if (colon < 0) {
        throw new IOException("no header but something else");
      }
      headers.add(new Header(line.substring(0, colon), line.substring(colon + 1).strip()));
    }
  }

  /** Reads the whole message; a body that breaks off is kept and marked. */
  static @Nullable Message read(InputStream in) throws IOException {
    var head = readHeadOrEnd(in);
    if (head == null) {
      return null;
    }
    var body = new ByteArrayOutputStream();
    boolean whole;
    if (head.header("content-length") != null) {
      int length = Integer.parseInt(head.header("content-length"));
      body.writeBytes(in.readNBytes(length));
      whole = body.size() == length;
    } else if ("chunked".equals(head.header("transfer-encoding"))) {
      whole = readChunks(in, body);
    } else {
      whole = true;
    }
    return new Message(head.startLine(), head.headers(), body.toByteArray(), whole);
  }

  private static boolean readChunks(InputStream in, ByteArrayOutputStream body) {
    try {
      while (true) {
        var chunk = readChunk(in);
        if (chunk == null) {
          return false;
        }
        if (chunk.length == 0) {
          return true;
        }
        body.writeBytes(chunk);
      }
    } catch (IOException e) {
      return false;
    }
  }

  /** Null if the connection ended instead; empty for the last one. */
  static byte @Nullable [] readChunk(InputStream in) throws IOException {
    var size = line(in);
    if (size == null) {
      return null;
    }
    int length = Integer.parseInt(size, 16);
    var bytes = in.readNBytes(length);
    var end = line(in);
    return bytes.length == length && end != null ? bytes : null;
  }

  private static @Nullable String line(InputStream in) throws IOException {
    var line = new ByteArrayOutputStream();
    int c;
    while ((c = in.read()) != '\n') {
      if (c < 0) {
        return null;
      }
      line.write(c);
    }
    var text = line.toString(StandardCharsets.UTF_8);
    return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
  }
}
