package io.bellfounder.server.operation;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.encoder.EncoderBase;
import java.nio.charset.StandardCharsets;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;

/** Short lines for a person at a terminal; the error itself is in the log file. */
final class TerminalLines extends EncoderBase<ILoggingEvent> {
  private static final byte[] NOTHING = {};
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("HH:mm:ss").withZone(ZoneId.systemDefault());

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
    StringBuilder line = new StringBuilder(TIME.format(event.getInstant()));
    if (event.getLevel().isGreaterOrEqual(Level.WARN)) {
      line.append(' ').append(event.getLevel());
    }
    line.append("  ").append(LogMask.mask(event.getFormattedMessage()));
    if (event.getThrowableProxy() != null) {
      line.append(": ")
          .append(LogMask.mask(String.valueOf(event.getThrowableProxy().getMessage())));
    }
    return line.append('\n').toString().getBytes(StandardCharsets.UTF_8);
  }
}
