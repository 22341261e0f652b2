package io.bellfounder.server.launch;

import io.bellfounder.server.config.BellConfig;
import io.bellfounder.server.config.Secret;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Base64;
import javax.crypto.KDF;
import javax.crypto.spec.HKDFParameterSpec;
import org.jspecify.annotations.Nullable;

/**
 * The key from which every other key of an installation is derived. All nodes on one database share
 * it; without it stored secrets and key hashes are worthless. Never prints.
 */
public final class MasterKey {
  private static final int LENGTH = 32;
  private static final int TEXT_LENGTH_MIN = 32;

  private final String text;

  private MasterKey(String text) {
    this.text = text;
  }

  /**
   * The key of an installation. Never a new one beside a database that was made with another.
   *
   * @throws LaunchRefused also if the embedded database is there and its key is gone
   */
  public static MasterKey of(BellConfig config, DataDirectory data) {
    if (config.masterKey() == null
        && config.database().url() == null
        && !Files.exists(data.masterKey())
        && Files.exists(data.cluster())) {
      throw new LaunchRefused(
          "the master key %s is missing, and the database in %s was made with it: put it back, from a backup"
              .formatted(data.masterKey(), data.postgres()));
    }
    return of(config.masterKey(), data.masterKey());
  }

  /**
   * @param configured at least 32 characters, or {@code null} to read or make the file
   * @param file readable by its owner alone
   * @throws LaunchRefused if the file is damaged or cannot be read or written
   */
  static MasterKey of(@Nullable Secret configured, Path file) {
    if (configured != null) {
      return new MasterKey(configured.value().strip());
    }
    try {
      if (!Files.exists(file)) {
        make(file);
      }
      String text = Files.readString(file).strip();
      if (text.length() < TEXT_LENGTH_MIN) {
        throw new LaunchRefused(
            "the master key " + file + " is damaged: put the right one back, from a backup");
      }
      return new MasterKey(text);
    } catch (IOException e) {
      throw new LaunchRefused("the master key " + file + " cannot be read or made: " + e, e);
    }
  }

  private static void make(Path file) throws IOException {
    byte[] random = new byte[LENGTH];
    new SecureRandom().nextBytes(random);
    Path fresh = file.resolveSibling(file.getFileName() + "." + ProcessHandle.current().pid());
    Files.createFile(
        fresh, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    try {
      String text = Base64.getEncoder().encodeToString(random) + "\n";
      Files.writeString(fresh, text, StandardOpenOption.DSYNC);
      // A link fails where a rename would replace the key that another process just made.
      Files.createLink(file, fresh);
    } catch (FileAlreadyExistsException made) {
      // The other process's key is as good.
    } finally {
      Files.delete(fresh);
    }
  }

  /**
   * A 32-byte key for one purpose, by HKDF-SHA-256 (RFC 5869). The same purpose gives the same key
   * for ever.
   *
   * @param purpose such as {@code gateway-key-hash}
   */
  public byte[] derive(String purpose) {
    try {
      return KDF.getInstance("HKDF-SHA256")
          .deriveData(
              HKDFParameterSpec.ofExtract()
                  .addIKM(text.getBytes(StandardCharsets.UTF_8))
                  .thenExpand(("bellfounder " + purpose).getBytes(StandardCharsets.UTF_8), LENGTH));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK from 25 on has HKDF-SHA256", e);
    }
  }

  @Override
  public String toString() {
    return "MasterKey[***]";
  }
}
