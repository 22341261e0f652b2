package io.bellfounder.gateway;

import static java.util.Objects.requireNonNull;

import io.bellfounder.gateway.Attempt.Outcome;
import io.bellfounder.gateway.KeyDirectory.KeyCheck;
import io.bellfounder.gateway.Settlement.Ending;
import io.bellfounder.wire.EditedBody;
import io.bellfounder.wire.RequestScan;
import io.bellfounder.wire.WireError;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.internal.buffer.BufferInternal;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The path of one model call, from top to bottom: authenticate, admit, choose, attempt, relay,
 * meter, settle. Lives on one event loop; nothing here is shared.
 *
 * <p>Until the first real event of an answer nothing goes to the client, so another target may be
 * tried. After it nothing is tried or spliced: a broken answer ends in an error event and a broken
 * connection, never in an end that looks whole.
 */
final class CallPath {
  private static final Logger LOG = System.getLogger(CallPath.class.getName());

  /** An error that drips keeps the call from the next target. */
  private static final long ERROR_BODY_NANOS = TimeUnit.SECONDS.toNanos(5);

  /** More than this before the first event is no longer held back. */
  private static final int MOST_HELD_BYTES = 1 << 20;

  /** A connection that breaks this soon after a request was dead before it. */
  private static final long STALE_WITHIN_MILLIS = 100;

  /** A provider that asks for longer is not tried again in place. */
  private static final Duration LONGEST_RETRY_AFTER = Duration.ofSeconds(2);

  private final EventLoop loop;
  private final Plane plane;
  private final HttpServerRequest request;
  private final Operation operation;
  private final @Nullable String pathKey;
  private final UUID id;
  private final long startNanos = System.nanoTime();
  private final ClientLeg client;
  private final List<Attempt> attempts = new ArrayList<>(2);
  private @Nullable RequestBody reading;
  private @Nullable Call call;
  private @Nullable Try current;
  private @Nullable HeldAnswer held;
  private @Nullable Try lost;
  private int nextTarget;
  private boolean triedAny;
  private boolean retriedInPlace;
  private boolean counted;
  private boolean finished;

  CallPath(
      EventLoop loop,
      Plane plane,
      HttpServerRequest request,
      Operation operation,
      @Nullable String pathKey,
      UUID id) {
    this.loop = loop;
    this.plane = plane;
    this.request = request;
    this.operation = operation;
    this.pathKey = pathKey;
    this.id = id;
    this.client = new ClientLeg(request, loop.context(), this::clientLeft);
  }

  /** A call whose opened record is written. */
  private static final class Call {
    private final OpenedCall opened;
    private final Route route;
    private final Settlement settlement;
    private RequestScan.@Nullable Scanned scan;

    Call(OpenedCall opened, RequestScan.Scanned scan, Route route, Settlement settlement) {
      this.opened = opened;
      this.scan = scan;
      this.route = route;
      this.settlement = settlement;
    }

    RequestScan.Scanned scan() {
      return requireNonNull(scan, "the body is gone once an answer is relayed");
    }

    /** Nothing is tried any more: a stream may last, and its request need not stay in memory. */
    void forgetBody() {
      scan = null;
    }
  }

  /** A provider's error, kept in case no other target does better. */
  private record HeldAnswer(
      Try from, int status, String reason, MultiMap headers, Buffer body, boolean credential) {}

  // ---- authenticate

  void run() {
    loop.opened(this);
    try {
      var key = authenticate();
      if (key != null && admit(key)) {
        receive(key);
      }
    } catch (RuntimeException e) {
      stumbled(e);
    }
  }

  private @Nullable GatewayKey authenticate() {
    var shown = Credentials.check(plane.ports.keys(), request.headers(), pathKey);
    if (shown.check() instanceof KeyCheck.Valid(var key)) {
      return key;
    }
    refuse(Refusal.ofKey(shown));
    return null;
  }

  // ---- admit

  /** The place for everything that may say no before the body is read. */
  private boolean admit(GatewayKey key) {
    if (plane.draining) {
      return refuseRecorded(key, Refusal.draining());
    }
    counted = true;
    if (plane.callsUnderWay.incrementAndGet() > plane.config.limits().maxCalls()) {
      return refuseRecorded(key, Refusal.busy());
    }
    if (statedLength() > plane.config.limits().maxBodyBytes()) {
      return refuseRecorded(key, Refusal.tooLarge(plane.config.limits().maxBodyBytes()));
    }
    var coding = request.getHeader("content-encoding");
    if (coding != null && !coding.equalsIgnoreCase("identity")) {
      return refuseRecorded(key, Refusal.badRequest("Compressed request bodies are not read."));
    }
    return true;
  }

  private long statedLength() {
    var header = request.getHeader("content-length");
    return header == null ? -1 : Long.parseLong(header);
  }

  private void receive(GatewayKey key) {
    var body =
        new RequestBody(
            plane.config.limits().maxBodyBytes(),
            plane.bodies,
            new RequestBody.Listener() {
              @Override
              public void whole(byte[] bytes, int length) {
                try {
                  choose(key, bytes, length);
                } catch (RuntimeException e) {
                  stumbled(e);
                }
              }

              @Override
              public void tooLarge() {
                refuseRecorded(key, Refusal.tooLarge(plane.config.limits().maxBodyBytes()));
              }

              @Override
              public void noRoom(long most) {
                refuseRecorded(key, Refusal.noRoom(most));
              }

              @Override
              public void stalled() {
                request.response().putHeader("connection", "close");
                refuseRecorded(key, Refusal.stalled(plane.config.limits().bodyIdle()));
              }
            });
    reading = body;
    body.readFrom(request, statedLength());
    if (!body.over() && FrontDoor.awaitsContinue(request)) {
      request.response().writeContinue();
    }
  }

  // ---- choose

  private void choose(GatewayKey key, byte[] bytes, int length) {
    if (finished) {
      return;
    }
    plane.retryBudget.callArrived();
    RequestScan.Scanned scan;
    switch (RequestScan.of(operation.endpoint, bytes, 0, length)) {
      case RequestScan.Unreadable(var reason, int offset) -> {
        refuseRecorded(
            key,
            Refusal.badRequest(
                "The request body is no JSON object: " + reason + " at byte " + offset + "."));
        return;
      }
      case RequestScan.Scanned whole -> scan = whole;
    }
    var model = scan.model();
    if (model == null) {
      refuseRecorded(key, Refusal.badRequest("model: Field required"));
      return;
    }
    var route = plane.routes().route(operation.dialect, model).orElse(null);
    var opened = opened(key, scan, model, length, route);
    if (route == null) {
      refuseRecorded(opened, Refusal.noProvider(operation.dialect, model));
      return;
    }
    Settlement settlement;
    try {
      settlement = Settlement.open(plane.ports, opened, startNanos);
    } catch (Ledger.LedgerUnavailable e) {
      refuse(Refusal.ledger(e));
      return;
    }
    call = new Call(opened, scan, route, settlement);
    attemptNext(call);
  }

  private OpenedCall opened(
      GatewayKey key,
      RequestScan.@Nullable Scanned scan,
      String model,
      long length,
      @Nullable Route route) {
    var first = route == null ? null : route.targets().getFirst();
    var firstModel = first == null ? null : modelOf(first, model);
    var now = plane.ports.clock().instant();
    long estimate = scan == null || !operation.priced ? 0 : scan.estimatedInputTokens();
    return new OpenedCall(
        id,
        plane.config.node(),
        key,
        operation.dialect,
        operation.label,
        bounded(model),
        route == null ? null : route.name(),
        first == null ? null : first.provider().name(),
        firstModel,
        scan != null && scan.streaming(),
        now,
        length,
        estimate,
        scan == null ? null : scan.maxOutputTokens(),
        first == null || firstModel == null || !operation.priced
            ? null
            : plane.ports.prices().price(first.provider().name(), firstModel, now, estimate),
        header("x-claude-code-session-id"),
        header("x-claude-code-agent-id"),
        header("x-claude-code-parent-agent-id"),
        header("user-agent"),
        header("x-request-id"));
  }

  private @Nullable String header(String name) {
    var value = request.getHeader(name);
    return value == null ? null : bounded(Credentials.removedFrom(value));
  }

  private static String bounded(String text) {
    return text.length() > 256 ? text.substring(0, 256) : text;
  }

  private static String modelOf(Target target, String requested) {
    return target.model() == null ? requested : target.model();
  }

  /** The next target that may be tried; or, if all are passed over, the one due first. */
  private void attemptNext(Call call) {
    var targets = call.route.targets();
    var now = plane.ports.clock().instant();
    var passed = new ArrayList<Passed>();
    boolean inTime = System.nanoTime() - startNanos < plane.config.totalDeadline().toNanos();
    while (inTime && nextTarget < targets.size()) {
      var candidate = candidate(call, targets.get(nextTarget++));
      var verdict = candidate.state().admit(now);
      if (verdict == TargetState.Verdict.ADMITTED) {
        passed.forEach(each -> skipped(each, now));
        start(call, candidate);
        return;
      }
      passed.add(new Passed(candidate, verdict));
    }
    var forced = triedAny ? null : firstDue(passed);
    for (var each : passed) {
      if (each != forced) {
        skipped(each, now);
      }
    }
    if (forced != null) {
      start(call, forced.candidate());
    } else if (!triedAny && !passed.isEmpty()) {
      refuseOpened(call, Refusal.allWait(earliestReset(passed, now)));
    } else {
      giveUp(call);
    }
  }

  private record Candidate(Target target, String model, TargetState state) {}

  private record Passed(Candidate candidate, TargetState.Verdict verdict) {}

  private Candidate candidate(Call call, Target target) {
    var model = modelOf(target, requireNonNull(call.scan().model()));
    return new Candidate(target, model, plane.targets.state(target.provider(), model));
  }

  /**
   * A rate limit is kept; a pause, an open breaker or a benched credential never locks a route out.
   */
  private static @Nullable Passed firstDue(List<Passed> passed) {
    Passed best = null;
    for (var each : passed) {
      if (each.verdict() != TargetState.Verdict.WAITING
          && (best == null
              || each.candidate()
                  .state()
                  .readmittedAt()
                  .isBefore(best.candidate().state().readmittedAt()))) {
        best = each;
      }
    }
    return best;
  }

  private static Duration earliestReset(List<Passed> passed, Instant now) {
    var earliest =
        passed.stream().map(each -> each.candidate().state().waitUntil()).min(Instant::compareTo);
    return earliest.map(at -> Duration.between(now, at)).orElse(Duration.ofSeconds(1));
  }

  private void skipped(Passed passed, Instant now) {
    var why =
        switch (passed.verdict()) {
          case WAITING -> "waits for the provider's rate limit";
          case PAUSED -> "overloaded, and asked for a pause";
          case OPEN -> "left alone after repeated failures";
          case BENCHED -> "its credential was refused";
          case ADMITTED -> throw new AssertionError("an admitted target is not skipped");
        };
    attempts.add(
        new Attempt(
            attempts.size() + 1,
            passed.candidate().target().provider().name(),
            passed.candidate().model(),
            now,
            Outcome.SKIPPED,
            null,
            null,
            null,
            0,
            why));
  }

  private boolean hasAnother(Call call) {
    var targets = call.route.targets();
    var now = plane.ports.clock().instant();
    for (int i = nextTarget; i < targets.size(); i++) {
      if (candidate(call, targets.get(i)).state().available(now)) {
        return true;
      }
    }
    return false;
  }

  // ---- attempt

  private void start(Call call, Candidate candidate) {
    triedAny = true;
    var next = new Try(call, candidate);
    current = next;
    next.start();
  }

  /** One try of one target. */
  private final class Try implements ProviderLeg.Listener {
    private final Call call;
    private final Candidate candidate;
    private final ProviderLeg leg = new ProviderLeg(this);
    private final Instant startedAt = plane.ports.clock().instant();
    private final long startedNanos = System.nanoTime();
    private final List<Buffer> heldChunks = new ArrayList<>(2);
    private int heldBytes;
    private @Nullable HttpClientResponse answer;
    private @Nullable Meter meter;
    private @Nullable Long ttfbMillis;
    private long answeredNanos;
    private boolean relaying;
    private boolean recorded;

    Try(Call call, Candidate candidate) {
      this.call = call;
      this.candidate = candidate;
    }

    void start() {
      var provider = candidate.target().provider();
      var renamed = candidate.model().equals(call.scan().model()) ? null : candidate.model();
      var body = buffer(call.scan().edited(renamed));
      var options =
          ProviderRequest.options(
              provider, operation, request, call.scan().streaming(), body.length());
      leg.send(loop.providers(), options, body);
    }

    @Override
    public void answered(HttpClientResponse answered) {
      answer = answered;
      answeredNanos = System.nanoTime();
      boolean success = outcome() == Outcome.OK;
      meter = Meter.of(operation, answered, success, call.scan());
      if (outcome() == Outcome.REQUEST_REFUSED) {
        relay();
      }
    }

    @Override
    public void received(Buffer chunk) {
      if (ttfbMillis == null) {
        ttfbMillis = millisSince(startedNanos);
      }
      var passing = requireNonNull(meter).pass(chunk);
      if (relaying) {
        forward(passing);
        return;
      }
      if (passing.length() > 0) {
        heldChunks.add(passing);
        heldBytes += passing.length();
      }
      if (outcome() != Outcome.OK) {
        if (heldBytes > MOST_HELD_BYTES) {
          leg.cancel();
          failed(Outcome.PROVIDER_ERROR, "its error is too large to keep", null);
        }
        return;
      }
      switch (meter.beginning()) {
        case EVENT -> {
          candidate.state().answering();
          relay();
        }
        case ERROR -> {
          leg.cancel();
          failed(Outcome.PROVIDER_ERROR, meter.errorDetail(), null);
        }
        case NOTHING -> {
          if (heldBytes > MOST_HELD_BYTES) {
            relay();
          }
        }
      }
    }

    @Override
    public void ended() {
      var last = requireNonNull(meter).rest();
      if (relaying) {
        forward(last);
        finishRelay();
        return;
      }
      if (last.length() > 0) {
        heldChunks.add(last);
      }
      var outcome = outcome();
      if (status() < 400 && outcome != Outcome.OK) {
        // A client would follow it past the gateway, with its key and its prompt.
        var said = meter.errorDetail();
        failed(outcome, said == null ? "it answered " + status() : said, null);
      } else if (outcome != Outcome.OK) {
        failed(outcome, meter.errorDetail(), holdAnswer(outcome));
      } else if (meter.isEventStream()) {
        failed(Outcome.PROVIDER_ERROR, "its stream ended before the first event", null);
      } else {
        relay();
        finishRelay();
      }
    }

    private HeldAnswer holdAnswer(Outcome outcome) {
      var kept = requireNonNull(answer);
      var body = Buffer.buffer(heldBytes);
      heldChunks.forEach(body::appendBuffer);
      return new HeldAnswer(
          this,
          kept.statusCode(),
          kept.statusMessage(),
          kept.headers(),
          body,
          outcome == Outcome.CREDENTIAL_REFUSED);
    }

    @Override
    public void failed(ProviderLeg.Failure failure) {
      if (relaying) {
        cut(failure.detail(), false);
      } else if (failure.outcome() == Outcome.CUT
          && answer == null
          && millisSince(startedNanos) < STALE_WITHIN_MILLIS
          && !retriedInPlace
          && plane.retryBudget.takeRetry()) {
        // Most likely a kept connection that the provider was just closing.
        retriedInPlace = true;
        record(failure.outcome(), failure.detail());
        CallPath.this.start(call, candidate);
      } else {
        failed(failure.outcome(), failure.detail(), null);
      }
    }

    /** The attempt is lost before its first event: the same target again, the next, or none. */
    private void failed(Outcome outcome, @Nullable String detail, @Nullable HeldAnswer answer) {
      var retryAfter = retryAfter();
      record(outcome, detail);
      keepBest(answer);
      heldChunks.clear();
      if (finished) {
        return;
      }
      boolean worthAnother = outcome == Outcome.OVERLOADED || outcome == Outcome.CUT;
      boolean soon = retryAfter == null || retryAfter.compareTo(LONGEST_RETRY_AFTER) <= 0;
      if (worthAnother
          && soon
          && !retriedInPlace
          && !hasAnother(call)
          && plane.retryBudget.takeRetry()) {
        retriedInPlace = true;
        current = null;
        long jitter = 100 + plane.ports.random().nextLong(300);
        long floor = retryAfter == null ? 0 : retryAfter.toMillis();
        vertx()
            .setTimer(
                floor + jitter,
                due -> {
                  if (!finished) {
                    again();
                  }
                });
      } else {
        attemptNext(call);
      }
    }

    private void again() {
      try {
        CallPath.this.start(call, candidate);
      } catch (RuntimeException e) {
        stumbled(e);
      }
    }

    private @Nullable Duration retryAfter() {
      return answer == null ? null : RetryAfter.of(answer.headers(), plane.ports.clock().instant());
    }

    private int status() {
      return requireNonNull(answer).statusCode();
    }

    /** What the head of the answer says. */
    private Outcome outcome() {
      var head = requireNonNull(answer);
      return outcomeOf(head.statusCode(), head.getHeader("content-type"));
    }

    @Override
    public void stumbled(RuntimeException bug) {
      CallPath.this.stumbled(bug);
    }

    // ---- relay

    private void relay() {
      relaying = true;
      call.forgetBody();
      giveBackBody();
      var from = requireNonNull(answer);
      var headers = client.head(from.statusCode(), from.statusMessage());
      Headers.copyDown(from.headers(), headers);
      ours(headers);
      if (requireNonNull(meter).isEventStream()) {
        headers.remove("content-length");
      }
      if (headers.get("content-length") == null) {
        client.unknownLength();
      }
      client.onDrained(leg::resume);
      heldChunks.forEach(this::forward);
      heldChunks.clear();
    }

    private void forward(Buffer chunk) {
      client.write(chunk);
      if (requireNonNull(meter).complete()) {
        completed();
      }
      if (client.full()) {
        leg.pause();
      }
    }

    private void finishRelay() {
      if (!requireNonNull(meter).wholeAtEnd()) {
        cut("its stream ended before its last event", true);
        return;
      }
      completed();
      client.end();
      finish();
    }

    /** Settles before the last byte goes out. */
    private void completed() {
      var reader = requireNonNull(meter);
      var outcome = outcome();
      if (outcome != Outcome.OK) {
        record(outcome, reader.errorDetail());
        settle(SettledCall.Outcome.FAILED, status(), reader.errorType());
      } else if (reader.errorInside()) {
        record(Outcome.CUT, reader.errorDetail());
        settle(SettledCall.Outcome.CUT, status(), reader.errorType());
      } else {
        record(Outcome.OK, null);
        settle(SettledCall.Outcome.COMPLETED, status(), null);
      }
    }

    /**
     * The answer broke off after its first event.
     *
     * @param say whether to say so in an event of ours. Where the provider's connection broke, the
     *     client's breaks too and nothing is said: clients repeat differently after an error event
     *     (see docs/decisions/broken-streams.md).
     */
    void cut(String detail, boolean say) {
      leg.cancel();
      var reader = requireNonNull(meter);
      if (call.settlement.settled()) {
        // All that matters was delivered and settled; only the end's framing is missing.
        client.end();
        finish();
        return;
      }
      record(Outcome.CUT, detail);
      settle(SettledCall.Outcome.CUT, status(), "api_error");
      if (say && reader.takesOurEvents()) {
        client.write(Refusal.brokenOff(detail).asEvent(operation.dialect, id.toString()));
      }
      client.destroy();
      finish();
    }

    // ---- meter and settle

    private void record(Outcome outcome, @Nullable String detail) {
      if (recorded) {
        return;
      }
      recorded = true;
      var attempt =
          new Attempt(
              attempts.size() + 1,
              candidate.target().provider().name(),
              candidate.model(),
              startedAt,
              outcome,
              answer == null ? null : answer.statusCode(),
              answer == null ? null : ProviderRequest.requestId(answer.headers()),
              ttfbMillis,
              millisSince(startedNanos),
              outcome == Outcome.OK ? null : withoutSecret(detail));
      attempts.add(attempt);
      lost = mayBeBilled(outcome) ? this : lost;
      candidate.state().record(call.opened, attempt, retryAfter(), plane.ports.clock().instant());
    }

    /** It had the whole request and time to work on it before the answer was given up. */
    private boolean mayBeBilled(Outcome outcome) {
      return leg.sent()
          && (outcome == Outcome.TIMED_OUT
              || outcome == Outcome.ABORTED
              || outcome == Outcome.CUT && millisSince(startedNanos) >= STALE_WITHIN_MILLIS);
    }

    /** Some providers repeat the credential that they refuse. */
    private @Nullable String withoutSecret(@Nullable String detail) {
      var secret = candidate.target().provider().credential().secret();
      return detail == null || secret.isEmpty() ? detail : detail.replace(secret, "…");
    }

    void settle(SettledCall.Outcome outcome, @Nullable Integer status, @Nullable String errorType) {
      boolean refused = answer != null && outcome() != Outcome.OK;
      // A provider may answer before it has the whole request.
      boolean billed = operation.priced && !refused && (answer != null || leg.sent());
      var count = billed ? Meter.Count.of(meter, call.opened) : Meter.Count.NONE;
      call.settlement.settle(
          new Ending(
              outcome,
              status,
              errorType,
              candidate.target().provider().name(),
              candidate.model(),
              count.usage(),
              count.estimated(),
              count.raw(),
              client.bytes() == 0 ? null : firstByteMillis(),
              client.bytes()),
          attempts,
          operation.priced);
    }

    private long firstByteMillis() {
      return TimeUnit.NANOSECONDS.toMillis(client.firstWriteNanos() - startNanos);
    }

    /** The client left: the provider is told at once, and what it did is settled. */
    void abort() {
      leg.cancel();
      record(Outcome.ABORTED, "the client left");
      if (relaying) {
        settle(SettledCall.Outcome.ABORTED, status(), null);
      } else {
        settleUnanswered(call, SettledCall.Outcome.ABORTED, null, null);
      }
    }

    // ---- time

    void tick(long now) {
      if (leg.over() || leg.paused()) {
        return;
      }
      if (!relaying && pastDeadline(now)) {
        timedOut("no answer before the call's deadline");
      } else if (answer != null) {
        follow(now);
      } else if (leg.connected() && silent(now, candidate.target().provider().firstByteTimeout())) {
        timedOut("no answer within the time-out");
      }
    }

    /** The answer has begun; what of it came so far may still be less than its first event. */
    private void follow(long now) {
      var provider = candidate.target().provider();
      if (silent(now, provider.idleTimeout())) {
        timedOut("no byte within the time-out");
      } else if (!relaying && outcome() != Outcome.OK) {
        long most = Math.min(ERROR_BODY_NANOS, provider.firstByteTimeout().toNanos());
        if (now - answeredNanos > most) {
          leg.cancel();
          failed(outcome(), "its error did not end", null);
        }
      } else if (!relaying
          && requireNonNull(meter).isEventStream()
          && now - startedNanos > provider.firstByteTimeout().toNanos()
          && hasAnother(call)) {
        timedOut("no event within the time-out");
      } else if (requireNonNull(meter).takesOurEvents()) {
        keepAlive(now);
      }
    }

    private boolean silent(long now, Duration atMost) {
      return now - leg.lastByteNanos() > atMost.toNanos();
    }

    private void keepAlive(long now) {
      long interval = plane.config.pingInterval().toNanos();
      if (relaying) {
        if (now - client.lastWriteNanos() > interval && !client.full()) {
          client.write(BufferInternal.buffer(WireError.ping(operation.dialect)));
        }
      } else if (now - startedNanos > interval && !hasAnother(call)) {
        // Nobody else could take over, so holding back gains nothing and silence costs the client.
        relay();
        client.writeHead();
      }
    }

    private void timedOut(String detail) {
      leg.cancel();
      if (relaying) {
        cut(detail, true);
      } else {
        failed(Outcome.TIMED_OUT, detail, null);
      }
    }
  }

  private void keepBest(@Nullable HeldAnswer answer) {
    if (answer != null && (held == null || held.credential() || !answer.credential())) {
      held = answer;
    }
  }

  /** No target is left: the best provider's answer goes back as it came, or our own. */
  private void giveUp(Call call) {
    var best = held;
    if (best == null) {
      refuseOpened(call, Refusal.noTarget(call.route.name(), attempts));
      return;
    }
    var headers = client.head(best.status(), best.reason());
    Headers.copyDown(best.headers(), headers);
    ours(headers);
    headers.set("content-length", Integer.toString(best.body().length()));
    client.write(best.body());
    best.from()
        .settle(
            SettledCall.Outcome.FAILED,
            best.status(),
            requireNonNull(best.from().meter).errorType());
    client.end();
    finish();
  }

  private static Outcome outcomeOf(int status, @Nullable String contentType) {
    if (status >= 200 && status < 300) {
      return Outcome.OK;
    }
    return switch (status) {
      case 429 -> Outcome.RATE_LIMITED;
      case 503, 529 -> Outcome.OVERLOADED;
      case 401 -> Outcome.CREDENTIAL_REFUSED;
      // A page is a firewall's, which dislikes this one request; providers refuse in JSON.
      case 403 ->
          contentType != null && contentType.regionMatches(true, 0, "text/html", 0, 9)
              ? Outcome.PROVIDER_ERROR
              : Outcome.CREDENTIAL_REFUSED;
      default ->
          status >= 400 && status < 500 && status != 408
              ? Outcome.REQUEST_REFUSED
              : Outcome.PROVIDER_ERROR;
    };
  }

  // ---- what may come in between

  private void clientLeft() {
    if (finished) {
      return;
    }
    if (current != null) {
      current.abort();
    } else if (call != null) {
      settleUnanswered(call, SettledCall.Outcome.ABORTED, null, null);
    }
    finish();
  }

  /** Called several times a second by the loop. */
  void tick(long now) {
    try {
      if (current != null) {
        current.tick(now);
      } else if (reading != null
          && !reading.over()
          && now - reading.lastByteNanos() > plane.config.limits().bodyIdle().toNanos()) {
        reading.stall();
      }
    } catch (RuntimeException e) {
      stumbled(e);
    }
  }

  private boolean pastDeadline(long now) {
    return now - startNanos > plane.config.totalDeadline().toNanos();
  }

  /** The process ends: what has begun is broken off visibly, the rest is refused. */
  void breakOff(String why) {
    if (finished || call == null) {
      client.destroy();
      finish();
    } else if (current != null && current.relaying) {
      current.cut(why, true);
    } else {
      if (current != null) {
        current.leg.cancel();
        current.record(Outcome.ABORTED, why);
      }
      refuseOpened(call, Refusal.draining());
    }
  }

  // ---- our own answers

  private void refuse(Refusal refusal) {
    plane.refused(operation.dialect, refusal.status(), refusal.reason());
    closeIfDraining(request.response().headers());
    OwnAnswer.refuse(request, operation.dialect, refusal, id.toString());
    finish();
  }

  /** Says no to a caller who is known, and writes that down. */
  private boolean refuseRecorded(GatewayKey key, Refusal refusal) {
    refuseRecorded(opened(key, null, "", Math.max(0, statedLength()), null), refusal);
    return false;
  }

  private void refuseRecorded(OpenedCall opened, Refusal refusal) {
    try {
      var settlement = Settlement.open(plane.ports, opened, startNanos);
      settlement.settle(
          Ending.without(SettledCall.Outcome.REFUSED, refusal.status(), refusal.type()),
          List.of(),
          false);
    } catch (Ledger.LedgerUnavailable e) {
      // Nothing is served, so nothing goes unmetered; the refusal itself matters more.
    }
    refuse(refusal);
  }

  private void refuseOpened(Call call, Refusal refusal) {
    settleUnanswered(call, SettledCall.Outcome.FAILED, refusal.status(), refusal.type());
    refuse(refusal);
  }

  /**
   * No provider's answer reached the client, but one may be billed; its attempt then has the floor.
   */
  private void settleUnanswered(
      Call call,
      SettledCall.Outcome outcome,
      @Nullable Integer status,
      @Nullable String errorType) {
    if (lost != null) {
      lost.settle(outcome, status, errorType);
    } else {
      call.settlement.settle(
          Ending.without(outcome, status, errorType), attempts, operation.priced);
    }
  }

  /** A bug of ours or of what we were given: logged, settled, and never a call that hangs. */
  private void stumbled(RuntimeException bug) {
    LOG.log(Level.ERROR, "call " + id + " met a bug", bug);
    if (finished) {
      return;
    }
    if (current != null) {
      current.leg.cancel();
      current.record(Outcome.ABORTED, "the gateway met a bug");
      // Counting what met a bug might meet it again.
      lost = null;
    }
    if (call != null && !client.headWritten()) {
      refuseOpened(call, Refusal.bug());
    } else if (call != null) {
      call.settlement.settle(
          Ending.without(SettledCall.Outcome.CUT, null, "api_error"), attempts, operation.priced);
      client.destroy();
      finish();
    } else {
      refuse(Refusal.bug());
    }
  }

  private void ours(MultiMap headers) {
    if (!headers.contains("x-request-id")) {
      headers.add("x-request-id", id.toString());
    }
    headers.add("x-bellfounder-call-id", id.toString());
    closeIfDraining(headers);
  }

  /** The client's next call is to go to another node, on another connection. */
  private void closeIfDraining(MultiMap headers) {
    if (plane.draining) {
      headers.set("connection", "close");
    }
  }

  private void giveBackBody() {
    if (reading != null) {
      reading.giveBack();
    }
  }

  private void finish() {
    if (!finished) {
      finished = true;
      giveBackBody();
      if (current != null && current.meter != null) {
        current.meter.close();
      }
      if (counted) {
        plane.callsUnderWay.decrementAndGet();
      }
      loop.closed(this);
    }
  }

  private static Buffer buffer(EditedBody body) {
    var segments = body.segments();
    var parts = new ByteBuf[segments.size()];
    for (int i = 0; i < parts.length; i++) {
      var segment = segments.get(i);
      parts[i] = Unpooled.wrappedBuffer(segment.bytes(), segment.offset(), segment.length());
    }
    return BufferInternal.buffer(Unpooled.wrappedBuffer(parts.length, parts));
  }

  private Vertx vertx() {
    return loop.context().owner();
  }

  private static long millisSince(long nanos) {
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - nanos);
  }
}
