package io.bellfounder.gateway;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A caller as the gateway knows it. Holds no secret.
 *
 * @param organisationId the tenant that the key's calls belong to
 * @param memberId the person behind the key, if it belongs to one
 * @param expiresAt from this instant on the key is refused; {@code null} means never
 */
public record GatewayKey(
    UUID id,
    String name,
    UUID organisationId,
    @Nullable UUID memberId,
    @Nullable Instant expiresAt) {}
