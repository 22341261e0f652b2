package io.bellfounder.gateway;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Keeps a second process off a spool. The operating system lets go of it when a process dies. */
final class SpoolLock implements AutoCloseable {
  private static final String NAME = "spool.lock";

  /**
   * Directories held by this process. POSIX lets go of a process's lock on a file as soon as it
   * closes any channel to that file, so a second attempt must not even open it.
   */
  private static final Set<Path> HELD_HERE = ConcurrentHashMap.newKeySet();

  private final Path directory;
  private final FileChannel channel;

  private SpoolLock(Path directory, FileChannel channel) {
    this.directory = directory;
    this.channel = channel;
  }

  /**
   * @throws Spool.SpoolInUse if another has it; the message says who and what to do
   */
  static SpoolLock of(Path spool) throws IOException {
    var directory = spool.toRealPath();
    if (!HELD_HERE.add(directory)) {
      throw inUse(directory, "this very one");
    }
    FileChannel channel = null;
    boolean held = false;
    try {
      var file = directory.resolve(NAME);
      channel =
          FileChannel.open(
              file,
              Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
              SpoolDisk.OWNERS_FILE);
      if (channel.tryLock() == null) {
        var pid = Files.readString(file, StandardCharsets.US_ASCII).strip();
        throw inUse(directory, "another process, pid " + pid);
      }
      var pid = Long.toString(ProcessHandle.current().pid()).getBytes(StandardCharsets.US_ASCII);
      channel.truncate(0).write(ByteBuffer.wrap(pid), 0);
      held = true;
      return new SpoolLock(directory, channel);
    } finally {
      if (!held) {
        HELD_HERE.remove(directory);
        if (channel != null) {
          channel.close();
        }
      }
    }
  }

  private static Spool.SpoolInUse inUse(Path directory, String by) {
    return new Spool.SpoolInUse(
        "The spool %s is in use by %s: stop that one, or give this one a data directory of its own."
            .formatted(directory, by));
  }

  @Override
  public void close() throws IOException {
    channel.close();
    HELD_HERE.remove(directory);
  }
}
