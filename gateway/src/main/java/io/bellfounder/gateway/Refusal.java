package io.bellfounder.gateway;

import io.bellfounder.gateway.KeyDirectory.KeyCheck;
import io.bellfounder.wire.Dialect;
import io.bellfounder.wire.WireError;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.internal.buffer.BufferInternal;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What the gateway itself says when it says no. The statuses are those that real clients take
 * rightly: a wrong 401 is retried eleven times, a 400 six times.
 *
 * @param type the error type in Anthropic's words; OpenAI's shape carries it too
 * @param reason a stable word for metrics
 * @param retryAfterSeconds 1..60, the range that Claude Code honours; {@code null} for no hint
 * @param hopeless true if a client that understands it should not try again
 */
record Refusal(
    int status,
    String type,
    String message,
    String reason,
    @Nullable Integer retryAfterSeconds,
    boolean hopeless) {

  static Refusal ofKey(Credentials shown) {
    var message =
        shown.nothing()
            ? "No Bellfounder key was sent: put one in the authorization or x-api-key header."
            : switch (shown.check()) {
              case KeyCheck.Revoked(var key) ->
                  "The Bellfounder key \"" + key.name() + "\" is revoked.";
              case KeyCheck.Expired(var key, var at) ->
                  "The Bellfounder key \"" + key.name() + "\" expired at " + at + ".";
              case KeyCheck.Unknown _, KeyCheck.Valid _ -> "This Bellfounder key is unknown.";
            };
    return new Refusal(401, "authentication_error", message, "key", null, true);
  }

  static Refusal draining() {
    return new Refusal(
        503, "overloaded_error", "This node is shutting down; try again.", "draining", 1, false);
  }

  static Refusal busy() {
    return new Refusal(
        503, "overloaded_error", "The gateway is at its limit of open calls.", "busy", 1, false);
  }

  static Refusal noRoom(long mostBytes) {
    return new Refusal(
        503,
        "overloaded_error",
        "The request bodies under way fill the "
            + mostBytes
            + " bytes that the gateway keeps for them, a share of its heap (-Xmx); try again.",
        "bodies",
        1,
        false);
  }

  static Refusal tooLarge(int mostBytes) {
    return new Refusal(
        413,
        "request_too_large",
        "The request body exceeds the gateway's limit of " + mostBytes + " bytes.",
        "too_large",
        null,
        true);
  }

  static Refusal stalled(Duration idle) {
    return new Refusal(
        408,
        "timeout_error",
        "The request's body stopped coming: no byte for " + idle.toSeconds() + " s.",
        "stalled",
        null,
        false);
  }

  static Refusal badRequest(String message) {
    return new Refusal(400, "invalid_request_error", message, "bad_request", null, true);
  }

  static Refusal unknownModel(String model) {
    return unknownModel(model, "");
  }

  /** A model without a route goes to the first provider of the protocol; there is none. */
  static Refusal noProvider(Dialect dialect, String model) {
    return unknownModel(
        model,
        ", and no provider of "
            + (dialect == Dialect.ANTHROPIC ? "Anthropic" : "OpenAI")
            + "'s protocol is configured");
  }

  private static Refusal unknownModel(String model, String why) {
    var shown = model.length() > 100 ? model.substring(0, 100) + "…" : model;
    return new Refusal(
        404,
        "not_found_error",
        "No route serves the model " + shown + why + ".",
        "unknown_model",
        null,
        true);
  }

  static Refusal noSuchEndpoint(String method, String path) {
    return new Refusal(
        404,
        "not_found_error",
        "The gateway has no model endpoint " + method + " " + path + ".",
        "unknown_endpoint",
        null,
        true);
  }

  static Refusal ledger(Ledger.LedgerUnavailable unavailable) {
    return new Refusal(
        503,
        "api_error",
        "The gateway cannot write the call down and serves none unmetered: "
            + unavailable.getMessage(),
        "ledger",
        5,
        false);
  }

  static Refusal bug() {
    return new Refusal(
        500,
        "api_error",
        "The gateway met an error of its own; its log has the call's id.",
        "bug",
        null,
        false);
  }

  /** Every target waits for its provider's rate limit. */
  static Refusal allWait(Duration earliest) {
    int seconds = (int) Math.clamp((earliest.toMillis() + 999) / 1_000, 1, 60);
    return new Refusal(
        429,
        "rate_limit_error",
        "The provider's rate limit is reached on every target of this route; the earliest is back in "
            + seconds
            + " s.",
        "no_target",
        seconds,
        false);
  }

  static Refusal noTarget(String route, List<Attempt> attempts) {
    var tried =
        attempts.stream()
            .map(each ->
                each.provider() + ": " + (each.detail() == null ? each.outcome() : each.detail()))
            .collect(Collectors.joining("; "));
    return new Refusal(
        503,
        "overloaded_error",
        "No target of route " + route + " could serve (" + tried + ").",
        "no_target",
        1,
        false);
  }

  static Refusal noModelList(String why) {
    return new Refusal(
        503,
        "overloaded_error",
        "The provider did not list its models: " + why + ".",
        "no_target",
        1,
        false);
  }

  static Refusal brokenOff(String detail) {
    return new Refusal(
        502, "api_error", "The provider's answer is incomplete: " + detail, "cut", null, false);
  }

  /** The error inside a stream that has begun. */
  Buffer asEvent(Dialect dialect, String requestId) {
    return BufferInternal.buffer(new WireError(type, message).event(dialect, requestId));
  }

  Buffer asBody(Dialect dialect, String requestId) {
    return BufferInternal.buffer(new WireError(type, message).body(dialect, requestId));
  }
}
