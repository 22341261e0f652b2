package io.bellfounder.server.identity;

import io.bellfounder.server.launch.MasterKey;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Encrypts and authenticates with AES-256-GCM under a key derived from the master key for one
 * purpose. What was sealed for another purpose does not open. Safe for use by many threads.
 */
public final class Sealing {
  private static final int NONCE_LENGTH = 12;
  private static final int TAG_BITS = 128;

  private final SecretKeySpec key;
  private final byte[] purpose;
  private final SecureRandom random;

  public Sealing(MasterKey masterKey, String purpose, SecureRandom random) {
    this.key = new SecretKeySpec(masterKey.derive("seal " + purpose), "AES");
    this.purpose = purpose.getBytes(StandardCharsets.UTF_8);
    this.random = random;
  }

  public byte[] seal(byte[] plain) {
    try {
      byte[] nonce = new byte[NONCE_LENGTH];
      random.nextBytes(nonce);
      byte[] secret = cipher(Cipher.ENCRYPT_MODE, nonce).doFinal(plain);
      byte[] sealed = Arrays.copyOf(nonce, NONCE_LENGTH + secret.length);
      System.arraycopy(secret, 0, sealed, NONCE_LENGTH, secret.length);
      return sealed;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has AES-GCM", e);
    }
  }

  /**
   * @throws GeneralSecurityException if it was changed, or sealed under another key or purpose
   */
  public byte[] open(byte[] sealed) throws GeneralSecurityException {
    if (sealed.length < NONCE_LENGTH + TAG_BITS / 8) {
      throw new GeneralSecurityException("too short");
    }
    return cipher(Cipher.DECRYPT_MODE, Arrays.copyOf(sealed, NONCE_LENGTH))
        .doFinal(sealed, NONCE_LENGTH, sealed.length - NONCE_LENGTH);
  }

  private Cipher cipher(int mode, byte[] nonce) throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(mode, key, new GCMParameterSpec(TAG_BITS, nonce));
    cipher.updateAAD(purpose);
    return cipher;
  }
}
