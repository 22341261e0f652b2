package io.bellfounder.server.teams;

import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** All keys at one revision. Immutable. */
final class KeySnapshot {
  static final KeySnapshot EMPTY = new KeySnapshot(-1, List.of());

  private final long revision;
  private final List<KnownKey> keys;
  private final Map<Hmac, KnownKey> byHmac;
  private final Map<UUID, KnownKey> byId;

  KeySnapshot(long revision, List<KnownKey> keys) {
    this.revision = revision;
    this.keys = List.copyOf(keys);
    this.byHmac = HashMap.newHashMap(keys.size());
    this.byId = HashMap.newHashMap(keys.size());
    for (KnownKey key : keys) {
      byHmac.put(Hmac.of(HexFormat.of().parseHex(key.hmac())), key);
      byId.put(key.id(), key);
    }
  }

  long revision() {
    return revision;
  }

  List<KnownKey> keys() {
    return keys;
  }

  @Nullable KnownKey byHmac(byte[] hmac) {
    return byHmac.get(Hmac.of(hmac));
  }

  @Nullable KnownKey byId(UUID id) {
    return byId.get(id);
  }

  /**
   * 32 bytes that can be looked up. They are already as good as random, so one long is the hash.
   */
  private record Hmac(long a, long b, long c, long d) {
    static Hmac of(byte[] bytes) {
      var longs = java.nio.ByteBuffer.wrap(bytes);
      return new Hmac(longs.getLong(), longs.getLong(), longs.getLong(), longs.getLong());
    }

    @Override
    public int hashCode() {
      return Long.hashCode(a);
    }
  }
}
