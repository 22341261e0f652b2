package io.bellfounder.postgres;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import org.jspecify.annotations.Nullable;

/**
 * The exclusive hold of one process on a directory, given back by the operating system when the
 * process dies, however it dies. The file {@code lock} in the directory names the holder's pid.
 */
public final class DirectoryLock implements AutoCloseable {
  private final FileChannel channel;

  private DirectoryLock(FileChannel channel) {
    this.channel = channel;
  }

  /**
   * Takes the directory, which must exist.
   *
   * @throws DirectoryHeld if another process, or this one, holds it
   * @throws IOException if the lock file cannot be written
   */
  public static DirectoryLock take(Path directory) throws IOException, DirectoryHeld {
    Path file = directory.resolve("lock");
    FileChannel channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    try {
      FileLock lock = channel.tryLock();
      if (lock == null) {
        throw new DirectoryHeld(directory, holder(file));
      }
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
      channel.truncate(0);
      byte[] pid = (ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.UTF_8);
      channel.write(ByteBuffer.wrap(pid));
      return new DirectoryLock(channel);
    } catch (OverlappingFileLockException ours) {
      channel.close();
      throw new DirectoryHeld(directory, ProcessHandle.current().pid());
    } catch (IOException | DirectoryHeld e) {
      channel.close();
      throw e;
    }
  }

  private static @Nullable Long holder(Path file) {
    try {
      return Long.valueOf(Files.readString(file).strip());
    } catch (IOException | NumberFormatException unreadable) {
      // Only the message loses the pid; the refusal stands.
      return null;
    }
  }

  /** Gives the directory back. The file stays, so that no two processes lock different files. */
  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      // The operating system drops the lock with the descriptor, which is gone either way.
      System.getLogger(DirectoryLock.class.getName())
          .log(System.Logger.Level.DEBUG, "closing a lock file", e);
    }
  }

  /** Another process works in the directory. The message names it and says what to do. */
  public static final class DirectoryHeld extends Exception {
    private final transient @Nullable Long pid;

    DirectoryHeld(Path directory, @Nullable Long pid) {
      super(
          "%s is in use by another instance%s. Stop that one first%s, or use another directory."
              .formatted(
                  directory,
                  pid == null ? "" : " (process " + pid + ")",
                  pid == null ? "" : " (kill " + pid + ")"));
      this.pid = pid;
    }

    /** The holder's process id, if it could be read. */
    public @Nullable Long pid() {
      return pid;
    }
  }
}
