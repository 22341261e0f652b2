package io.bellfounder.server.identity;

import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Arrays;
import java.util.Optional;
import org.springframework.http.ResponseCookie;

/** The cookie that carries a session's token; no script reads it and no other site sends it. */
final class SessionCookie {
  static final String NAME = "bell_session";
  private static final int LENGTH_MAX = 64;

  private SessionCookie() {}

  static Optional<Token> read(HttpServletRequest request) {
    Cookie[] cookies = request.getCookies();
    if (cookies == null) {
      return Optional.empty();
    }
    return Arrays.stream(cookies)
        .filter(cookie -> cookie.getName().equals(NAME))
        .map(Cookie::getValue)
        .filter(value -> !value.isEmpty() && value.length() <= LENGTH_MAX)
        .findFirst()
        .map(Token::new);
  }

  static String set(HttpServletRequest request, Token token) {
    return build(request, token.text()).maxAge(Sessions.LONGEST).build().toString();
  }

  static String clear(HttpServletRequest request) {
    return build(request, "").maxAge(0).build().toString();
  }

  private static ResponseCookie.ResponseCookieBuilder build(
      HttpServletRequest request, String value) {
    return ResponseCookie.from(NAME, value)
        .httpOnly(true)
        .secure(request.isSecure())
        .sameSite("Strict")
        .path("/");
  }
}
