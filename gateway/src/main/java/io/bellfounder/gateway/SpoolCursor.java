package io.bellfounder.gateway;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.zip.CRC32C;

/**
 * How far the spool has been shipped: all records before this place are with the consumer.
 *
 * @param segment its number
 * @param offset within the segment
 */
record SpoolCursor(long segment, int offset) {
  private static final Logger LOG = System.getLogger(SpoolCursor.class.getName());
  private static final String NAME = "cursor";
  private static final int BYTES = 8 + 4 + 4;
  static final SpoolCursor START = new SpoolCursor(0, 0);

  boolean isAtOrBefore(long otherSegment, int otherOffset) {
    return segment < otherSegment || segment == otherSegment && offset <= otherOffset;
  }

  /** The saved place; the start if there is none or it is damaged. */
  static SpoolCursor load(Path directory) throws IOException {
    var file = directory.resolve(NAME);
    if (!Files.exists(file)) {
      return START;
    }
    var bytes = Files.readAllBytes(file);
    if (bytes.length == BYTES) {
      var saved = ByteBuffer.wrap(bytes);
      var cursor = new SpoolCursor(saved.getLong(), saved.getInt());
      if (saved.getInt() == checksum(bytes)) {
        return cursor;
      }
    }
    LOG.log(
        Level.WARNING,
        "the spool's cursor " + file + " is damaged; all its records are shipped once more");
    return START;
  }

  /**
   * Saves the place over the one before. Not brought to the disk: after a power cut it may be some
   * seconds old, or damaged, and what is then shipped again changes nothing. An {@code fsync} of a
   * name or a length is a commit of the file system's journal, and calls that are being written
   * wait for it.
   */
  void save(Path directory) throws IOException {
    var bytes = ByteBuffer.allocate(BYTES).putLong(segment).putInt(offset);
    bytes.putInt(checksum(bytes.array())).flip();
    try (var channel =
        FileChannel.open(
            directory.resolve(NAME),
            Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
            SpoolDisk.OWNERS_FILE)) {
      channel.write(bytes);
    }
  }

  private static int checksum(byte[] bytes) {
    var crc = new CRC32C();
    crc.update(bytes, 0, 12);
    return (int) crc.getValue();
  }
}
