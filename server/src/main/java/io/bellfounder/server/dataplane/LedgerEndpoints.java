package io.bellfounder.server.dataplane;

import io.bellfounder.server.api.Page;
import io.bellfounder.server.api.PageRequest;
import io.bellfounder.server.api.Problem;
import io.bellfounder.server.identity.Caller;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Locale;
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

  /** Newest first, open ones included. */
  @GetMapping("/calls")
  Page<CallView> calls(
      Caller caller,
      @RequestParam(required = false) @Nullable Instant from,
      @RequestParam(required = false) @Nullable Instant to,
      @RequestParam(required = false) @Nullable UUID keyId,
      @RequestParam(required = false) @Nullable UUID memberId,
      @RequestParam(required = false) @Nullable String model,
      @RequestParam(required = false) @Nullable String provider,
      @RequestParam(required = false) @Nullable String outcome,
      @RequestParam(required = false) @Nullable String sessionId,
      @RequestParam(required = false) @Nullable Integer limit,
      @RequestParam(required = false) @Nullable String cursor) {
    CallFilter filter =
        new CallFilter(from, to, keyId, memberId, model, provider, outcome, sessionId);
    return calls.list(caller.organisationId(), filter, PageRequest.of(limit, cursor));
  }

  @GetMapping("/calls/{id}")
  CallDetail call(Caller caller, @PathVariable UUID id) {
    return calls.detail(caller.organisationId(), id);
  }

  @GetMapping("/sessions")
  Page<SessionReads.SessionView> sessions(
      Caller caller,
      @RequestParam(required = false) @Nullable Instant from,
      @RequestParam(required = false) @Nullable Instant to,
      @RequestParam(required = false) @Nullable Integer limit,
      @RequestParam(required = false) @Nullable String cursor) {
    return sessions.list(caller.organisationId(), from, to, PageRequest.of(limit, cursor));
  }

  @GetMapping("/sessions/{sessionId}")
  SessionReads.SessionDetail session(Caller caller, @PathVariable String sessionId) {
    if (sessionId.length() > SESSION_ID_LENGTH_MAX) {
      throw Problem.notFound("session");
    }
    return sessions.detail(caller.organisationId(), sessionId);
  }
}
