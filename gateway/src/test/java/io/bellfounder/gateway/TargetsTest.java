package io.bellfounder.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.bellfounder.gateway.Attempt.Outcome;
import io.bellfounder.gateway.TargetState.Verdict;
import io.bellfounder.testing.SettableClock;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The table of targets is bounded, and no client can make one target suffer for another. */
class TargetsTest {
  private static final int MOST = 2_048;

  private final Provider provider = RunningGateway.anthropic("one", URI.create("http://one"));
  private final SettableClock clock = new SettableClock(Instant.parse("2026-11-21T06:00:00Z"));
  private final RouteTable routes =
      new RunningGateway.Routes(Map.of(), List.of(), List.of(provider));
  private final Targets targets =
      new Targets(
          new GatewayConfig.Breaker(2, Duration.ofSeconds(30), Duration.ofSeconds(100)),
          clock,
          routes);

  @Test
  void a_name_beyond_the_bound_takes_the_place_of_those_that_nobody_used_for_longest() {
    call("claude", Outcome.OK);
    call("old", Outcome.OK);
    clock.advance(Duration.ofSeconds(1));
    fill(MOST - 2, Outcome.REQUEST_REFUSED);
    clock.advance(Duration.ofSeconds(1));
    call("claude", Outcome.OK);

    call("new", Outcome.RATE_LIMITED);

    assertThat(targets.health()).hasSizeLessThanOrEqualTo(MOST);
    assertThat(names()).contains("claude", "new").doesNotContain("old", "(others)");
    assertThat(admitted("new")).isEqualTo(Verdict.WAITING);
    assertThat(admitted("newer")).isEqualTo(Verdict.ADMITTED);
  }

  @Test
  void a_target_that_waits_or_is_benched_or_left_alone_keeps_its_place() {
    call("limited", Outcome.RATE_LIMITED);
    call("refused", Outcome.CREDENTIAL_REFUSED);
    call("broken", Outcome.TIMED_OUT);
    call("broken", Outcome.TIMED_OUT);
    clock.advance(Duration.ofSeconds(1));
    fill(2 * MOST, Outcome.REQUEST_REFUSED);

    assertThat(admitted("limited")).isEqualTo(Verdict.WAITING);
    assertThat(admitted("refused")).isEqualTo(Verdict.BENCHED);
    assertThat(admitted("broken")).isEqualTo(Verdict.OPEN);
    assertThat(targets.health()).hasSizeLessThanOrEqualTo(MOST);
  }

  @Test
  void where_none_can_give_way_new_names_share_a_state_that_never_stops_them() {
    fill(MOST, Outcome.CREDENTIAL_REFUSED);
    for (var outcome : Outcome.values()) {
      call("new", outcome);
      call("new", outcome);
    }

    assertThat(admitted("newer")).isEqualTo(Verdict.ADMITTED);
    assertThat(targets.state(provider, "newer").available(clock.instant())).isTrue();
    assertThat(admitted("name 1")).isEqualTo(Verdict.BENCHED);
    assertThat(targets.health())
        .hasSize(MOST + 1)
        .filteredOn(target -> target.model().equals("(others)"))
        .singleElement()
        .satisfies(others -> {
          assertThat(others.attempts()).isEqualTo(2 * Outcome.values().length);
          assertThat(others.errors()).isPositive();
        });
  }

  @Test
  void names_get_states_of_their_own_again_once_others_can_give_way() {
    fill(MOST, Outcome.RATE_LIMITED);
    call("new", Outcome.OK);
    assertThat(names()).contains("(others)").doesNotContain("new");

    clock.advance(Duration.ofMinutes(1));
    call("new", Outcome.OK);

    assertThat(names()).contains("new");
  }

  @Test
  void a_client_cannot_name_the_shared_state() {
    fill(MOST - 1, Outcome.CREDENTIAL_REFUSED);
    call("(others)", Outcome.CREDENTIAL_REFUSED);

    assertThat(admitted("new")).isEqualTo(Verdict.ADMITTED);
  }

  private void fill(int names, Outcome outcome) {
    for (int i = 0; i < names; i++) {
      call("name " + i, outcome);
    }
  }

  private void call(String model, Outcome outcome) {
    var state = targets.state(provider, model);
    state.admit(clock.instant());
    record(state, outcome);
  }

  private void record(TargetState state, Outcome outcome) {
    var now = clock.instant();
    var attempt = new Attempt(1, "one", "any", now, outcome, null, null, null, 1, null);
    state.record(SpoolCalls.opened(1), attempt, null, now);
  }

  private Verdict admitted(String model) {
    return targets.state(provider, model).admit(clock.instant());
  }

  private List<String> names() {
    return targets.health().stream().map(TargetHealth::model).toList();
  }
}
