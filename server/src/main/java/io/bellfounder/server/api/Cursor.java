package io.bellfounder.server.api;

import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Base64;

/** The last row that was shown: newest first, ties broken by id. */
public record Cursor(Instant at, String id) {
  private static final int LENGTH_MAX = 600;

  String encoded() {
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString((at + " " + id).getBytes(StandardCharsets.UTF_8));
  }

  static Cursor decode(String text) {
    try {
      if (text.length() <= LENGTH_MAX) {
        String plain = new String(Base64.getUrlDecoder().decode(text), StandardCharsets.UTF_8);
        int space = plain.indexOf(' ');
        if (space > 0) {
          return new Cursor(Instants.parse(plain.substring(0, space)), plain.substring(space + 1));
        }
      }
    } catch (IllegalArgumentException | DateTimeException notOurs) {
      // Answered below.
    }
    throw Problem.invalid("cursor", "is not one that this list gave");
  }
}
