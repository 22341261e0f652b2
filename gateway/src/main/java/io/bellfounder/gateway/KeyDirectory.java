package io.bellfounder.gateway;

import java.time.Instant;

/**
 * Who a presented secret belongs to. Called on event loops for every request: answers from memory,
 * never blocks. Safe for use by many threads.
 */
@FunctionalInterface
public interface KeyDirectory {
  /** What every secret begins with; at least 16 letters and digits follow. */
  String SECRET_PREFIX = "bell_";

  /** Looks the secret up as the client sent it, without its {@code Bearer } prefix. */
  KeyCheck check(String secret);

  /** What is known of a presented secret. */
  sealed interface KeyCheck {
    record Valid(GatewayKey key) implements KeyCheck {}

    /** No key has this secret. */
    record Unknown() implements KeyCheck {}

    record Revoked(GatewayKey key) implements KeyCheck {}

    record Expired(GatewayKey key, Instant at) implements KeyCheck {}
  }
}
