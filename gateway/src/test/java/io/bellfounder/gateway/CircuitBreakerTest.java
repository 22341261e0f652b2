package io.bellfounder.gateway;

import static io.bellfounder.gateway.CircuitBreaker.State.CLOSED;
import static io.bellfounder.gateway.CircuitBreaker.State.HALF_OPEN;
import static io.bellfounder.gateway.CircuitBreaker.State.OPEN;
import static org.assertj.core.api.Assertions.assertThat;

import io.bellfounder.testing.SettableClock;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class CircuitBreakerTest {
  private final SettableClock clock = new SettableClock(Instant.parse("2026-11-21T06:00:00Z"));
  private final CircuitBreaker breaker =
      new CircuitBreaker(
          new GatewayConfig.Breaker(3, Duration.ofSeconds(30), Duration.ofSeconds(100)));

  @Test
  void it_opens_at_the_third_failure_in_a_row() {
    fail(2);
    breaker.succeeded();
    fail(2);
    assertThat(breaker.state()).isEqualTo(CLOSED);

    fail(1);

    assertThat(breaker.state()).isEqualTo(OPEN);
    assertThat(admits()).isFalse();
  }

  @Test
  void it_lets_one_probe_through_when_the_time_is_over() {
    fail(3);
    clock.advance(Duration.ofSeconds(30));

    assertThat(admits()).isTrue();
    assertThat(breaker.state()).isEqualTo(HALF_OPEN);
    assertThat(admits()).isFalse();
  }

  @Test
  void a_good_probe_closes_it_and_forgets_the_past() {
    fail(3);
    clock.advance(Duration.ofSeconds(30));
    assertThat(admits()).isTrue();

    breaker.succeeded();

    assertThat(breaker.state()).isEqualTo(CLOSED);
    assertThat(breaker.failures()).isZero();
    assertThat(admits()).isTrue();
  }

  @Test
  void once_its_probe_is_answered_it_is_closed_on_trial() {
    fail(3);
    clock.advance(Duration.ofSeconds(30));
    assertThat(admits()).isTrue();

    breaker.answering();
    assertThat(admits()).isTrue();
    assertThat(admits()).isTrue();

    fail(1);
    assertThat(breaker.state()).isEqualTo(OPEN);
  }

  @Test
  void an_answer_that_begins_while_it_is_closed_or_open_changes_nothing() {
    fail(2);
    breaker.answering();
    fail(1);
    breaker.answering();

    assertThat(breaker.state()).isEqualTo(OPEN);
  }

  @Test
  void each_failed_probe_doubles_the_time_up_to_a_bound() {
    fail(3);
    for (int seconds : new int[] {30, 60, 100, 100}) {
      assertThat(breaker.openUntil()).isEqualTo(clock.instant().plusSeconds(seconds));
      clock.advance(Duration.ofSeconds(seconds));
      assertThat(admits()).isTrue();
      breaker.failed(clock.instant());
      assertThat(breaker.state()).isEqualTo(OPEN);
    }
  }

  @Test
  void a_probe_whose_client_left_is_given_back() {
    fail(3);
    clock.advance(Duration.ofSeconds(30));
    assertThat(admits()).isTrue();

    breaker.undecided();

    assertThat(admits()).isTrue();
  }

  private boolean admits() {
    return breaker.admits(clock.instant());
  }

  private void fail(int times) {
    for (int i = 0; i < times; i++) {
      breaker.failed(clock.instant());
    }
  }
}
