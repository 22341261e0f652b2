package io.bellfounder.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.bellfounder.gateway.CallFields.Field;
import java.time.Instant;
import java.util.Arrays;
import java.util.UUID;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Writes a record in the wire format of Protocol Buffers
 * (protobuf.dev/programming-guides/encoding), which any of its tools can show. A field that is
 * {@code null} is left out. Ids are 16 bytes; instants 12, seconds since 1970 and nanoseconds,
 * big-endian.
 */
final class RecordWriter {
  static final int VARINT = 0;
  static final int BYTES = 2;
  private static final int USUAL = 768;
  private static final int VARINT_MAX = 10;

  /** What a nested record's length is given: two bytes of a varint, seven bits each. */
  private static final int NESTED_MAX = 1 << 14;

  private byte[] bytes = new byte[USUAL];
  private int length;
  private boolean tooLarge;

  /**
   * @param head the bytes left free at the beginning
   */
  RecordWriter(int head) {
    this.length = head;
  }

  byte[] bytes() {
    return bytes;
  }

  int length() {
    return length;
  }

  /** It does not fit a frame, and may not be used. */
  boolean tooLarge() {
    return tooLarge || length > SpoolFrame.BYTES_MAX;
  }

  void number(Field field, long value) {
    room(2 * VARINT_MAX);
    varint((long) field.number() << 3 | VARINT);
    varint(value);
  }

  void number(Field field, @Nullable Long value) {
    if (value != null) {
      number(field, value.longValue());
    }
  }

  void number(Field field, @Nullable Integer value) {
    if (value != null) {
      number(field, value.longValue());
    }
  }

  void flag(Field field, boolean value) {
    number(field, value ? 1L : 0L);
  }

  void id(Field field, @Nullable UUID value) {
    if (value != null) {
      head(field, 16);
      big(value.getMostSignificantBits(), 8);
      big(value.getLeastSignificantBits(), 8);
    }
  }

  void instant(Field field, @Nullable Instant value) {
    if (value != null) {
      head(field, 12);
      big(value.getEpochSecond(), 8);
      big(value.getNano(), 4);
    }
  }

  /** Half a surrogate pair, as a cut at a fixed length leaves it, becomes a question mark. */
  void text(Field field, @Nullable String value) {
    if (value == null) {
      return;
    }
    int before = length;
    int chars = value.length();
    head(field, chars);
    for (int i = 0; i < chars; i++) {
      char c = value.charAt(i);
      if (c >= 0x80) {
        length = before;
        encoded(field, value.getBytes(UTF_8));
        return;
      }
      bytes[length++] = (byte) c;
    }
  }

  private void encoded(Field field, byte[] value) {
    head(field, value.length);
    System.arraycopy(value, 0, bytes, length, value.length);
    length += value.length;
  }

  <T> void nested(Field field, @Nullable T value, BiConsumer<RecordWriter, T> fields) {
    if (value == null) {
      return;
    }
    room(VARINT_MAX + 2);
    varint((long) field.number() << 3 | BYTES);
    int from = length + 2;
    length = from;
    fields.accept(this, value);
    int size = length - from;
    tooLarge |= size >= NESTED_MAX;
    bytes[from - 2] = (byte) (size | 0x80);
    bytes[from - 1] = (byte) (size >>> 7 & 0x7f);
  }

  private void head(Field field, int size) {
    room(2 * VARINT_MAX + size);
    varint((long) field.number() << 3 | BYTES);
    varint(size);
  }

  private void room(int more) {
    if (bytes.length - length < more) {
      bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, length + more));
    }
  }

  private void varint(long value) {
    long rest = value;
    while ((rest & ~0x7fL) != 0) {
      bytes[length++] = (byte) (rest | 0x80);
      rest >>>= 7;
    }
    bytes[length++] = (byte) rest;
  }

  private void big(long value, int size) {
    for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) {
      bytes[length++] = (byte) (value >>> shift);
    }
  }
}
