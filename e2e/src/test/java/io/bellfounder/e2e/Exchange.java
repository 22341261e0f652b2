package io.bellfounder.e2e;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.TreeMap;

/**
 * One HTTP/1.1 exchange as it stood on the wire, chunk framing removed.
 *
 * @param status 0 while no answer has come
 * @param complete whether the answer ended as its framing promised; false for one that was cut
 */
record Exchange(
    String method,
    String target,
    List<Header> requestHeaders,
    byte[] requestBody,
    int status,
    List<Header> responseHeaders,
    byte[] responseBody,
    boolean complete) {

  /** One header line, its name as it was written. */
  record Header(String name, String value) {}

  String path() {
    int query = target.indexOf('?');
    return query < 0 ? target : target.substring(0, query);
  }

  Optional<String> requestHeader(String name) {
    return value(requestHeaders, name);
  }

  Optional<String> responseHeader(String name) {
    return value(responseHeaders, name);
  }

  boolean streamed() {
    return responseHeader("content-type").orElse("").startsWith("text/event-stream");
  }

  String requestText() {
    return new String(requestBody, StandardCharsets.UTF_8);
  }

  String responseText() {
    return new String(responseBody, StandardCharsets.UTF_8);
  }

  /**
   * Header names in lower case with their values in order, without those named: for comparing two
   * exchanges.
   */
  static TreeMap<String, List<String>> without(List<Header> headers, List<String> names) {
    TreeMap<String, List<String>> rest = new TreeMap<>();
    for (Header header : headers) {
      String name = header.name().toLowerCase(Locale.ROOT);
      if (!names.contains(name)) {
        rest.computeIfAbsent(name, _ -> new java.util.ArrayList<>()).add(header.value());
      }
    }
    return rest;
  }

  private static Optional<String> value(List<Header> headers, String name) {
    return headers.stream()
        .filter(h -> h.name().equalsIgnoreCase(name))
        .map(Header::value)
        .findFirst();
  }

  @Override
  public String toString() {
    return method
        + " "
        + target
        + " ("
        + requestBody.length
        + " bytes) -> "
        + status
        + (complete ? "" : ", cut");
  }
}
