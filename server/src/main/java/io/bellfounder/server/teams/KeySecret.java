package io.bellfounder.server.teams;

import io.bellfounder.gateway.KeyDirectory;
import java.security.SecureRandom;
import java.util.regex.Pattern;

/** The secret of a gateway key: {@code bell_} and 40 of 62 characters, 238 random bits. */
public record KeySecret(String text) {
  private static final String ALPHABET =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  private static final int RANDOM_LENGTH = 40;
  private static final int PREFIX_LENGTH = 9;
  private static final Pattern FORM =
      Pattern.compile(KeyDirectory.SECRET_PREFIX + "[0-9A-Za-z]{40}");

  static KeySecret random(SecureRandom random) {
    StringBuilder text = new StringBuilder(KeyDirectory.SECRET_PREFIX);
    for (int i = 0; i < RANDOM_LENGTH; i++) {
      text.append(ALPHABET.charAt(random.nextInt(ALPHABET.length())));
    }
    return new KeySecret(text.toString());
  }

  static boolean isWellFormed(String text) {
    return FORM.matcher(text).matches();
  }

  /** Enough to recognise a key by, far too little to guess it. */
  String prefix() {
    return text.substring(0, PREFIX_LENGTH);
  }

  @Override
  public String toString() {
    return "KeySecret[***]";
  }
}
