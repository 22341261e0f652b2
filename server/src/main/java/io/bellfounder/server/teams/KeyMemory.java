package io.bellfounder.server.teams;

import io.bellfounder.gateway.KeyDirectory;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The keys as the gateway asks for them: in memory, replaced as a whole, never waiting. Safe for
 * use by many threads.
 */
public final class KeyMemory implements KeyDirectory {
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
