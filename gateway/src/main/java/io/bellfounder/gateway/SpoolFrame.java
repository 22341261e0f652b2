package io.bellfounder.gateway;

import java.nio.ByteBuffer;
import java.util.UUID;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * One record in a segment: {@code [length 4][crc32c 4][kind 1][call id 16][written at 8][record]},
 * big-endian. The length counts what follows the checksum; the checksum covers the length and all
 * that follows it. A length of zero is unwritten space.
 *
 * @param from where the frame begins in its array
 * @param to where the next one begins
 */
@SuppressWarnings("ArrayRecordComponent")
record SpoolFrame(byte[] bytes, int from, int to, Kind kind, UUID id, long writtenAtMillis) {
  private static final int HEADER_BYTES = 8;
  private static final int PREFIX_BYTES = 1 + 16 + 8;

  /** What stands before the record. */
  static final int HEAD_BYTES = HEADER_BYTES + PREFIX_BYTES;

  /** No frame is longer; what an open call has set aside for its settlement. */
  static final int BYTES_MAX = 16 << 10;

  enum Kind {
    OPENED((byte) 'O'),
    SETTLED((byte) 'S');

    private final byte code;

    Kind(byte code) {
      this.code = code;
    }

    private static @Nullable Kind of(byte code) {
      return code == OPENED.code ? OPENED : code == SETTLED.code ? SETTLED : null;
    }
  }

  /** Fills in the head in front of a record, which becomes the frame. */
  static ByteBuffer of(Kind kind, UUID id, long writtenAtMillis, RecordWriter record) {
    int length = record.length();
    var frame = ByteBuffer.wrap(record.bytes(), 0, length);
    frame.putInt(length - HEADER_BYTES).putInt(0).put(kind.code);
    frame.putLong(id.getMostSignificantBits()).putLong(id.getLeastSignificantBits());
    frame.putLong(writtenAtMillis);
    return frame.putInt(4, checksum(record.bytes(), 0, length)).rewind();
  }

  /** The frame that begins here, or {@code null} if none does or its end is beyond the limit. */
  static @Nullable SpoolFrame at(byte[] bytes, int from, int limit) {
    if (limit - from < HEAD_BYTES) {
      return null;
    }
    var frame = ByteBuffer.wrap(bytes);
    int length = frame.getInt(from);
    if (length < PREFIX_BYTES
        || length > BYTES_MAX - HEADER_BYTES
        || length > limit - from - HEADER_BYTES) {
      return null;
    }
    int to = from + HEADER_BYTES + length;
    if (frame.getInt(from + 4) != checksum(bytes, from, to)) {
      return null;
    }
    var kind = Kind.of(bytes[from + HEADER_BYTES]);
    if (kind == null) {
      return null;
    }
    var id = new UUID(frame.getLong(from + 9), frame.getLong(from + 17));
    return new SpoolFrame(bytes, from, to, kind, id, frame.getLong(from + 25));
  }

  private static int checksum(byte[] bytes, int from, int to) {
    var crc = new CRC32C();
    crc.update(bytes, from, 4);
    crc.update(bytes, from + HEADER_BYTES, to - from - HEADER_BYTES);
    return (int) crc.getValue();
  }

  OpenedCall opened() throws CallCodecReader.UnreadableCall {
    return CallCodecReader.opened(bytes, from + HEAD_BYTES, to);
  }

  SettledCall settled() throws CallCodecReader.UnreadableCall {
    return CallCodecReader.settled(bytes, from + HEAD_BYTES, to);
  }
}
