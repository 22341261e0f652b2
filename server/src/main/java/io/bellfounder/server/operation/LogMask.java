package io.bellfounder.server.operation;

import java.util.regex.Pattern;

/**
 * The last line of defence: whatever a message holds, keys do not pass. Code must not rely on it;
 * it does not know prompts.
 */
final class LogMask {
  private static final Pattern SECRETS =
      Pattern.compile(
          "(/ak/)[^/\\s?#\"]+"
              + "|(bell_)[0-9A-Za-z]{16,}"
              + "|(sk-)[0-9A-Za-z_-]{8,}"
              + "|(AIza)[0-9A-Za-z_-]{20,}"
              + "|((?i:bearer) )[0-9A-Za-z._~+/-]{8,}=*"
              // Up to the last @, as a password may hold one; bounded, so that it ends soon.
              + "|(://[^:/@\\s]{0,256}:)[^\\s\"]{1,2048}(?=@)"
              + "|(#token=)[^\\s\"]+");

  private LogMask() {}

  static String mask(String text) {
    return SECRETS.matcher(text).replaceAll("$1$2$3$4$5$6$7***");
  }
}
