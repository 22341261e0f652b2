package io.bellfounder.simulator;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** One exchange over a plain socket, seen chunk by chunk; the head in lower case. */
record RawCall(String head, List<byte[]> chunks, byte[] body, Ending ending) {
  enum Ending {
    WHOLE,
    CLOSED,
    RESET
  }

  static final RawCall NOTHING = new RawCall("", List.of(), new byte[0], Ending.CLOSED);

  static RawCall anthropic(Simulator simulator, String body) throws IOException {
    return call(
        simulator, "/v1/messages", "x-api-key: k\r\nanthropic-version: 2023-06-01\r\n", body);
  }

  static RawCall openAi(Simulator simulator, String body) throws IOException {
    return call(simulator, "/v1/chat/completions", "authorization: Bearer k\r\n", body);
  }

  static RawCall call(Simulator simulator, String path, String headers, String body)
      throws IOException {
    try (Socket socket = open(simulator, path, headers, body)) {
      return read(socket.getInputStream());
    }
  }

  static Socket open(Simulator simulator, String path, String headers, String body)
      throws IOException {
    Socket socket = new Socket("127.0.0.1", simulator.port());
    socket.setSoTimeout(10_000);
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    String head =
        "POST "
            + path
            + " HTTP/1.1\r\nHost: sim\r\n"
            + headers
            + "Content-Type: application/json\r\nContent-Length: "
            + bytes.length
            + "\r\n\r\n";
    socket.getOutputStream().write(head.getBytes(StandardCharsets.ISO_8859_1));
    socket.getOutputStream().write(bytes);
    return socket;
  }

  int status() {
    return Integer.parseInt(head.substring(9, 12));
  }

  String text() {
    return new String(body, StandardCharsets.UTF_8);
  }

  private static RawCall read(InputStream raw) throws IOException {
    InputStream in = new BufferedInputStream(raw);
    StringBuilder head = new StringBuilder();
    List<byte[]> chunks = new ArrayList<>();
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    try {
      while (!head.toString().endsWith("\r\n\r\n")) {
        int c = in.read();
        if (c < 0) {
          return new RawCall(head.toString(), chunks, body.toByteArray(), Ending.CLOSED);
        }
        head.append((char) c);
      }
      String lower = head.toString().toLowerCase(java.util.Locale.ROOT);
      if (lower.contains("transfer-encoding: chunked")) {
        return readChunks(in, lower, chunks, body);
      }
      int at = lower.indexOf("content-length: ") + 16;
      int length = Integer.parseInt(lower.substring(at, lower.indexOf('\r', at)));
      for (int i = 0; i < length; i++) {
        int c = in.read();
        if (c < 0) {
          return new RawCall(lower, chunks, body.toByteArray(), Ending.CLOSED);
        }
        body.write(c);
      }
      return new RawCall(lower, chunks, body.toByteArray(), Ending.WHOLE);
    } catch (SocketException reset) {
      return new RawCall(head.toString(), chunks, body.toByteArray(), Ending.RESET);
    }
  }

  private static RawCall readChunks(
      InputStream in, String head, List<byte[]> chunks, ByteArrayOutputStream body)
      throws IOException {
    while (true) {
      StringBuilder size = new StringBuilder();
      while (!size.toString().endsWith("\r\n")) {
        int c = in.read();
        if (c < 0) {
          return new RawCall(head, chunks, body.toByteArray(), Ending.CLOSED);
        }
        size.append((char) c);
      }
      int length = Integer.parseInt(size.toString().strip(), 16);
      byte[] chunk = in.readNBytes(length);
      body.writeBytes(chunk);
      if (chunk.length < length || in.readNBytes(2).length < 2) {
        return new RawCall(head, chunks, body.toByteArray(), Ending.CLOSED);
      }
      if (length == 0) {
        return new RawCall(head, chunks, body.toByteArray(), Ending.WHOLE);
      }
      chunks.add(chunk);
    }
  }
}
