package io.bellfounder.gateway;

import io.bellfounder.gateway.PriceBook.Price;
import io.bellfounder.wire.Usage;
import java.io.ByteArrayOutputStream;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/**
 * Calls as compact JSON, for the spool and whoever reads it. {@value #VERSION} is the schema's
 * version, in the field {@code v}: fields are only ever added, readers pass over those they do not
 * know, and a field that is {@code null} is left out. Instants are ISO-8601, ids UUIDs.
 */
final class CallCodec {
  static final int VERSION = 1;
  static final JsonFactory JSON = new JsonFactory();

  private CallCodec() {}

  static byte[] encode(OpenedCall call) {
    var out = new ByteArrayOutputStream(768);
    try (var json = JSON.createGenerator(ObjectWriteContext.empty(), out)) {
      json.writeStartObject();
      json.writeNumberProperty("v", VERSION);
      fields(json, call);
      json.writeEndObject();
    }
    return out.toByteArray();
  }

  static byte[] encode(SettledCall call) {
    var out = new ByteArrayOutputStream(2_048);
    try (var json = JSON.createGenerator(ObjectWriteContext.empty(), out)) {
      json.writeStartObject();
      json.writeNumberProperty("v", VERSION);
      json.writeObjectPropertyStart("opened");
      fields(json, call.opened());
      json.writeEndObject();
      fields(json, call);
      json.writeEndObject();
    }
    return out.toByteArray();
  }

  private static void fields(JsonGenerator json, OpenedCall call) {
    text(json, "id", call.id().toString());
    text(json, "node", call.node());
    key(json, call.key());
    text(json, "dialect", call.dialect().name());
    text(json, "operation", call.operation());
    text(json, "requestedModel", call.requestedModel());
    text(json, "route", call.route());
    text(json, "provider", call.provider());
    text(json, "targetModel", call.targetModel());
    json.writeBooleanProperty("streaming", call.streaming());
    instant(json, "openedAt", call.openedAt());
    json.writeNumberProperty("requestBytes", call.requestBytes());
    json.writeNumberProperty("estimatedInputTokens", call.estimatedInputTokens());
    number(json, "maxOutputTokens", call.maxOutputTokens());
    price(json, call.price());
    text(json, "sessionId", call.sessionId());
    text(json, "agentId", call.agentId());
    text(json, "parentAgentId", call.parentAgentId());
    text(json, "userAgent", call.userAgent());
    text(json, "clientRequestId", call.clientRequestId());
  }

  private static void fields(JsonGenerator json, SettledCall call) {
    text(json, "outcome", call.outcome().name());
    number(json, "status", call.status());
    text(json, "errorType", call.errorType());
    text(json, "provider", call.provider());
    text(json, "targetModel", call.targetModel());
    json.writeArrayPropertyStart("attempts");
    call.attempts().forEach(each -> attempt(json, each));
    json.writeEndArray();
    usage(json, call.usage());
    json.writeBooleanProperty("estimated", call.estimated());
    text(json, "rawUsage", call.rawUsage());
    price(json, call.price());
    json.writeNumberProperty("costPico", call.costPico());
    instant(json, "settledAt", call.settledAt());
    number(json, "ttfbMillis", call.ttfbMillis());
    json.writeNumberProperty("durationMillis", call.durationMillis());
    json.writeNumberProperty("responseBytes", call.responseBytes());
  }

  private static void key(JsonGenerator json, GatewayKey key) {
    json.writeObjectPropertyStart("key");
    text(json, "id", key.id().toString());
    text(json, "name", key.name());
    text(json, "organisationId", key.organisationId().toString());
    text(json, "memberId", key.memberId() == null ? null : key.memberId().toString());
    instant(json, "expiresAt", key.expiresAt());
    json.writeEndObject();
  }

  private static void attempt(JsonGenerator json, Attempt attempt) {
    json.writeStartObject();
    json.writeNumberProperty("ordinal", attempt.ordinal());
    text(json, "provider", attempt.provider());
    text(json, "model", attempt.model());
    instant(json, "startedAt", attempt.startedAt());
    text(json, "outcome", attempt.outcome().name());
    number(json, "status", attempt.status());
    text(json, "providerRequestId", attempt.providerRequestId());
    number(json, "ttfbMillis", attempt.ttfbMillis());
    json.writeNumberProperty("durationMillis", attempt.durationMillis());
    text(json, "detail", attempt.detail());
    json.writeEndObject();
  }

  private static void usage(JsonGenerator json, Usage usage) {
    json.writeObjectPropertyStart("usage");
    number(json, "input", usage.input());
    number(json, "cacheWrite5m", usage.cacheWrite5m());
    number(json, "cacheWrite1h", usage.cacheWrite1h());
    number(json, "cacheRead", usage.cacheRead());
    number(json, "output", usage.output());
    json.writeEndObject();
  }

  private static void price(JsonGenerator json, @Nullable Price price) {
    if (price == null) {
      return;
    }
    json.writeObjectPropertyStart("price");
    text(json, "version", price.version());
    json.writeBooleanProperty("known", price.known());
    json.writeNumberProperty("inputPico", price.inputPico());
    json.writeNumberProperty("cacheWrite5mPico", price.cacheWrite5mPico());
    json.writeNumberProperty("cacheWrite1hPico", price.cacheWrite1hPico());
    json.writeNumberProperty("cacheReadPico", price.cacheReadPico());
    json.writeNumberProperty("outputPico", price.outputPico());
    json.writeEndObject();
  }

  private static void text(JsonGenerator json, String name, @Nullable String value) {
    if (value != null) {
      json.writeStringProperty(name, wellFormed(value));
    }
  }

  /** Half a surrogate pair, as a cut at a fixed length leaves it, cannot be written. */
  private static String wellFormed(String value) {
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (Character.isHighSurrogate(c)
          && i + 1 < value.length()
          && Character.isLowSurrogate(value.charAt(i + 1))) {
        i++;
      } else if (Character.isSurrogate(c)) {
        return wellFormed(value.substring(0, i) + '\uFFFD' + value.substring(i + 1));
      }
    }
    return value;
  }

  private static void number(JsonGenerator json, String name, @Nullable Long value) {
    if (value != null) {
      json.writeNumberProperty(name, value);
    }
  }

  private static void number(JsonGenerator json, String name, @Nullable Integer value) {
    if (value != null) {
      json.writeNumberProperty(name, value);
    }
  }

  private static void instant(JsonGenerator json, String name, @Nullable Instant value) {
    if (value != null) {
      json.writeStringProperty(name, value.toString());
    }
  }
}
