package io.bellfounder.simulator;

import java.util.ArrayList;
import java.util.List;

/**
 * Checks a whole stream, as a client received it, against its dialect's event grammar. Written from
 * the providers' documentation, without a line of the gateway's. Stateless.
 */
public final class StreamGrammar {
  private StreamGrammar() {}

  /**
   * What is wrong.
   *
   * @param at the byte offset of the offending event or line; the stream's length for what is
   *     missing at its end
   */
  public record Violation(int at, String what) {
    @Override
    public String toString() {
      return "at byte " + at + ": " + what;
    }
  }

  /** Empty if the stream is well-formed; one that ends with the dialect's error event is. */
  public static List<Violation> check(Dialect dialect, byte[] stream) {
    List<Violation> violations = new ArrayList<>();
    List<SseEvent> events = SseEvent.read(stream, violations);
    switch (dialect) {
      case ANTHROPIC -> new AnthropicGrammar(violations).check(events, stream.length);
      case OPENAI -> new OpenAiGrammar(violations).check(events, stream.length);
    }
    return violations;
  }
}
