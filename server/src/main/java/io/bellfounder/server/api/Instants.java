package io.bellfounder.server.api;

import java.time.DateTimeException;
import java.time.Instant;
import org.springframework.format.FormatterRegistry;
import org.springframework.stereotype.Component;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/** Instants in parameters: ISO 8601, of the years that the database and its driver can tell. */
@Component
public final class Instants implements WebMvcConfigurer {
  private static final Instant FIRST = Instant.parse("0001-01-01T00:00:00Z");
  private static final Instant LAST = Instant.parse("9999-12-31T23:59:59Z");

  @Override
  public void addFormatters(FormatterRegistry registry) {
    registry.addConverter(String.class, Instant.class, Instants::parse);
  }

  /**
   * @throws DateTimeException if it is none, or out of range
   */
  static Instant parse(String text) {
    Instant instant = Instant.parse(text);
    if (!isKnown(instant)) {
      throw new DateTimeException("out of range");
    }
    return instant;
  }

  /** From year 1 to 9999. */
  public static boolean isKnown(Instant instant) {
    return !instant.isBefore(FIRST) && !instant.isAfter(LAST);
  }
}
