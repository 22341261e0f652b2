package io.bellfounder.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One call from three sides: what the client saw, what the ledger says, what the provider billed.
 *
 * @param end how the client saw it end
 * @param call the ledger's record
 * @param billed the provider's requests that belong to it, the gateway's repetitions among them
 */
record Settlement(
    Load.Plan plan, Load.@Nullable End end, JsonNode call, List<Upstream.Billed> billed) {

  /**
   * @param killed whether the server was killed during the load
   */
  void check(boolean killed) {
    String about = plan + " ended " + end + ", billed " + billed + ", ledger " + call;
    String outcome = call.path("outcome").asText();
    assertThat(call.path("state").asText()).as(about).isEqualTo("settled");
    assertThat(call.path("unpriced").asBoolean()).as(about).isFalse();
    assertThat(call.path("costPico").asText())
        .as(about)
        .isEqualTo(Prices.of(plan.model()).cost(usage()).toString());
    int attempts = call.path("attemptCount").asInt();
    if (call.path("status").asInt() == 429) {
      // While the gateway keeps a provider's rate limit it answers itself; the target it passed
      // over is on record.
      assertThat(attempts).as(about).isGreaterThanOrEqualTo(billed.size());
    } else if (!outcome.equals("interrupted")) {
      assertThat(attempts).as(about).isEqualTo(billed.size());
    }
    switch (end) {
      case Load.End.Whole whole when whole.status() == 200 -> assertWhole(about, outcome);
      case Load.End.Whole whole -> {
        assertThat(outcome).as(about).isEqualTo("failed");
        assertThat(call.path("status").asInt()).as(about).isEqualTo(whole.status());
        assertThat(call.path("costPico").asText()).as(about).isEqualTo("0");
      }
      case Load.End.Left _ -> {
        // The provider may have finished, and the gateway have read it, before the client's leaving
        // was seen.
        assertThat(outcome).as(about).isIn("aborted", "completed", "cut", "interrupted");
        if (outcome.equals("completed")) {
          assertWhole(about, outcome);
        } else {
          assertEstimated(about);
        }
      }
      case Load.End.Broke _ -> {
        // A call that was in flight at the kill is interrupted; its answer may have been settled,
        // and not yet have come. Only what the provider broke off is cut.
        assertThat(outcome).as(about).isIn(breaks(killed));
        if (outcome.equals("interrupted")) {
          assertThat(call.path("estimated").asBoolean()).as(about).isTrue();
        } else if (outcome.equals("completed")) {
          assertWhole(about, outcome);
        } else if (!outcome.equals("failed")) {
          assertEstimated(about);
        }
      }
      case null -> throw new AssertionError("no end: " + about);
    }
  }

  private List<String> breaks(boolean killed) {
    if (!killed) {
      return List.of("cut");
    }
    return plan.broken()
        ? List.of("cut", "interrupted")
        : List.of("interrupted", "completed", "failed");
  }

  private void assertWhole(String about, String outcome) {
    assertThat(outcome).as(about).isEqualTo("completed");
    assertThat(call.path("estimated").asBoolean()).as(about).isFalse();
    assertThat(usage()).as(about).isEqualTo(billed.getLast().usage());
  }

  /** Marked, unless the provider's final count had come before the answer ended. */
  private void assertEstimated(String about) {
    if (!call.path("estimated").asBoolean()) {
      assertThat(billed).as(about).isNotEmpty();
      assertThat(usage()).as(about).isEqualTo(billed.getLast().usage());
    }
  }

  private Usage usage() {
    return Usage.of(call.path("usage"));
  }
}
