package io.bellfounder.simulator;

import java.util.SplittableRandom;

/** Names and signatures that look like a provider's, the same for the same seed. */
final class Ids {
  private static final String BASE62 =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  private static final String BASE64 = BASE62 + "+/";

  private final SplittableRandom random;

  Ids(long seed, long ordinal) {
    random = new SplittableRandom(seed * 0x9E3779B97F4A7C15L + ordinal);
  }

  /** Such as {@code msg_01XFDUDYJgAACzvnptvVoYEL}. */
  String next(String prefix, int length) {
    return prefix + draw(BASE62, length);
  }

  String signature() {
    return "E" + draw(BASE64, 330) + "=";
  }

  private String draw(String alphabet, int length) {
    StringBuilder drawn = new StringBuilder(length);
    for (int i = 0; i < length; i++) {
      drawn.append(alphabet.charAt(random.nextInt(alphabet.length())));
    }
    return drawn.toString();
  }
}
