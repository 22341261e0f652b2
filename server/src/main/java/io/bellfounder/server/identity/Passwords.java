package io.bellfounder.server.identity;

import io.bellfounder.server.launch.MasterKey;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.Semaphore;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;
import org.springframework.security.crypto.bcrypt.BCryptPasswordEncoder;
import org.springframework.security.crypto.password.DelegatingPasswordEncoder;
import org.springframework.security.crypto.password.PasswordEncoder;
import org.springframework.stereotype.Component;

/**
 * Passwords at rest: bcrypt over an HMAC of the password under a key of our own. The HMAC keeps
 * long passwords whole, as bcrypt reads 72 bytes only, and makes a stolen database worthless
 * without the master key. At most two are computed at a time, as each takes a core for a quarter of
 * a second.
 */
@Component
final class Passwords {
  private static final String SCHEME = "hmac-bcrypt";
  private static final int COST = 12;

  private final Semaphore busy = new Semaphore(2);
  private final PasswordEncoder encoder;
  private final SecretKeySpec pepper;
  private final String nobodys;

  Passwords(MasterKey masterKey) {
    this.pepper = new SecretKeySpec(masterKey.derive("password pepper"), "HmacSHA256");
    this.encoder =
        new DelegatingPasswordEncoder(SCHEME, Map.of(SCHEME, new BCryptPasswordEncoder(COST)));
    this.nobodys = "{" + SCHEME + "}$2a$12$wRTUg6aQTf8Cw1J8mxS0ruLV1ZV6mPzS0Vg5Oq0v8xJmXz0aDJYhS";
  }

  String hash(String password) {
    busy.acquireUninterruptibly();
    try {
      return String.valueOf(encoder.encode(peppered(password)));
    } finally {
      busy.release();
    }
  }

  /** Takes as long for a member who does not exist, so that nobody learns who does. */
  boolean matches(String password, @Nullable String hash) {
    busy.acquireUninterruptibly();
    try {
      boolean matches = encoder.matches(peppered(password), hash == null ? nobodys : hash);
      return matches && hash != null;
    } finally {
      busy.release();
    }
  }

  private String peppered(String password) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(pepper);
      return Base64.getEncoder()
          .encodeToString(mac.doFinal(password.getBytes(StandardCharsets.UTF_8)));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has HmacSHA256", e);
    }
  }
}
