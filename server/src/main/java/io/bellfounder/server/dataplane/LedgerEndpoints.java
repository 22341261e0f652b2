package io.bellfounder.server.dataplane;

import io.bellfounder.server.api.Page;
import io.bellfounder.server.api.PageRequest;
import io.bellfounder.server.api.Problem;
import io.bellfounder.server.dataplane.CallFilter.Only;
import io.bellfounder.server.identity.Caller;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** {@code /api/v1}: overview, calls, sessions. */
@RestController
@RequestMapping("/api/v1")
final class LedgerEndpoints {
  private static final int SESSION_ID_LENGTH_MAX = 256;

  private final CallReads calls;
  private final OverviewReads overview;
  private final SessionReads sessions;
  private final InstantSource clock;

  LedgerEndpoints(
      CallReads calls, OverviewReads overview, SessionReads sessions, InstantSource clock) {
    this.calls = calls;
    this.overview = overview;
    this.sessions = sessions;
    this.clock = clock;
  }

  /** The last day, unless a range is given. Sums are kept by quarters of an hour. */
  @GetMapping("/overview")
  Overview overview(
      Caller caller,
      @RequestParam(required = false) @Nullable Instant from,
      @RequestParam(required = false) @Nullable Instant to,
      @RequestParam(required = false) @Nullable String zone,
      @RequestParam(required = false) @Nullable String bucket,
      @RequestParam(required = false) @Nullable String groupBy,
      @RequestParam(required = false) @Nullable UUID keyId,
      @RequestParam(required = false) @Nullable UUID memberId,
      @RequestParam(required = false) @Nullable String model,
      @RequestParam(required = false) @Nullable String provider,
      @RequestParam(required = false) @Nullable String outcome,
      @RequestParam(required = false) @Nullable String sessionId) {
    Instant end = to == null ? clock.instant() : to;
    Buckets buckets =
        Buckets.of(from == null ? end.minus(Duration.ofDays(1)) : from, end, zone, bucket);
    CallFilter filter =
        new CallFilter(
            buckets.from(), buckets.to(), keyId, memberId, model, provider, outcome, sessionId);
    return overview.read(caller.organisationId(), buckets, filter, groupBy(groupBy));
  }

  private static OverviewReads.@Nullable GroupBy groupBy(@Nullable String wish) {
    if (wish == null) {
      return null;
    }
    return switch (wish) {
      case "model", "key", "member" -> OverviewReads.GroupBy.valueOf(wish.toUpperCase(Locale.ROOT));
      default -> throw Problem.invalid("groupBy", "must be model, key or member");
    };
  }

  /**
   * Newest first, open ones included.
   *
   * @param memberId {@code none} for the calls of keys without a member
   * @param agentId {@code main} for the agent without an id
   */
  @GetMapping("/calls")
  Page<CallView> calls(
      Caller caller,
      @RequestParam(required = false) @Nullable Instant from,
      @RequestParam(required = false) @Nullable Instant to,
      @RequestParam(required = false) @Nullable UUID keyId,
      @RequestParam(required = false) @Nullable String memberId,
      @RequestParam(required = false) @Nullable String model,
      @RequestParam(required = false) @Nullable String provider,
      @RequestParam(required = false) @Nullable String outcome,
      @RequestParam(required = false) @Nullable String sessionId,
      @RequestParam(required = false) @Nullable String agentId,
      @RequestParam(required = false, defaultValue = "false") boolean estimated,
      @RequestParam(required = false, defaultValue = "false") boolean unpriced,
      @RequestParam(required = false) @Nullable Integer limit,
      @RequestParam(required = false) @Nullable String cursor) {
    boolean withoutMember = "none".equals(memberId);
    UUID member = memberId == null || withoutMember ? null : memberId(memberId);
    Set<Only> only = EnumSet.noneOf(Only.class);
    if (withoutMember) {
      only.add(Only.WITHOUT_MEMBER);
    }
    if (estimated) {
      only.add(Only.ESTIMATED);
    }
    if (unpriced) {
      only.add(Only.UNPRICED);
    }
    CallFilter filter =
        new CallFilter(from, to, keyId, member, model, provider, outcome, sessionId, agentId, only);
    return calls.list(caller.organisationId(), filter, PageRequest.of(limit, cursor));
  }

  private static UUID memberId(String text) {
    try {
      return UUID.fromString(text);
    } catch (IllegalArgumentException e) {
      throw Problem.invalid("memberId", "must be a member's id or none");
    }
  }

  @GetMapping("/calls/{id}")
  CallDetail call(Caller caller, @PathVariable UUID id) {
    return calls.detail(caller.organisationId(), id);
  }

  @GetMapping("/sessions")
  Page<SessionReads.SessionSummary> sessions(
      Caller caller,
      @RequestParam(required = false) @Nullable Instant from,
      @RequestParam(required = false) @Nullable Instant to,
      @RequestParam(required = false) @Nullable Integer limit,
      @RequestParam(required = false) @Nullable String cursor) {
    return sessions.list(caller.organisationId(), from, to, PageRequest.of(limit, cursor));
  }

  /** Clients choose the ids, slashes and dots included: no place for one in a path. */
  @GetMapping("/sessions/tree")
  SessionReads.SessionDetail session(Caller caller, @RequestParam String sessionId) {
    if (sessionId.length() > SESSION_ID_LENGTH_MAX) {
      throw Problem.notFound("session");
    }
    return sessions.detail(caller.organisationId(), sessionId);
  }
}
