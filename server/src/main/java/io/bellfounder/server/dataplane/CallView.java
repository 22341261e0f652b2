package io.bellfounder.server.dataplane;

import io.bellfounder.gateway.OpenedCall;
import io.bellfounder.gateway.SettledCall;
import io.bellfounder.wire.Usage;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A call as the API shows it.
 *
 * @param state {@code open} or {@code settled}; what only the end tells is {@code null} until then
 * @param costPico pico-dollars
 */
public record CallView(
    UUID id,
    Instant openedAt,
    @Nullable Instant settledAt,
    String state,
    @Nullable String outcome,
    Named key,
    @Nullable Named member,
    String dialect,
    String operation,
    String requestedModel,
    @Nullable String route,
    @Nullable String provider,
    @Nullable String targetModel,
    boolean streaming,
    @Nullable Integer status,
    @Nullable String errorType,
    Usage usage,
    boolean estimated,
    boolean unpriced,
    @Nullable String costPico,
    @Nullable Long ttfbMillis,
    @Nullable Long durationMillis,
    long requestBytes,
    @Nullable Long responseBytes,
    int attemptCount,
    @Nullable String sessionId,
    @Nullable String agentId,
    @Nullable String parentAgentId,
    @Nullable String userAgent,
    String node) {

  /** Something with a name that a person knows. */
  public record Named(UUID id, String name) {}

  static CallView of(OpenedCall call, @Nullable String memberName) {
    return new CallView(
        call.id(),
        call.openedAt().truncatedTo(ChronoUnit.MICROS),
        null,
        "open",
        null,
        new Named(call.key().id(), call.key().name()),
        member(call, memberName),
        CallStore.word(call.dialect()),
        call.operation(),
        call.requestedModel(),
        call.route(),
        call.provider(),
        call.targetModel(),
        call.streaming(),
        null,
        null,
        Usage.NONE,
        false,
        call.price() != null && !call.price().known(),
        null,
        null,
        null,
        call.requestBytes(),
        null,
        0,
        call.sessionId(),
        call.agentId(),
        call.parentAgentId(),
        call.userAgent(),
        call.node());
  }

  static CallView of(SettledCall call, @Nullable String memberName) {
    OpenedCall opened = call.opened();
    return new CallView(
        opened.id(),
        opened.openedAt().truncatedTo(ChronoUnit.MICROS),
        call.settledAt().truncatedTo(ChronoUnit.MICROS),
        "settled",
        CallStore.word(call.outcome()),
        new Named(opened.key().id(), opened.key().name()),
        member(opened, memberName),
        CallStore.word(opened.dialect()),
        opened.operation(),
        opened.requestedModel(),
        opened.route(),
        call.provider() == null ? opened.provider() : call.provider(),
        call.targetModel() == null ? opened.targetModel() : call.targetModel(),
        opened.streaming(),
        call.status(),
        call.errorType(),
        call.usage(),
        call.estimated(),
        call.price() != null && !call.price().known(),
        Long.toString(call.costPico()),
        call.ttfbMillis(),
        call.durationMillis(),
        opened.requestBytes(),
        call.responseBytes(),
        call.attempts().size(),
        opened.sessionId(),
        opened.agentId(),
        opened.parentAgentId(),
        opened.userAgent(),
        opened.node());
  }

  private static @Nullable Named member(OpenedCall call, @Nullable String name) {
    UUID id = call.key().memberId();
    return id == null ? null : new Named(id, name == null ? id.toString() : name);
  }
}
