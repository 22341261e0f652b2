package io.bellfounder.server.operation;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.encoder.EncoderBase;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.slf4j.event.KeyValuePair;

/**
 * One JSON object a line: time, level, logger, thread, message, the request's id, what else is
 * known of it, the error.
 */
final class JsonLines extends EncoderBase<ILoggingEvent> {
  private static final byte[] NOTHING = {};
  private static final int TEXT_LENGTH_MAX = 16_384;

  private final boolean stackTraces;

  /**
   * @param stackTraces whether errors come with them, or with their first line only
   */
  JsonLines(boolean stackTraces) {
    this.stackTraces = stackTraces;
  }

  @Override
  public byte[] headerBytes() {
    return NOTHING;
  }

  @Override
  public byte[] footerBytes() {
    return NOTHING;
  }

  @Override
  public byte[] encode(ILoggingEvent event) {
    StringBuilder line = new StringBuilder(256);
    line.append("{\"time\":\"").append(event.getInstant()).append('"');
    field(line, "level", event.getLevel().toString());
    field(line, "logger", event.getLoggerName());
    field(line, "thread", event.getThreadName());
    field(line, "message", event.getFormattedMessage());
    for (Map.Entry<String, String> context : event.getMDCPropertyMap().entrySet()) {
      field(line, context.getKey(), context.getValue());
    }
    if (event.getKeyValuePairs() != null) {
      for (KeyValuePair pair : event.getKeyValuePairs()) {
        if (pair.value != null) {
          field(line, pair.key, pair.value.toString());
        }
      }
    }
    IThrowableProxy error = event.getThrowableProxy();
    if (error != null) {
      String words = error.getClassName() + ": " + error.getMessage();
      field(line, "error", stackTraces ? ThrowableProxyUtil.asString(error) : words);
    }
    return line.append("}\n").toString().getBytes(StandardCharsets.UTF_8);
  }

  private static void field(StringBuilder line, String name, String value) {
    line.append(",\"");
    escape(line, name);
    line.append("\":\"");
    String masked = LogMask.mask(value == null ? "" : value);
    escape(line, masked.length() > TEXT_LENGTH_MAX ? masked.substring(0, TEXT_LENGTH_MAX) : masked);
    line.append('"');
  }

  private static void escape(StringBuilder line, String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> line.append("\\\"");
        case '\\' -> line.append("\\\\");
        case '\n' -> line.append("\\n");
        case '\r' -> line.append("\\r");
        case '\t' -> line.append("\\t");
        default -> {
          if (c < ' ' || c == '\u2028' || c == '\u2029') {
            line.append(String.format("\\u%04x", (int) c));
          } else {
            line.append(c);
          }
        }
      }
    }
  }
}
