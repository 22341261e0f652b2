package io.bellfounder.simulator;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One request under way and what became of it. Written by its own thread, read by many. */
final class Exchange {
  private final long number;
  private final Instant receivedAt;
  private final long startedNanos;
  private final String method;
  private final String path;
  private final String query;
  private final List<Header> headers;
  private final byte[] body;
  private volatile String requestId = "";
  private volatile @Nullable String rule;
  private volatile int status;
  private volatile long sentBytes;
  private volatile ReceivedRequest.@Nullable End end;
  private volatile long endedAfterNanos;

  Exchange(
      long number,
      Instant receivedAt,
      String method,
      String path,
      String query,
      List<Header> headers,
      byte[] body) {
    this.number = number;
    this.receivedAt = receivedAt;
    this.startedNanos = System.nanoTime();
    this.method = method;
    this.path = path;
    this.query = query;
    this.headers = headers;
    this.body = body;
  }

  long number() {
    return number;
  }

  String method() {
    return method;
  }

  String path() {
    return path;
  }

  String query() {
    return query;
  }

  byte[] body() {
    return body;
  }

  String requestId() {
    return requestId;
  }

  Instant receivedAt() {
    return receivedAt;
  }

  @Nullable String header(String name) {
    for (Header header : headers) {
      if (header.name().equalsIgnoreCase(name)) {
        return header.value();
      }
    }
    return null;
  }

  /** Whether a model shall speak, or embed. */
  boolean isModelCall() {
    return path.equals("/v1/messages")
        || path.equals("/v1/chat/completions")
        || path.equals("/v1/embeddings");
  }

  void answering(String id, @Nullable String byRule) {
    requestId = id;
    rule = byRule;
  }

  void head(int sentStatus) {
    status = sentStatus;
  }

  void sent(long bytes) {
    long before = sentBytes; // one thread writes
    sentBytes = before + bytes;
  }

  void ended(ReceivedRequest.End how) {
    endedAfterNanos = System.nanoTime() - startedNanos;
    end = how;
  }

  boolean isOpen() {
    return end == null;
  }

  ReceivedRequest snapshot() {
    ReceivedRequest.End ending = end;
    return new ReceivedRequest(
        number,
        receivedAt,
        method,
        path,
        query,
        headers,
        body,
        requestId,
        rule,
        status,
        sentBytes,
        ending == null ? ReceivedRequest.End.OPEN : ending,
        ending == null ? null : Duration.ofNanos(endedAfterNanos));
  }
}
