package io.bellfounder.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.bellfounder.gateway.CallFields.Field;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One record as {@link RecordWriter} wrote it. Fields with unknown numbers are passed over. Of a
 * field that stands twice the last counts, but for {@link #all}. What is no such record is an
 * {@link IllegalArgumentException} that names the field and never its value.
 */
final class RecordReader {
  private static final int FIXED_64 = 1;
  private static final int FIXED_32 = 5;

  private final byte[] bytes;
  private final int from;
  private final int to;
  private final long[] numbers = new long[CallFields.LIMIT];
  private final int[] ends = new int[CallFields.LIMIT];

  /** A bit for each field that stands as a number; for each that stands as bytes. */
  private int asNumber;

  private int asBytes;
  private int at;

  RecordReader(byte[] bytes, int from, int to) {
    this.bytes = bytes;
    this.from = from;
    this.to = to;
    at = from;
    while (at < to) {
      next();
    }
  }

  /** Reads a field and keeps it; its number if it is bytes, else 0. */
  private int next() {
    long tag = varint();
    long number = tag >>> 3;
    boolean known = number > 0 && number < CallFields.LIMIT;
    int place = known ? (int) number : 0;
    switch ((int) tag & 7) {
      case RecordWriter.VARINT -> {
        numbers[place] = varint();
        asNumber |= 1 << place;
        asBytes &= ~(1 << place);
      }
      case RecordWriter.BYTES -> {
        int size = size(varint());
        numbers[place] = at;
        ends[place] = at += size;
        asBytes |= 1 << place;
        asNumber &= ~(1 << place);
        return place;
      }
      case FIXED_64 -> at += size(8);
      case FIXED_32 -> at += size(4);
      default -> throw new IllegalArgumentException("a field of a kind that is not known");
    }
    return 0;
  }

  private int size(long wanted) {
    if (wanted < 0 || wanted > to - at) {
      throw new IllegalArgumentException("a field goes beyond its record");
    }
    return (int) wanted;
  }

  private long varint() {
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (at >= to) {
        break;
      }
      byte next = bytes[at++];
      value |= (next & 0x7fL) << shift;
      if (next >= 0) {
        return value;
      }
    }
    throw new IllegalArgumentException("a number has no end");
  }

  private boolean hasNumber(Field field) {
    return (asNumber >>> field.number() & 1) != 0;
  }

  private boolean hasBytes(Field field) {
    return (asBytes >>> field.number() & 1) != 0;
  }

  private int begin(Field field) {
    return (int) numbers[field.number()];
  }

  private int end(Field field) {
    return ends[field.number()];
  }

  long number(Field field) {
    if (!hasNumber(field)) {
      throw missing(field);
    }
    return numbers[field.number()];
  }

  @Nullable Long numberOrNull(Field field) {
    return hasNumber(field) ? (Long) numbers[field.number()] : null;
  }

  @Nullable Integer intOrNull(Field field) {
    return hasNumber(field) ? (Integer) toInt(field) : null;
  }

  int toInt(Field field) {
    long value = number(field);
    if (value != (int) value) {
      throw wrong(field);
    }
    return (int) value;
  }

  boolean flag(Field field) {
    return number(field) != 0;
  }

  String text(Field field) {
    var text = textOrNull(field);
    if (text == null) {
      throw missing(field);
    }
    return text;
  }

  @Nullable String textOrNull(Field field) {
    return hasBytes(field)
        ? new String(bytes, begin(field), end(field) - begin(field), UTF_8)
        : null;
  }

  <E extends Enum<E>> E word(Field field, Class<E> words) {
    var text = text(field);
    try {
      return Enum.valueOf(words, text);
    } catch (IllegalArgumentException e) {
      throw wrong(field);
    }
  }

  UUID id(Field field) {
    var id = idOrNull(field);
    if (id == null) {
      throw missing(field);
    }
    return id;
  }

  @Nullable UUID idOrNull(Field field) {
    if (!hasBytes(field)) {
      return null;
    }
    expect(field, 16);
    return new UUID(big(begin(field), 8), big(begin(field) + 8, 8));
  }

  Instant instant(Field field) {
    var instant = instantOrNull(field);
    if (instant == null) {
      throw missing(field);
    }
    return instant;
  }

  @Nullable Instant instantOrNull(Field field) {
    if (!hasBytes(field)) {
      return null;
    }
    expect(field, 12);
    return Instant.ofEpochSecond(big(begin(field), 8), big(begin(field) + 8, 4));
  }

  private void expect(Field field, int size) {
    if (end(field) - begin(field) != size) {
      throw wrong(field);
    }
  }

  private long big(int begin, int size) {
    long value = 0;
    for (int i = begin; i < begin + size; i++) {
      value = value << 8 | bytes[i] & 0xff;
    }
    return value;
  }

  RecordReader nested(Field field) {
    var nested = nestedOrNull(field);
    if (nested == null) {
      throw missing(field);
    }
    return nested;
  }

  @Nullable RecordReader nestedOrNull(Field field) {
    return hasBytes(field) ? new RecordReader(bytes, begin(field), end(field)) : null;
  }

  /** All the records in a field that stands any number of times, in order. */
  List<RecordReader> all(Field field) {
    var all = new ArrayList<RecordReader>();
    at = hasBytes(field) ? from : to;
    while (at < to) {
      if (next() == field.number()) {
        all.add(nested(field));
      }
    }
    return all;
  }

  private static IllegalArgumentException missing(Field field) {
    return new IllegalArgumentException("a field of the call is missing: " + field.name());
  }

  private static IllegalArgumentException wrong(Field field) {
    return new IllegalArgumentException(
        "a field of the call has a value that is not understood: " + field.name());
  }
}
