package io.bellfounder.server.teams;

import io.bellfounder.server.launch.MasterKey;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** HMAC-SHA-256 of secrets under a key derived from the master key. Safe for many threads. */
public final class KeyHash {
  private final Mac prototype;

  public KeyHash(MasterKey masterKey) {
    try {
      this.prototype = Mac.getInstance("HmacSHA256");
      prototype.init(new SecretKeySpec(masterKey.derive("gateway key hash"), "HmacSHA256"));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has HmacSHA256", e);
    }
  }

  byte[] of(String secret) {
    try {
      // A copy carries the keyed state, so only the secret's own blocks are computed.
      return ((Mac) prototype.clone()).doFinal(secret.getBytes(StandardCharsets.UTF_8));
    } catch (CloneNotSupportedException e) {
      throw new IllegalStateException("the JDK's HMAC can be copied", e);
    }
  }
}
