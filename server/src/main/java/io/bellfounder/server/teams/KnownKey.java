package io.bellfounder.server.teams;

import io.bellfounder.gateway.GatewayKey;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A key as the gateway's memory and the snapshot on disk hold it.
 *
 * @param hmac the keyed hash of the secret, in hex
 */
record KnownKey(
    String hmac,
    UUID id,
    String name,
    UUID organisationId,
    @Nullable UUID memberId,
    @Nullable String memberName,
    @Nullable Instant expiresAt,
    @Nullable Instant revokedAt) {

  GatewayKey gatewayKey() {
    return new GatewayKey(id, name, organisationId, memberId, expiresAt);
  }
}
