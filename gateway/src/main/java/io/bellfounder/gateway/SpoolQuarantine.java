package io.bellfounder.gateway;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;

/** Where a spool's damaged bytes are kept for a person; nothing in it is ever deleted. */
final class SpoolQuarantine {
  private static final Logger LOG = System.getLogger(SpoolQuarantine.class.getName());

  private final Path directory;

  SpoolQuarantine(Path directory) {
    this.directory = directory;
  }

  /**
   * Keeps bytes which no record could be made of, under the name of the place where they stood.
   * Where that fails it is said loudly: there is no better place for them.
   *
   * @param segment its number
   * @param offset where in the segment they stood
   * @param bytes of which those from {@code from} to {@code to} are kept
   */
  void keep(long segment, int offset, byte[] bytes, int from, int to) {
    var aside = directory.resolve("quarantine-" + segment + "-" + offset + ".bin");
    try (var channel =
        FileChannel.open(
            aside,
            Set.of(
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.WRITE),
            SpoolDisk.OWNERS_FILE)) {
      for (var kept = ByteBuffer.wrap(bytes, from, to - from); kept.hasRemaining(); ) {
        channel.write(kept);
      }
    } catch (IOException e) {
      LOG.log(Level.ERROR, "damaged bytes cannot be kept in " + aside, e);
    }
  }
}
