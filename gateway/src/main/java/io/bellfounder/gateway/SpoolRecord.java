package io.bellfounder.gateway;

/** What a spool's consumer is given. */
public sealed interface SpoolRecord {

  /**
   * A call that was under way when it was read. It may be given again; its settlement comes later.
   */
  record Opened(OpenedCall call) implements SpoolRecord {}

  /** A call's settlement: at least once, so the consumer goes by the call's id. */
  record Settled(SettledCall call) implements SpoolRecord {}
}
