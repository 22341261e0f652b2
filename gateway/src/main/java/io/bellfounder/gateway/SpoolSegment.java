package io.bellfounder.gateway;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * One file of the spool. Guarded by the spool's lock, but for {@link #read}, {@link Place#write}
 * and the channel: a thread that the scheduler takes off its processor while it writes, and a write
 * is where that happens, would hold up all others if it held the lock.
 */
final class SpoolSegment {
  private static final String PREFIX = "segment-";
  private static final String SUFFIX = ".log";

  /** How often a write begins again after others' interrupts have closed the file. */
  private static final int WRITES_MAX = 10;

  final long number;
  final Path file;
  private final int capacity;

  /** Begun and not done, in the order of the file. */
  private final ArrayDeque<Place> underWay = new ArrayDeque<>();

  private int taken;
  private int written;
  private int openCalls;
  private volatile @Nullable FileChannel channel;

  private SpoolSegment(long number, Path file, int capacity, int written) {
    this.number = number;
    this.file = file;
    this.capacity = capacity;
    this.taken = written;
    this.written = written;
  }

  /** Where a frame stands, or is about to. */
  static final class Place {
    private final SpoolSegment segment;
    private final int offset;
    private final int length;
    private boolean done;

    private Place(SpoolSegment segment, int offset, int length) {
      this.segment = segment;
      this.offset = offset;
      this.length = length;
    }

    SpoolSegment segment() {
      return segment;
    }

    int offset() {
      return offset;
    }

    int length() {
      return length;
    }

    /** The frame that stands here. */
    byte[] read() throws IOException {
      return segment.read(offset, length);
    }

    /** Hands the frame to the operating system; by many threads at once. */
    void write(ByteBuffer frame) throws IOException {
      segment.write(frame, offset);
    }

    /** Its writer is through with it, well or not; a frame that is not whole is passed over. */
    void done() {
      done = true;
      segment.advance();
    }
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

  /** Takes the place of the next frame. */
  Place begin(int length) {
    var place = new Place(this, taken, length);
    taken += length;
    underWay.add(place);
    return place;
  }

  /** Where a frame of an earlier process stands. */
  Place at(int offset, int length) {
    return new Place(this, offset, length);
  }

  private void advance() {
    for (var first = underWay.peek(); first != null && first.done; first = underWay.peek()) {
      written = first.offset + first.length;
      underWay.remove();
    }
  }

  private void write(ByteBuffer frame, int at) throws IOException {
    boolean interrupted = false;
    try {
      for (int left = WRITES_MAX; ; left--) {
        // An interrupt closes the channel under us and others, so it waits until all is safe.
        interrupted |= Thread.interrupted();
        var to = channel;
        try {
          write(to, frame, at);
          return;
        } catch (ClosedChannelException e) {
          if (left == 0) {
            throw e;
          }
          reopen(to);
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private synchronized void reopen(@Nullable FileChannel closed) throws IOException {
    if (channel == closed) {
      channel = openToWrite(file);
    }
  }

  private void write(@Nullable FileChannel to, ByteBuffer frame, int at) throws IOException {
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

  /** Brings what was written to the disk itself; nothing if it is closed. */
  void force() throws IOException {
    var from = channel;
    if (from != null) {
      from.force(false);
    }
  }

  synchronized void closeChannel() throws IOException {
    var open = channel;
    channel = null;
    if (open != null) {
      open.close();
    }
  }

  /** Nobody writes into it at this moment. */
  boolean quiet() {
    return underWay.isEmpty();
  }

  /** The end of what is there without a gap. */
  int written() {
    return written;
  }

  int capacity() {
    return capacity;
  }

  int room() {
    return capacity - taken;
  }

  int openCalls() {
    return openCalls;
  }

  void countOpen(int by) {
    openCalls += by;
  }
}
