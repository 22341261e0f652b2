package io.bellfounder.gateway;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** Where the spool's files get their space from. Tests give one that runs full. */
@FunctionalInterface
interface SpoolDisk {
  int ZEROS_AT_ONCE = 64 << 10;
  int SYNCED_AT_ONCE = 1 << 20;

  /** Readable by their owner alone: records name keys, clients and models. */
  FileAttribute<?> OWNERS_FILE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

  /** How far a file's bytes have to come before it is used. */
  enum Reach {
    /** Taken by the operating system, which then has accounted for their space. */
    SYSTEM,
    /** On the disk itself, and the file's length and space with them. */
    DISK
  }

  /**
   * Makes a file of zeros whose space is taken, so that writing into it cannot run out of space
   * later. (On a file system that copies on write, such as btrfs or ZFS, it still can.)
   *
   * @throws IOException if there is no room; then there is no file either
   */
  void allocate(Path file, int bytes, Reach reach) throws IOException;

  SpoolDisk REAL = SpoolDisk::writeZeros;

  /**
   * In small pieces: the operating system does not take a thread off its processor within a write
   * or an fsync, so a large one holds up the calls that are served there for milliseconds.
   */
  private static void writeZeros(Path file, int bytes, Reach reach) throws IOException {
    boolean done = false;
    try (var channel =
        FileChannel.open(
            file, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), OWNERS_FILE)) {
      var zeros = ByteBuffer.allocateDirect(Math.min(bytes, ZEROS_AT_ONCE));
      int synced = 0;
      for (int at = 0; at < bytes; ) {
        zeros.clear().limit(Math.min(zeros.capacity(), bytes - at));
        at += channel.write(zeros, at);
        if (reach == Reach.DISK && at - synced >= SYNCED_AT_ONCE) {
          channel.force(false);
          synced = at;
        }
        Thread.yield();
      }
      if (reach == Reach.DISK) {
        channel.force(true);
      }
      done = true;
    } finally {
      if (!done) {
        Files.deleteIfExists(file);
      }
    }
  }

  /** Also of the files of an earlier release, which let others read them. */
  static void shutOthersOut(Path directory) throws IOException {
    restrict(directory, "rwx------");
    try (var files = Files.newDirectoryStream(directory, Files::isRegularFile)) {
      for (var file : files) {
        restrict(file, "rw-------");
      }
    }
  }

  private static void restrict(Path file, String wanted) throws IOException {
    Set<PosixFilePermission> permissions = PosixFilePermissions.fromString(wanted);
    if (!Files.getPosixFilePermissions(file).equals(permissions)) {
      Files.setPosixFilePermissions(file, permissions);
    }
  }

  /** Makes created, renamed and deleted names last through a power cut. */
  static void syncNames(Path directory) throws IOException {
    try (var channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }
}
