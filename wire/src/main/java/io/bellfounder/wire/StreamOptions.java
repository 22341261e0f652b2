package io.bellfounder.wire;

import io.bellfounder.wire.RequestScan.Range;
import org.jspecify.annotations.Nullable;

/** What an OpenAI request says of {@code stream_options.include_usage}. */
sealed interface StreamOptions {
  record Absent() implements StreamOptions {}

  record Null(Range value) implements StreamOptions {}

  /** An object that does not say; {@code end} is its closing brace. */
  record Silent(int end, boolean afterMember) implements StreamOptions {}

  /** {@code include_usage} is there, with another value than true. */
  record Declined(Range value) implements StreamOptions {}

  record Asked() implements StreamOptions {}

  /** Neither object nor null: the provider will say what is wrong with it. */
  record Other() implements StreamOptions {}

  default boolean asked() {
    return this instanceof Asked;
  }

  default boolean editable() {
    return !(this instanceof Other) && !asked();
  }

  static StreamOptions of(byte[] bytes, @Nullable Range range) {
    if (range == null) {
      return new Absent();
    }
    if (bytes[range.from()] == 'n') {
      return new Null(range);
    }
    var cursor = new JsonCursor().over(bytes, range.from(), range.to());
    if (!cursor.enterObject()) {
      return new Other();
    }
    StreamOptions found = null;
    boolean any = false;
    while (cursor.next()) {
      any = true;
      if (cursor.named("include_usage")) {
        found =
            cursor.valueIsTrue()
                ? new Asked()
                : new Declined(new Range(cursor.valueStart(), cursor.valueEnd()));
      }
    }
    if (cursor.fault() != null) {
      return new Other();
    }
    return found != null ? found : new Silent(cursor.objectEnd(), any);
  }
}
