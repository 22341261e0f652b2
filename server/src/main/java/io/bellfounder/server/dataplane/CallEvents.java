package io.bellfounder.server.dataplane;

import java.util.UUID;

/** What the live view hears of calls. */
public sealed interface CallEvents {
  record Opened(UUID organisation, CallView call) implements CallEvents {}

  record Settled(UUID organisation, CallView call) implements CallEvents {}

  /** More happened than could be told: look anew. */
  record Skipped() implements CallEvents {}
}
