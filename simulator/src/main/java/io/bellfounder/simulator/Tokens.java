package io.bellfounder.simulator;

/**
 * Tokens of one call in disjoint classes, as the provider bills them. {@code input} never includes
 * cached tokens, also where the dialect's own number does.
 *
 * @param reasoning the part of {@code output} that was reasoning; not a class of its own
 */
public record Tokens(
    long input, long cacheWrite5m, long cacheWrite1h, long cacheRead, long output, long reasoning) {

  static final Tokens NONE = new Tokens(0, 0, 0, 0, 0, 0);

  Tokens withOutput(long produced) {
    return new Tokens(
        input, cacheWrite5m, cacheWrite1h, cacheRead, produced, Math.min(reasoning, produced));
  }

  Tokens plus(Tokens other) {
    return new Tokens(
        input + other.input,
        cacheWrite5m + other.cacheWrite5m,
        cacheWrite1h + other.cacheWrite1h,
        cacheRead + other.cacheRead,
        output + other.output,
        reasoning + other.reasoning);
  }

  /** The simulator's own tokenizer: four characters are a token, a rest is one more. */
  static long count(CharSequence text) {
    return (text.length() + 3L) / 4;
  }
}
