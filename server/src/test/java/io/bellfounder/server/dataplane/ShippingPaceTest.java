package io.bellfounder.server.dataplane;

import static org.assertj.core.api.Assertions.assertThat;

import io.bellfounder.server.dataplane.ShippingPace.Waiting;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class ShippingPaceTest {
  private static final Duration WORK = Duration.ofMillis(10);

  private final ShippingPace pace = new ShippingPace();
  private long appended;
  private long nanos = 1;

  @Test
  void works_without_rest_while_little_comes_in() {
    assertThat(restAfter(Duration.ofSeconds(1), 1_000, Duration.ofSeconds(1), 0.1)).isZero();
  }

  @Test
  void takes_a_twentieth_of_the_time_while_much_comes_in() {
    assertThat(restAfter(Duration.ofMillis(20), 5_000, Duration.ofSeconds(1), 0.1))
        .isEqualTo(Duration.ofMillis(190));
  }

  @Test
  void takes_more_the_longer_the_ledger_lags() {
    assertThat(restAfter(Duration.ofMillis(20), 5_000, Duration.ofSeconds(80), 0.1))
        .isEqualTo(Duration.ofMillis(40));
    assertThat(restAfter(Duration.ofMillis(20), 5_000, Duration.ofSeconds(400), 0.1)).isZero();
  }

  @Test
  void works_without_rest_once_half_of_the_room_is_in_use() {
    assertThat(restAfter(Duration.ofMillis(20), 5_000, Duration.ofSeconds(1), 0.6)).isZero();
  }

  @Test
  void rests_for_half_a_second_at_most() {
    nanos += Duration.ofSeconds(1).toNanos();
    appended += 100_000;
    Waiting waiting = new Waiting(appended, Duration.ofSeconds(1), 0.1);

    assertThat(pace.rest(250, Duration.ofMillis(400), waiting, nanos))
        .isEqualTo(Duration.ofMillis(500));
  }

  @Test
  void takes_small_batches_while_calls_go_first_and_whole_ones_otherwise() {
    assertThat(pace.batch()).isEqualTo(250);

    restAfter(Duration.ofMillis(20), 5_000, Duration.ofSeconds(1), 0.1);
    assertThat(pace.batch()).isEqualTo(25);

    restAfter(Duration.ofMillis(20), 5_000, Duration.ofSeconds(80), 0.1);
    assertThat(pace.batch()).as("it lags").isEqualTo(250);

    restAfter(Duration.ofMillis(20), 5_000, Duration.ofSeconds(1), 0.1);
    restAfter(Duration.ofMillis(20), 5_000, Duration.ofSeconds(1), 0.6);
    assertThat(pace.batch()).as("the room runs out").isEqualTo(250);

    restAfter(Duration.ofMillis(20), 5_000, Duration.ofSeconds(1), 0.1);
    restAfter(Duration.ofSeconds(1), 1_000, Duration.ofSeconds(1), 0.1);
    assertThat(pace.batch()).as("little comes in").isEqualTo(250);
  }

  @Test
  void what_a_call_costs_is_taken_from_whole_batches() {
    restAfter(Duration.ofMillis(20), 5_000, Duration.ofSeconds(1), 0.1);
    // Ten times what a call costs in a whole batch: 1,000 a second would be two fifths of a core.
    for (int batch = 0; batch < 50; batch++) {
      nanos += Duration.ofMillis(200).toNanos();
      appended += 1_000;
      pace.rest(25, WORK, new Waiting(appended, Duration.ofSeconds(1), 0.1), nanos);
    }

    assertThat(restAfter(Duration.ofSeconds(1), 1_000, Duration.ofSeconds(1), 0.1)).isZero();
  }

  /** The rest after a batch of 250 in 10 ms, when this much came in for this long, twice. */
  private Duration restAfter(Duration since, long callsASecond, Duration lag, double filled) {
    for (int batch = 0; ; batch++) {
      nanos += since.toNanos();
      appended += callsASecond * since.toMillis() / 1_000;
      Duration rest = pace.rest(250, WORK, new Waiting(appended, lag, filled), nanos);
      if (batch == 1) {
        return rest;
      }
    }
  }
}
