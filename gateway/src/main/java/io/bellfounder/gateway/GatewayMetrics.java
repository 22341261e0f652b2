package io.bellfounder.gateway;

import io.bellfounder.wire.Dialect;

/** Counts what the data plane does. Called on event loops: must not block or throw. */
public interface GatewayMetrics {
  GatewayMetrics NONE = new GatewayMetrics() {};

  /** A call was opened; {@link #settled} follows exactly once. */
  default void opened(OpenedCall call) {}

  /** Carries outcome, times, bytes, tokens and every attempt. */
  default void settled(SettledCall call) {}

  /**
   * The gateway itself said no.
   *
   * @param reason a stable word: {@code key}, {@code draining}, {@code busy}, {@code too_large},
   *     {@code unknown_model}, {@code unknown_endpoint}, {@code bad_request}, {@code ledger},
   *     {@code no_target}, {@code bug}
   */
  default void refused(Dialect dialect, int status, String reason) {}
}
