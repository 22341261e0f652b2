package io.bellfounder.gateway;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/** One file of the spool. Guarded by the spool's lock, but for {@link #read}. */
final class SpoolSegment {
  private static final String PREFIX = "segment-";
  private static final String SUFFIX = ".log";

  final long number;
  final Path file;
  private final int capacity;
  private int written;
  private int openCalls;
  private @Nullable FileChannel channel;

  private SpoolSegment(long number, Path file, int capacity, int written) {
    this.number = number;
    this.file = file;
    this.capacity = capacity;
    this.written = written;
  }

  static Path file(Path directory, long number) {
    return directory.resolve(PREFIX + "%019d".formatted(number) + SUFFIX);
  }

  /** The number in a file's name, or -1 if it is no segment. */
  static long number(Path file) {
    var name = file.getFileName().toString();
    if (!name.startsWith(PREFIX) || !name.endsWith(SUFFIX)) {
      return -1;
    }
    try {
      return Long.parseLong(name.substring(PREFIX.length(), name.length() - SUFFIX.length()));
    } catch (NumberFormatException e) {
      // Somebody else's file.
      return -1;
    }
  }

  /** An allocated file becomes the next segment. */
  static SpoolSegment begin(Path spare, Path directory, long number, int capacity)
      throws IOException {
    var file = file(directory, number);
    Files.move(spare, file);
    var segment = new SpoolSegment(number, file, capacity, 0);
    segment.channel = openToWrite(file);
    return segment;
  }

  /** A segment of an earlier process: read, never written again. */
  static SpoolSegment earlier(Path file, long number, int written) {
    return new SpoolSegment(number, file, written, written);
  }

  private static FileChannel openToWrite(Path file) throws IOException {
    return FileChannel.open(file, StandardOpenOption.WRITE);
  }

  /** Hands the frame to the operating system and says where it begins. */
  int append(ByteBuffer frame) throws IOException {
    int from = written;
    int length = frame.remaining();
    // An interrupt would close the channel under us, so it waits until the record is safe.
    boolean interrupted = Thread.interrupted();
    try {
      write(frame, from);
    } catch (ClosedChannelException e) {
      channel = openToWrite(file);
      write(frame, from);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
    written += length;
    return from;
  }

  private void write(ByteBuffer frame, int at) throws IOException {
    var to = channel;
    if (to == null) {
      throw new IOException("segment " + file + " is closed");
    }
    // Both are counted from the frame's beginning: a write that begins again does so from there.
    frame.rewind();
    while (frame.hasRemaining()) {
      to.write(frame, at + frame.position());
    }
  }

  byte[] read(int from, int length) throws IOException {
    var bytes = new byte[length];
    read(from, bytes, length);
    return bytes;
  }

  /** Fills the beginning of {@code into}. */
  void read(int from, byte[] into, int length) throws IOException {
    try (var channel = FileChannel.open(file, StandardOpenOption.READ)) {
      var buffer = ByteBuffer.wrap(into, 0, length);
      while (buffer.hasRemaining()) {
        if (channel.read(buffer, from + buffer.position()) < 0) {
          throw new IOException("segment " + file + " is shorter than expected");
        }
      }
    }
  }

  @Nullable FileChannel channel() {
    return channel;
  }

  void closeChannel() throws IOException {
    if (channel != null) {
      channel.close();
      channel = null;
    }
  }

  int written() {
    return written;
  }

  int capacity() {
    return capacity;
  }

  int room() {
    return capacity - written;
  }

  int openCalls() {
    return openCalls;
  }

  void countOpen(int by) {
    openCalls += by;
  }
}
