package io.bellfounder.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.bellfounder.simulator.Dialect;
import io.bellfounder.simulator.StreamGrammar;
import java.util.Arrays;
import java.util.List;

/** Holds every stream that a test sees against the simulator's own grammar of the dialects. */
final class Grammar {

  private Grammar() {}

  /**
   * Fails with what is wrong. A stream that was cut must be right as far as its last whole event.
   */
  static void assertKept(Exchange exchange) {
    Dialect dialect = exchange.path().endsWith("/messages") ? Dialect.ANTHROPIC : Dialect.OPENAI;
    if (exchange.complete()) {
      assertKept(dialect, exchange.responseBody(), exchange.toString());
    } else {
      assertKeptSoFar(dialect, exchange.responseBody(), exchange.toString());
    }
  }

  /** Whether an exchange is a model's stream. */
  static boolean governs(Exchange exchange) {
    return exchange.streamed()
        && exchange.status() == 200
        && (exchange.path().endsWith("/messages") || exchange.path().endsWith("/completions"));
  }

  /** Right as far as the last whole event. */
  static void assertKeptSoFar(Dialect dialect, byte[] stream, String call) {
    byte[] whole = Arrays.copyOf(stream, endOfLastEvent(stream));
    List<StreamGrammar.Violation> early =
        StreamGrammar.check(dialect, whole).stream().filter(v -> v.at() < whole.length).toList();
    assertThat(early).as("%s", call).isEmpty();
  }

  /** The same for a stream that came whole. */
  static void assertKept(Dialect dialect, byte[] stream, String call) {
    assertThat(StreamGrammar.check(dialect, stream)).as("%s", call).isEmpty();
  }

  private static int endOfLastEvent(byte[] stream) {
    for (int i = stream.length; i >= 2; i--) {
      if (stream[i - 1] == '\n' && stream[i - 2] == '\n') {
        return i;
      }
    }
    return 0;
  }
}
