package io.bellfounder.gateway;

/**
 * Hears of calls as they happen, for live views. Called on event loops after the ledger has the
 * record: must not block; what it throws is logged and does not reach the call.
 */
public interface CallListener {
  CallListener NONE = new CallListener() {};

  default void opened(OpenedCall call) {}

  default void settled(SettledCall call) {}
}
