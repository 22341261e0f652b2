package io.bellfounder.server.dataplane;

import io.bellfounder.gateway.CallListener;
import io.bellfounder.gateway.OpenedCall;
import io.bellfounder.gateway.SettledCall;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A log line for each settled call, at level {@code debug}: who, what, where, how it ended, how
 * long it took. It costs an event loop a write, which is why it is not the default; the ledger has
 * all of it anyway. Holds no prompt, completion or key.
 *
 * @param next hears of calls too
 */
record CallLog(CallListener next) implements CallListener {
  private static final Logger LOG = LoggerFactory.getLogger(CallLog.class);

  @Override
  public void opened(OpenedCall call) {
    next.opened(call);
  }

  @Override
  public void settled(SettledCall call) {
    next.settled(call);
    if (LOG.isDebugEnabled()) {
      OpenedCall opened = call.opened();
      LOG.atDebug()
          .addKeyValue("requestId", opened.id())
          .addKeyValue("endpoint", opened.operation())
          .addKeyValue("keyId", opened.key().id())
          .addKeyValue("memberId", opened.key().memberId())
          .addKeyValue("sessionId", opened.sessionId())
          .addKeyValue("model", opened.requestedModel())
          .addKeyValue("provider", call.provider())
          .addKeyValue("outcome", CallStore.word(call.outcome()))
          .addKeyValue("status", call.status())
          .addKeyValue("attempts", call.attempts().size())
          .addKeyValue("ttfbMillis", call.ttfbMillis())
          .addKeyValue("durationMillis", call.durationMillis())
          .log("call settled");
    }
  }
}
