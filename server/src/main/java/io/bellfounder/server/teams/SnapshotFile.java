package io.bellfounder.server.teams;

import io.bellfounder.server.identity.Sealing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * The last known keys on disk, encrypted and authenticated, so that a node starts while the
 * database is away. An unreadable file counts as no key at all: the gateway then refuses everybody
 * until the database answers.
 */
final class SnapshotFile {
  private static final Logger LOG = LoggerFactory.getLogger(SnapshotFile.class);

  private final Path file;
  private final Sealing sealing;
  private final JsonMapper json;

  SnapshotFile(Path file, Sealing sealing, JsonMapper json) {
    this.file = file;
    this.sealing = sealing;
    this.json = json;
  }

  KeySnapshot read() {
    if (!Files.exists(file)) {
      return KeySnapshot.EMPTY;
    }
    try {
      Content content = json.readValue(sealing.open(Files.readAllBytes(file)), Content.class);
      return new KeySnapshot(content.revision(), content.keys());
    } catch (IOException
        | GeneralSecurityException
        | JacksonException
        | IllegalArgumentException e) {
      LOG.error(
          "The snapshot of keys {} cannot be read ({}): all keys are refused until the database answers",
          file,
          e.getClass().getSimpleName());
      return KeySnapshot.EMPTY;
    }
  }

  /** A failure is logged and costs nothing now: it shows at a start without a database. */
  void write(KeySnapshot snapshot) {
    Path fresh = file.resolveSibling(file.getFileName() + ".new");
    try {
      Files.deleteIfExists(fresh);
      Files.createFile(
          fresh,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      byte[] content = json.writeValueAsBytes(new Content(snapshot.revision(), snapshot.keys()));
      Files.write(fresh, sealing.seal(content), StandardOpenOption.WRITE, StandardOpenOption.DSYNC);
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      LOG.error("The snapshot of keys {} cannot be written: {}", file, e.toString());
    }
  }

  private record Content(long revision, List<KnownKey> keys) {}
}
