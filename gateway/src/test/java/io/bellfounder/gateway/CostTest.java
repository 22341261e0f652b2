package io.bellfounder.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.bellfounder.gateway.Cost.Line;
import io.bellfounder.gateway.Cost.TokenClass;
import io.bellfounder.wire.Usage;
import org.junit.jupiter.api.Test;

class CostTest {

  @Test
  void each_class_is_multiplied_by_its_own_price_and_the_lines_add_up() {
    var cost = Cost.itemised(new Usage(10L, 20L, 30L, 40L, 50L), SpoolCalls.PRICE);

    assertThat(cost.lines())
        .containsExactly(
            new Line(TokenClass.INPUT, 10, 5_000_000, 50_000_000),
            new Line(TokenClass.CACHE_WRITE_5M, 20, 6_250_000, 125_000_000),
            new Line(TokenClass.CACHE_WRITE_1H, 30, 10_000_000, 300_000_000),
            new Line(TokenClass.CACHE_READ, 40, 500_000, 20_000_000),
            new Line(TokenClass.OUTPUT, 50, 25_000_000, 1_250_000_000));
    assertThat(cost.pico()).isEqualTo(1_745_000_000);
  }

  @Test
  void a_class_that_was_not_reported_counts_nothing_and_a_zero_has_a_line() {
    var cost = Cost.itemised(new Usage(null, null, null, 0L, 2L), SpoolCalls.PRICE);

    assertThat(cost.lines())
        .extracting(Line::tokenClass)
        .containsExactly(TokenClass.CACHE_READ, TokenClass.OUTPUT);
    assertThat(cost.pico()).isEqualTo(50_000_000);
    assertThat(Cost.of(Usage.NONE, SpoolCalls.PRICE)).isZero();
  }

  @Test
  void absurd_figures_are_never_free() {
    var absurd = new Usage(Long.MAX_VALUE, 1L, 1L, 1L, Long.MAX_VALUE);

    assertThat(Cost.of(absurd, SpoolCalls.PRICE)).isEqualTo(Long.MAX_VALUE);
  }
}
