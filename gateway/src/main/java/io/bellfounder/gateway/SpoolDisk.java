package io.bellfounder.gateway;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Where the spool's files get their space from. Tests give one that runs full. */
@FunctionalInterface
interface SpoolDisk {

  /**
   * Makes a file of zeros whose space is taken, so that writing into it cannot run out of space
   * later. (On a file system that copies on write, such as btrfs or ZFS, it still can.) No {@code
   * fsync}: the file system accounts for the space when it takes the bytes.
   *
   * @throws IOException if there is no room; then there is no file either
   */
  void allocate(Path file, int bytes) throws IOException;

  SpoolDisk REAL = SpoolDisk::writeZeros;

  private static void writeZeros(Path file, int bytes) throws IOException {
    boolean done = false;
    try (var channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      var zeros = ByteBuffer.allocateDirect(Math.min(bytes, 1 << 20));
      for (int at = 0; at < bytes; ) {
        zeros.clear().limit(Math.min(zeros.capacity(), bytes - at));
        at += channel.write(zeros, at);
      }
      done = true;
    } finally {
      if (!done) {
        Files.deleteIfExists(file);
      }
    }
  }

  /**
   * Brings a file to the disk itself, its length and its space included.
   *
   * @throws IOException if that fails; then there is no file any more
   */
  static void sync(Path file) throws IOException {
    boolean done = false;
    try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.force(true);
      done = true;
    } finally {
      if (!done) {
        Files.deleteIfExists(file);
      }
    }
  }

  /** Makes created, renamed and deleted names last through a power cut. */
  static void syncNames(Path directory) throws IOException {
    try (var channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }
}
