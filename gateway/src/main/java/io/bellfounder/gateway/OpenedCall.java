package io.bellfounder.gateway;

import io.bellfounder.wire.Dialect;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A call as it is written down before its first byte goes to a provider.
 *
 * @param id UUIDv7, the unique key of the call's settlement everywhere
 * @param node the process that carries the call
 * @param operation what was asked for, such as {@code messages}, {@code count_tokens}, {@code
 *     chat.completions}
 * @param requestedModel the model as the client wrote it
 * @param route the route's name; {@code null} if no route matched
 * @param price what the call would cost at its first target, so that an interrupted call can be
 *     settled later
 * @param estimatedInputTokens a floor from the request's size, for a call that never reports usage
 * @param maxOutputTokens the request's {@code max_tokens}; {@code null} if it has none
 * @param sessionId {@code x-claude-code-session-id}
 */
public record OpenedCall(
    UUID id,
    String node,
    GatewayKey key,
    Dialect dialect,
    String operation,
    String requestedModel,
    @Nullable String route,
    @Nullable String provider,
    @Nullable String targetModel,
    boolean streaming,
    Instant openedAt,
    long requestBytes,
    long estimatedInputTokens,
    @Nullable Long maxOutputTokens,
    PriceBook.@Nullable Price price,
    @Nullable String sessionId,
    @Nullable String agentId,
    @Nullable String parentAgentId,
    @Nullable String userAgent,
    @Nullable String clientRequestId) {}
