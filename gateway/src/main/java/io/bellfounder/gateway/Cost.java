package io.bellfounder.gateway;

import io.bellfounder.gateway.PriceBook.Price;
import io.bellfounder.wire.Usage;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a usage costs at a price: exact pico-dollars (10⁻¹² USD), class by class. A class that was
 * not reported counts nothing and has no line. Figures beyond a {@code long} (nine million dollars
 * a call, so a provider's nonsense) stay at {@link Long#MAX_VALUE}: visible, never free.
 *
 * @param lines in the order of {@link TokenClass}
 * @param pico their sum
 */
public record Cost(List<Line> lines, long pico) {
  public Cost {
    lines = List.copyOf(lines);
  }

  /** A class of tokens that has a price of its own. */
  public enum TokenClass {
    INPUT,
    CACHE_WRITE_5M,
    CACHE_WRITE_1H,
    CACHE_READ,
    OUTPUT
  }

  /** Tokens times price. */
  public record Line(TokenClass tokenClass, long tokens, long picoPerToken, long pico) {}

  /** The sum alone. */
  public static long of(Usage usage, Price price) {
    return itemised(usage, price).pico();
  }

  /** Class by class. */
  public static Cost itemised(Usage usage, Price price) {
    var lines = new ArrayList<Line>(TokenClass.values().length);
    long sum = 0;
    for (var tokenClass : TokenClass.values()) {
      var tokens = tokens(usage, tokenClass);
      if (tokens != null) {
        long each = picoPerToken(price, tokenClass);
        long pico = product(tokens, each);
        lines.add(new Line(tokenClass, tokens, each, pico));
        sum = sum > Long.MAX_VALUE - pico ? Long.MAX_VALUE : sum + pico;
      }
    }
    return new Cost(lines, sum);
  }

  private static long product(long tokens, long picoPerToken) {
    try {
      return Math.multiplyExact(tokens, picoPerToken);
    } catch (ArithmeticException e) {
      // Neither factor is negative, so the product is too large.
      return Long.MAX_VALUE;
    }
  }

  private static @Nullable Long tokens(Usage usage, TokenClass tokenClass) {
    return switch (tokenClass) {
      case INPUT -> usage.input();
      case CACHE_WRITE_5M -> usage.cacheWrite5m();
      case CACHE_WRITE_1H -> usage.cacheWrite1h();
      case CACHE_READ -> usage.cacheRead();
      case OUTPUT -> usage.output();
    };
  }

  private static long picoPerToken(Price price, TokenClass tokenClass) {
    return switch (tokenClass) {
      case INPUT -> price.inputPico();
      case CACHE_WRITE_5M -> price.cacheWrite5mPico();
      case CACHE_WRITE_1H -> price.cacheWrite1hPico();
      case CACHE_READ -> price.cacheReadPico();
      case OUTPUT -> price.outputPico();
    };
  }
}
