package io.bellfounder.server.teams;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A key as the API shows it.
 *
 * @param createdBy {@code null} for a key made at the command line
 * @param status {@code active}, {@code expired} or {@code revoked}
 */
public record KeyView(
    UUID id,
    String name,
    String prefix,
    Instant createdAt,
    @Nullable Creator createdBy,
    @Nullable Instant expiresAt,
    @Nullable Instant lastUsedAt,
    @Nullable Instant revokedAt,
    String status) {

  /** Who made it. */
  public record Creator(UUID id, String name) {}
}
