package io.bellfounder.gateway;

import static java.util.Objects.requireNonNull;

import io.bellfounder.gateway.PriceBook.Price;
import io.bellfounder.wire.Dialect;
import io.bellfounder.wire.Usage;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;

/** Reads what {@link CallCodec} wrote, in this version or a later one. */
final class CallCodecReader {

  /** The bytes are no record of a call. The message names the field, never its value. */
  static final class UnreadableCall extends Exception {
    UnreadableCall(String message, @Nullable Throwable cause) {
      super(message, cause);
    }
  }

  /** An object's fields: text, {@link Long}, {@link Boolean}, an object or a list of objects. */
  private final Map<String, Object> fields;

  private CallCodecReader(Map<String, Object> fields) {
    this.fields = fields;
  }

  static OpenedCall opened(byte[] bytes, int offset, int length) throws UnreadableCall {
    return guarded(() -> of(bytes, offset, length).opened());
  }

  static SettledCall settled(byte[] bytes, int offset, int length) throws UnreadableCall {
    return guarded(() -> of(bytes, offset, length).settled());
  }

  private interface Reading<T> {
    T read();
  }

  private static <T> T guarded(Reading<T> reading) throws UnreadableCall {
    try {
      return reading.read();
    } catch (JacksonException e) {
      // Its message could quote the record.
      throw new UnreadableCall("no JSON of a call", null);
    } catch (DateTimeException | IllegalArgumentException | ClassCastException e) {
      throw new UnreadableCall("a field of the call has a value that is not understood", e);
    } catch (NullPointerException e) {
      throw new UnreadableCall("a field of the call is missing: " + e.getMessage(), e);
    }
  }

  private static CallCodecReader of(byte[] bytes, int offset, int length) {
    try (var json = CallCodec.JSON.createParser(ObjectReadContext.empty(), bytes, offset, length)) {
      if (json.nextToken() != JsonToken.START_OBJECT) {
        throw new IllegalArgumentException("not an object");
      }
      return new CallCodecReader(object(json));
    }
  }

  private static Map<String, Object> object(JsonParser json) {
    var fields = new HashMap<String, Object>();
    while (json.nextToken() == JsonToken.PROPERTY_NAME) {
      var name = json.currentName();
      switch (json.nextToken()) {
        case VALUE_STRING -> fields.put(name, json.getString());
        case VALUE_NUMBER_INT -> fields.put(name, json.getLongValue());
        case VALUE_TRUE -> fields.put(name, true);
        case VALUE_FALSE -> fields.put(name, false);
        case START_OBJECT -> fields.put(name, object(json));
        case START_ARRAY -> fields.put(name, objects(json));
        default -> {}
      }
    }
    return fields;
  }

  private static List<Map<String, Object>> objects(JsonParser json) {
    var objects = new ArrayList<Map<String, Object>>();
    for (var token = json.nextToken(); token != JsonToken.END_ARRAY; token = json.nextToken()) {
      if (token == JsonToken.START_OBJECT) {
        objects.add(object(json));
      } else {
        json.skipChildren();
      }
    }
    return objects;
  }

  private OpenedCall opened() {
    return new OpenedCall(
        id("id"),
        text("node"),
        requireNonNull(in("key"), "key").key(),
        Dialect.valueOf(text("dialect")),
        text("operation"),
        text("requestedModel"),
        textOrNull("route"),
        textOrNull("provider"),
        textOrNull("targetModel"),
        flag("streaming"),
        instant("openedAt"),
        number("requestBytes"),
        number("estimatedInputTokens"),
        numberOrNull("maxOutputTokens"),
        price(),
        textOrNull("sessionId"),
        textOrNull("agentId"),
        textOrNull("parentAgentId"),
        textOrNull("userAgent"),
        textOrNull("clientRequestId"));
  }

  private SettledCall settled() {
    return new SettledCall(
        requireNonNull(in("opened"), "opened").opened(),
        SettledCall.Outcome.valueOf(text("outcome")),
        intOrNull("status"),
        textOrNull("errorType"),
        textOrNull("provider"),
        textOrNull("targetModel"),
        attempts(),
        requireNonNull(in("usage"), "usage").usage(),
        flag("estimated"),
        textOrNull("rawUsage"),
        price(),
        number("costPico"),
        instant("settledAt"),
        numberOrNull("ttfbMillis"),
        number("durationMillis"),
        number("responseBytes"));
  }

  private GatewayKey key() {
    var member = textOrNull("memberId");
    var expiry = textOrNull("expiresAt");
    return new GatewayKey(
        id("id"),
        text("name"),
        id("organisationId"),
        member == null ? null : UUID.fromString(member),
        expiry == null ? null : Instant.parse(expiry));
  }

  private List<Attempt> attempts() {
    var attempts = new ArrayList<Attempt>();
    if (fields.get("attempts") instanceof List<?> list) {
      for (var each : list) {
        attempts.add(nested(each).attempt());
      }
    }
    return attempts;
  }

  private Attempt attempt() {
    return new Attempt(
        (int) number("ordinal"),
        text("provider"),
        text("model"),
        instant("startedAt"),
        Attempt.Outcome.valueOf(text("outcome")),
        intOrNull("status"),
        textOrNull("providerRequestId"),
        numberOrNull("ttfbMillis"),
        number("durationMillis"),
        textOrNull("detail"));
  }

  private Usage usage() {
    return new Usage(
        numberOrNull("input"),
        numberOrNull("cacheWrite5m"),
        numberOrNull("cacheWrite1h"),
        numberOrNull("cacheRead"),
        numberOrNull("output"));
  }

  private @Nullable Price price() {
    var price = in("price");
    return price == null
        ? null
        : new Price(
            price.text("version"),
            price.flag("known"),
            price.number("inputPico"),
            price.number("cacheWrite5mPico"),
            price.number("cacheWrite1hPico"),
            price.number("cacheReadPico"),
            price.number("outputPico"));
  }

  private @Nullable CallCodecReader in(String name) {
    var value = fields.get(name);
    return value == null ? null : nested(value);
  }

  @SuppressWarnings("unchecked")
  private static CallCodecReader nested(Object value) {
    if (value instanceof Map<?, ?> map) {
      return new CallCodecReader((Map<String, Object>) map);
    }
    throw new IllegalArgumentException("not an object");
  }

  private String text(String name) {
    return requireNonNull(textOrNull(name), name);
  }

  private @Nullable String textOrNull(String name) {
    return (String) fields.get(name);
  }

  private UUID id(String name) {
    return UUID.fromString(text(name));
  }

  private Instant instant(String name) {
    return Instant.parse(text(name));
  }

  private boolean flag(String name) {
    return (Boolean) requireNonNull(fields.get(name), name);
  }

  private long number(String name) {
    return requireNonNull(numberOrNull(name), name);
  }

  private @Nullable Long numberOrNull(String name) {
    return (Long) fields.get(name);
  }

  private @Nullable Integer intOrNull(String name) {
    var value = numberOrNull(name);
    return value == null ? null : Math.toIntExact(value);
  }
}
