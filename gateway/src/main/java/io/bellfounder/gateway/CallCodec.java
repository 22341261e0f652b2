package io.bellfounder.gateway;

import io.bellfounder.gateway.CallFields.Key;
import io.bellfounder.gateway.CallFields.Opened;
import io.bellfounder.gateway.CallFields.Priced;
import io.bellfounder.gateway.CallFields.Settled;
import io.bellfounder.gateway.CallFields.Tokens;
import io.bellfounder.gateway.CallFields.Tried;
import io.bellfounder.gateway.PriceBook.Price;
import io.bellfounder.wire.Usage;

/**
 * Calls as the spool's records, each behind room for its frame's head. Readers pass over fields
 * they do not know.
 */
final class CallCodec {

  private CallCodec() {}

  static RecordWriter encode(OpenedCall call) {
    var out = new RecordWriter(SpoolFrame.HEAD_BYTES);
    out.number(CallFields.VERSION, CallFields.VERSION_NOW);
    fields(out, call);
    return out;
  }

  static RecordWriter encode(SettledCall call) {
    var out = new RecordWriter(SpoolFrame.HEAD_BYTES);
    out.number(CallFields.VERSION, CallFields.VERSION_NOW);
    out.nested(Settled.OPENED, call.opened(), CallCodec::fields);
    fields(out, call);
    return out;
  }

  private static void fields(RecordWriter out, OpenedCall call) {
    out.id(Opened.ID, call.id());
    out.text(Opened.NODE, call.node());
    out.nested(Opened.KEY, call.key(), CallCodec::fields);
    out.text(Opened.DIALECT, call.dialect().name());
    out.text(Opened.OPERATION, call.operation());
    out.text(Opened.REQUESTED_MODEL, call.requestedModel());
    out.text(Opened.ROUTE, call.route());
    out.text(Opened.PROVIDER, call.provider());
    out.text(Opened.TARGET_MODEL, call.targetModel());
    out.flag(Opened.STREAMING, call.streaming());
    out.instant(Opened.OPENED_AT, call.openedAt());
    out.number(Opened.REQUEST_BYTES, call.requestBytes());
    out.number(Opened.ESTIMATED_INPUT_TOKENS, call.estimatedInputTokens());
    out.number(Opened.MAX_OUTPUT_TOKENS, call.maxOutputTokens());
    out.nested(Opened.PRICE, call.price(), CallCodec::fields);
    out.text(Opened.SESSION_ID, call.sessionId());
    out.text(Opened.AGENT_ID, call.agentId());
    out.text(Opened.PARENT_AGENT_ID, call.parentAgentId());
    out.text(Opened.USER_AGENT, call.userAgent());
    out.text(Opened.CLIENT_REQUEST_ID, call.clientRequestId());
  }

  private static void fields(RecordWriter out, SettledCall call) {
    out.text(Settled.OUTCOME, call.outcome().name());
    out.number(Settled.STATUS, call.status());
    out.text(Settled.ERROR_TYPE, call.errorType());
    out.text(Settled.PROVIDER, call.provider());
    out.text(Settled.TARGET_MODEL, call.targetModel());
    for (var attempt : call.attempts()) {
      out.nested(Settled.ATTEMPT, attempt, CallCodec::fields);
    }
    out.nested(Settled.USAGE, call.usage(), CallCodec::fields);
    out.flag(Settled.ESTIMATED, call.estimated());
    out.text(Settled.RAW_USAGE, call.rawUsage());
    out.nested(Settled.PRICE, call.price(), CallCodec::fields);
    out.number(Settled.COST_PICO, call.costPico());
    out.instant(Settled.SETTLED_AT, call.settledAt());
    out.number(Settled.TTFB_MILLIS, call.ttfbMillis());
    out.number(Settled.DURATION_MILLIS, call.durationMillis());
    out.number(Settled.RESPONSE_BYTES, call.responseBytes());
  }

  private static void fields(RecordWriter out, GatewayKey key) {
    out.id(Key.ID, key.id());
    out.text(Key.NAME, key.name());
    out.id(Key.ORGANISATION_ID, key.organisationId());
    out.id(Key.MEMBER_ID, key.memberId());
    out.instant(Key.EXPIRES_AT, key.expiresAt());
  }

  private static void fields(RecordWriter out, Attempt attempt) {
    out.number(Tried.ORDINAL, attempt.ordinal());
    out.text(Tried.PROVIDER, attempt.provider());
    out.text(Tried.MODEL, attempt.model());
    out.instant(Tried.STARTED_AT, attempt.startedAt());
    out.text(Tried.OUTCOME, attempt.outcome().name());
    out.number(Tried.STATUS, attempt.status());
    out.text(Tried.PROVIDER_REQUEST_ID, attempt.providerRequestId());
    out.number(Tried.TTFB_MILLIS, attempt.ttfbMillis());
    out.number(Tried.DURATION_MILLIS, attempt.durationMillis());
    out.text(Tried.DETAIL, attempt.detail());
  }

  private static void fields(RecordWriter out, Usage usage) {
    out.number(Tokens.INPUT, usage.input());
    out.number(Tokens.CACHE_WRITE_5M, usage.cacheWrite5m());
    out.number(Tokens.CACHE_WRITE_1H, usage.cacheWrite1h());
    out.number(Tokens.CACHE_READ, usage.cacheRead());
    out.number(Tokens.OUTPUT, usage.output());
  }

  private static void fields(RecordWriter out, Price price) {
    out.text(Priced.VERSION, price.version());
    out.flag(Priced.KNOWN, price.known());
    out.number(Priced.INPUT_PICO, price.inputPico());
    out.number(Priced.CACHE_WRITE_5M_PICO, price.cacheWrite5mPico());
    out.number(Priced.CACHE_WRITE_1H_PICO, price.cacheWrite1hPico());
    out.number(Priced.CACHE_READ_PICO, price.cacheReadPico());
    out.number(Priced.OUTPUT_PICO, price.outputPico());
  }
}
