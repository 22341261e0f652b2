package io.bellfounder.wire;

import org.jspecify.annotations.Nullable;

/**
 * Adds up what a provider reports of one call. A stream's figures are cumulative and may repeat or
 * leave out fields, so the largest of each field stands; a field that never came stays missing.
 */
final class UsageTally {
  private final Dialect dialect;
  private final JsonCursor cursor = new JsonCursor();
  private final JsonCursor inner = new JsonCursor();

  private @Nullable Long input;
  private @Nullable Long cacheWrite;
  private @Nullable Long cacheWrite5m;
  private @Nullable Long cacheWrite1h;
  private @Nullable Long cacheRead;
  private @Nullable Long output;
  private @Nullable Long total;

  private @Nullable Long compactionInput;
  private @Nullable Long compactionWrite5m;
  private @Nullable Long compactionWrite1h;
  private @Nullable Long compactionRead;
  private @Nullable Long compactionOutput;

  UsageTally(Dialect dialect) {
    this.dialect = dialect;
  }

  /** Reads one usage object, ignores anything else. True if it names a readable output. */
  boolean add(byte[] bytes, int from, int to) {
    cursor.over(bytes, from, to);
    if (!cursor.enterObject()) {
      return false;
    }
    boolean anyOutput = false;
    var compaction = new Compaction();
    while (cursor.next()) {
      if (cursor.named(outputName())) {
        var tokens = cursor.wholeNumber();
        output = larger(output, tokens);
        anyOutput |= tokens != null;
        continue;
      }
      switch (dialect) {
        case ANTHROPIC -> anthropic(bytes, compaction);
        case OPENAI -> openAi(bytes);
      }
    }
    compactionInput = larger(compactionInput, compaction.input);
    compactionWrite5m = larger(compactionWrite5m, compaction.write5m);
    compactionWrite1h = larger(compactionWrite1h, compaction.write1h);
    compactionRead = larger(compactionRead, compaction.read);
    compactionOutput = larger(compactionOutput, compaction.output);
    return anyOutput;
  }

  private String outputName() {
    return switch (dialect) {
      case ANTHROPIC -> "output_tokens";
      case OPENAI -> "completion_tokens";
    };
  }

  private void anthropic(byte[] bytes, Compaction compaction) {
    if (cursor.named("input_tokens")) {
      input = larger(input, cursor.wholeNumber());
    } else if (cursor.named("cache_creation_input_tokens")) {
      cacheWrite = larger(cacheWrite, cursor.wholeNumber());
    } else if (cursor.named("cache_read_input_tokens")) {
      cacheRead = larger(cacheRead, cursor.wholeNumber());
    } else if (cursor.named("cache_creation") && enterInner(bytes)) {
      while (inner.next()) {
        if (inner.named("ephemeral_5m_input_tokens")) {
          cacheWrite5m = larger(cacheWrite5m, inner.wholeNumber());
        } else if (inner.named("ephemeral_1h_input_tokens")) {
          cacheWrite1h = larger(cacheWrite1h, inner.wholeNumber());
        }
      }
    } else if (cursor.named("iterations") && cursor.valueIs('[')) {
      compaction.read(bytes, cursor.valueStart(), cursor.valueEnd());
    }
  }

  private void openAi(byte[] bytes) {
    if (cursor.named("prompt_tokens")) {
      input = larger(input, cursor.wholeNumber());
    } else if (cursor.named("total_tokens")) {
      total = larger(total, cursor.wholeNumber());
    } else if (cursor.named("prompt_cache_hit_tokens")) {
      cacheRead = larger(cacheRead, cursor.wholeNumber());
    } else if (cursor.named("prompt_tokens_details") && enterInner(bytes)) {
      while (inner.next()) {
        if (inner.named("cached_tokens")) {
          cacheRead = larger(cacheRead, inner.wholeNumber());
        } else if (inner.named("cache_write_tokens")) {
          cacheWrite = larger(cacheWrite, inner.wholeNumber());
        }
      }
    }
  }

  private boolean enterInner(byte[] bytes) {
    return inner.over(bytes, cursor.valueStart(), cursor.valueEnd()).enterObject();
  }

  /** True once the input had a readable figure, beside those of a cache or a compaction. */
  boolean anyInput() {
    return input != null;
  }

  Usage usage() {
    return switch (dialect) {
      case ANTHROPIC -> anthropicUsage();
      case OPENAI -> openAiUsage();
    };
  }

  /** What the split by life time does not explain was written for five minutes, the default. */
  private Usage anthropicUsage() {
    var five = cacheWrite5m;
    if (cacheWrite != null) {
      long split = orZero(cacheWrite5m) + orZero(cacheWrite1h);
      five = orZero(cacheWrite5m) + Math.max(0, cacheWrite - split);
    }
    return new Usage(
        plus(input, compactionInput),
        plus(five, compactionWrite5m),
        plus(cacheWrite1h, compactionWrite1h),
        plus(cacheRead, compactionRead),
        plus(output, compactionOutput));
  }

  /**
   * Cached tokens stand inside {@code prompt_tokens}. Some compatible providers (Gemini, xAI) leave
   * reasoning out of {@code completion_tokens} but not out of the total.
   */
  private Usage openAiUsage() {
    var fresh = input;
    if (input != null) {
      fresh = Math.max(0, input - orZero(cacheRead) - orZero(cacheWrite));
    }
    var generated = output;
    if (output != null && total != null && input != null) {
      generated = Math.max(output, total - input);
    }
    return new Usage(fresh, cacheWrite, null, cacheRead, generated);
  }

  private static @Nullable Long larger(@Nullable Long a, @Nullable Long b) {
    if (a == null || b == null) {
      return a == null ? b : a;
    }
    return Math.max(a, b);
  }

  private static @Nullable Long plus(@Nullable Long a, @Nullable Long b) {
    return a == null || b == null ? (a == null ? b : a) : Long.valueOf(saturated(a + b));
  }

  private static long saturated(long sum) {
    return sum < 0 ? Long.MAX_VALUE : sum;
  }

  private static long orZero(@Nullable Long tokens) {
    return tokens == null ? 0 : tokens;
  }

  /**
   * Server-side compaction is billed, but its tokens stand only in {@code usage.iterations}, in
   * entries of type {@code compaction} (platform.claude.com, compaction, read 2026-11).
   */
  private static final class Compaction {
    @Nullable Long input;
    @Nullable Long write5m;
    @Nullable Long write1h;
    @Nullable Long read;
    @Nullable Long output;

    void read(byte[] bytes, int from, int to) {
      var entry = new JsonCursor();
      for (int at = from + 1; at < to; ) {
        entry.over(bytes, at, to);
        if (!entry.enterObject()) {
          return;
        }
        one(bytes, entry);
        if (entry.fault() != null) {
          return;
        }
        at = entry.position();
        while (at < to && (bytes[at] == ',' || JsonCursor.isBlank(bytes[at]))) {
          at++;
        }
      }
    }

    private static @Nullable Long oneHour(byte[] bytes, int from, int to) {
      var split = new JsonCursor().over(bytes, from, to);
      Long found = null;
      if (split.enterObject()) {
        while (split.next()) {
          found = split.named("ephemeral_1h_input_tokens") ? split.wholeNumber() : found;
        }
      }
      return found;
    }

    private void one(byte[] bytes, JsonCursor entry) {
      boolean compacts = false;
      Long in = null;
      Long written = null;
      Long writtenFor1h = null;
      Long cached = null;
      Long out = null;
      while (entry.next()) {
        if (entry.named("type")) {
          compacts = "compaction".equals(entry.string(64));
        } else if (entry.named("input_tokens")) {
          in = entry.wholeNumber();
        } else if (entry.named("cache_creation_input_tokens")) {
          written = entry.wholeNumber();
        } else if (entry.named("cache_creation")) {
          writtenFor1h = oneHour(bytes, entry.valueStart(), entry.valueEnd());
        } else if (entry.named("cache_read_input_tokens")) {
          cached = entry.wholeNumber();
        } else if (entry.named("output_tokens")) {
          out = entry.wholeNumber();
        }
      }
      if (compacts) {
        input = plus(input, in);
        if (written != null) {
          write5m = plus(write5m, Math.max(0, written - orZero(writtenFor1h)));
        }
        write1h = plus(write1h, writtenFor1h);
        read = plus(read, cached);
        output = plus(output, out);
      }
    }
  }
}
