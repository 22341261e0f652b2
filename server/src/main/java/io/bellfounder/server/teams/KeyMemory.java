package io.bellfounder.server.teams;

import io.bellfounder.gateway.KeyDirectory;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The keys as the gateway asks for them: in memory, replaced as a whole, never waiting. Safe for
 * use by many threads.
 */
public final class KeyMemory implements KeyDirectory {
  private static final Duration KNOWN_WITHIN = Duration.ofSeconds(1);
  private static final Duration LOOK = Duration.ofMillis(2);

  private final KeyHash hash;
  private final InstantSource clock;
  private final Map<UUID, Instant> uses = new ConcurrentHashMap<>();
  private volatile KeySnapshot snapshot;

  KeyMemory(KeyHash hash, InstantSource clock, KeySnapshot snapshot) {
    this.hash = hash;
    this.clock = clock;
    this.snapshot = snapshot;
  }

  @Override
  public KeyCheck check(String secret) {
    if (!KeySecret.isWellFormed(secret)) {
      return new KeyCheck.Unknown();
    }
    KnownKey key = snapshot.byHmac(hash.of(secret));
    if (key == null) {
      return new KeyCheck.Unknown();
    }
    if (key.revokedAt() != null) {
      return new KeyCheck.Revoked(key.gatewayKey());
    }
    Instant now = clock.instant();
    if (key.expiresAt() != null && !now.isBefore(key.expiresAt())) {
      return new KeyCheck.Expired(key.gatewayKey(), key.expiresAt());
    }
    // Bounded by the number of keys.
    uses.put(key.id(), now);
    return new KeyCheck.Valid(key.gatewayKey());
  }

  /** The name of the member behind a key, if there is one. */
  public @Nullable String memberName(UUID keyId) {
    KnownKey key = snapshot.byId(keyId);
    return key == null ? null : key.memberName();
  }

  /**
   * Waits until this node's gateway knows a key that was just committed: a few milliseconds by the
   * notification, half a second without it, a second at most.
   */
  void awaitKnown(UUID keyId) {
    long deadline = System.nanoTime() + KNOWN_WITHIN.toNanos();
    while (snapshot.byId(keyId) == null && System.nanoTime() - deadline < 0) {
      LockSupport.parkNanos(LOOK.toNanos());
    }
  }

  KeySnapshot snapshot() {
    return snapshot;
  }

  void replace(KeySnapshot next) {
    snapshot = next;
  }

  /** Takes the uses that were noted since the last time. */
  Map<UUID, Instant> takeUses() {
    Map<UUID, Instant> taken = new java.util.HashMap<>();
    for (UUID id : uses.keySet()) {
      Instant at = uses.remove(id);
      if (at != null) {
        taken.put(id, at);
      }
    }
    return taken;
  }

  /** Gives back what could not be written. */
  void giveBack(UUID id, Instant at) {
    uses.merge(id, at, (a, b) -> a.isAfter(b) ? a : b);
  }
}
