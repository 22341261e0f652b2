package io.bellfounder.e2e;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads the two directions of one recorded HTTP/1.1 connection into exchanges. Written for this
 * purpose alone and from RFC 9112, so that it shares no mistake with the servers and clients whose
 * bytes it reads.
 */
final class Transcript {

  private final byte[] bytes;
  private int at;

  private Transcript(byte[] bytes) {
    this.bytes = bytes;
  }

  /**
   * @param sent what the client wrote
   * @param answered what the server wrote
   * @param ended whether the connection is over, so that a body delimited by the close is complete
   */
  static List<Exchange> read(byte[] sent, byte[] answered, boolean ended) {
    Transcript requests = new Transcript(sent);
    Transcript responses = new Transcript(answered);
    List<Exchange> exchanges = new ArrayList<>();
    for (Head request = requests.head(); request != null; request = requests.head()) {
      Body body = requests.body(request, false, false);
      String[] line = request.line.split(" ", 3);
      Head response = responses.head();
      while (response != null && response.status() >= 100 && response.status() < 200) {
        response = responses.head();
      }
      if (response == null) {
        exchanges.add(
            new Exchange(
                line[0], line[1], request.headers, body.bytes, 0, List.of(), new byte[0], false));
      } else {
        boolean bodiless =
            line[0].equals("HEAD") || response.status() == 204 || response.status() == 304;
        Body answer =
            bodiless ? new Body(new byte[0], true) : responses.body(response, true, ended);
        exchanges.add(
            new Exchange(
                line[0],
                line[1],
                request.headers,
                body.bytes,
                response.status(),
                response.headers,
                answer.bytes,
                answer.complete));
      }
    }
    return exchanges;
  }

  private @Nullable Head head() {
    int end = indexOf("\r\n\r\n");
    if (end < 0) {
      return null;
    }
    String[] lines = new String(bytes, at, end - at, StandardCharsets.ISO_8859_1).split("\r\n");
    at = end + 4;
    List<Exchange.Header> headers = new ArrayList<>();
    for (int i = 1; i < lines.length; i++) {
      int colon = lines[i].indexOf(':');
      headers.add(
          new Exchange.Header(lines[i].substring(0, colon), lines[i].substring(colon + 1).strip()));
    }
    return new Head(lines[0], headers);
  }

  private Body body(Head head, boolean untilClose, boolean ended) {
    String encoding = head.value("transfer-encoding");
    String length = head.value("content-length");
    if (encoding != null && encoding.toLowerCase(java.util.Locale.ROOT).contains("chunked")) {
      return chunked();
    }
    if (length != null) {
      return counted(Integer.parseInt(length));
    }
    return untilClose ? new Body(take(bytes.length - at), ended) : new Body(new byte[0], true);
  }

  private Body counted(int length) {
    boolean whole = bytes.length - at >= length;
    return new Body(take(Math.min(length, bytes.length - at)), whole);
  }

  private Body chunked() {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    while (true) {
      int end = indexOf("\r\n");
      if (end < 0) {
        return new Body(body.toByteArray(), false);
      }
      String size = new String(bytes, at, end - at, StandardCharsets.ISO_8859_1);
      int extension = size.indexOf(';');
      int length =
          Integer.parseInt((extension < 0 ? size : size.substring(0, extension)).strip(), 16);
      at = end + 2;
      if (length == 0) {
        int trailer = indexOf("\r\n");
        at = trailer < 0 ? bytes.length : trailer + 2;
        return new Body(body.toByteArray(), trailer >= 0);
      }
      Body chunk = counted(length);
      body.writeBytes(chunk.bytes);
      if (!chunk.complete || bytes.length - at < 2) {
        at = bytes.length;
        return new Body(body.toByteArray(), false);
      }
      at += 2;
    }
  }

  private byte[] take(int length) {
    at += length;
    return Arrays.copyOfRange(bytes, at - length, at);
  }

  private int indexOf(String mark) {
    byte[] wanted = mark.getBytes(StandardCharsets.ISO_8859_1);
    for (int i = at; i <= bytes.length - wanted.length; i++) {
      if (Arrays.equals(bytes, i, i + wanted.length, wanted, 0, wanted.length)) {
        return i;
      }
    }
    return -1;
  }

  private record Body(byte[] bytes, boolean complete) {}

  private record Head(String line, List<Exchange.Header> headers) {

    int status() {
      return Integer.parseInt(line.split(" ", 3)[1]);
    }

    @Nullable String value(String name) {
      return headers.stream()
          .filter(h -> h.name().equalsIgnoreCase(name))
          .map(Exchange.Header::value)
          .findFirst()
          .orElse(null);
    }
  }
}
