package io.bellfounder.gateway;

import io.netty.buffer.Unpooled;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.internal.buffer.BufferInternal;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.io.JsonStringEncoder;
import tools.jackson.core.json.JsonFactory;

final class RequestScan {
  private static final JsonFactory JSON = new JsonFactory();
  private final byte[] bytes;
  private final int length;
  private @Nullable String model;
  private int modelFrom;
  private int modelTo;
  private boolean streaming;
  private @Nullable Long maxOutputTokens;
  private boolean asksUsage;
  private int spliceAt = -1;
  private final Operation operation;

  private RequestScan(Operation operation, byte[] bytes, int length) {
    this.operation = operation;
    this.bytes = bytes;
    this.length = length;
  }

  static RequestScan unread() {
    return new RequestScan(Operation.MESSAGES, new byte[0], 0);
  }

  static RequestScan of(Operation operation, byte[] bytes, int length) {
    var scan = new RequestScan(operation, bytes, length);
    try (var json = JSON.createParser(ObjectReadContext.empty(), bytes, 0, length)) {
      if (json.nextToken() == JsonToken.START_OBJECT) {
        scan.spliceAt = (int) json.currentLocation().getByteOffset();
        while (json.nextToken() == JsonToken.PROPERTY_NAME) {
          var name = json.currentName();
          var value = json.nextToken();
          switch (name) {
            case "model" -> {
              if (value == JsonToken.VALUE_STRING) {
                scan.modelFrom = (int) json.currentTokenLocation().getByteOffset();
                scan.model = json.getString();
                scan.modelTo = (int) json.currentLocation().getByteOffset();
              }
            }
            case "stream" -> scan.streaming = value == JsonToken.VALUE_TRUE;
            case "max_tokens", "max_completion_tokens" -> {
              if (value == JsonToken.VALUE_NUMBER_INT) {
                scan.maxOutputTokens = json.getLongValue();
              }
            }
            case "stream_options" -> scan.asksUsage = true;
            default -> {}
          }
          json.skipChildren();
        }
      }
    } catch (JacksonException e) {
      scan.model = null;
    }
    return scan;
  }

  @Nullable String model() {
    return model;
  }

  boolean streaming() {
    return streaming;
  }

  @Nullable Long maxOutputTokens() {
    return maxOutputTokens;
  }

  long estimatedInputTokens() {
    return length / 4;
  }

  boolean dropsUsageChunk() {
    return operation == Operation.CHAT_COMPLETIONS && streaming && !asksUsage;
  }

  Buffer bodyFor(@Nullable String otherModel) {
    var whole = Unpooled.wrappedBuffer(bytes, 0, length);
    var model =
        otherModel == null
            ? null
            : ('"' + new String(JsonStringEncoder.getInstance().quoteAsCharArray(otherModel)) + '"')
                .getBytes(StandardCharsets.UTF_8);
    if (model == null && !dropsUsageChunk()) {
      return BufferInternal.buffer(whole);
    }
    var usage =
        dropsUsageChunk()
            ? "\"stream_options\":{\"include_usage\":true},".getBytes(StandardCharsets.UTF_8)
            : new byte[0];
    int from = model == null ? spliceAt : modelFrom;
    int to = model == null ? spliceAt : modelTo;
    return BufferInternal.buffer(
        Unpooled.wrappedBuffer(
            Unpooled.wrappedBuffer(bytes, 0, spliceAt),
            Unpooled.wrappedBuffer(usage),
            Unpooled.wrappedBuffer(bytes, spliceAt, from - spliceAt),
            Unpooled.wrappedBuffer(model == null ? new byte[0] : model),
            Unpooled.wrappedBuffer(bytes, to, length - to)));
  }
}
