package io.bellfounder.gateway;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Makes a settlement fit the space that its call has set aside: money and ids never give way. */
final class SpoolTrim {
  private static final int ATTEMPTS_MAX = 20;

  private SpoolTrim() {}

  static RecordWriter encoded(SettledCall call) {
    var record = CallCodec.encode(call);
    if (record.tooLarge()) {
      record = CallCodec.encode(with(call, call.attempts(), null));
    }
    if (record.tooLarge()) {
      record = CallCodec.encode(with(call, shortened(call.attempts()), null));
    }
    if (record.tooLarge()) {
      record = CallCodec.encode(with(call, List.of(), null));
    }
    return record;
  }

  private static List<Attempt> shortened(List<Attempt> attempts) {
    int from = Math.max(0, attempts.size() - ATTEMPTS_MAX);
    return attempts.subList(from, attempts.size()).stream().map(SpoolTrim::withoutDetail).toList();
  }

  private static Attempt withoutDetail(Attempt attempt) {
    return new Attempt(
        attempt.ordinal(),
        attempt.provider(),
        attempt.model(),
        attempt.startedAt(),
        attempt.outcome(),
        attempt.status(),
        attempt.providerRequestId(),
        attempt.ttfbMillis(),
        attempt.durationMillis(),
        null);
  }

  private static SettledCall with(
      SettledCall call, List<Attempt> attempts, @Nullable String rawUsage) {
    return new SettledCall(
        call.opened(),
        call.outcome(),
        call.status(),
        call.errorType(),
        call.provider(),
        call.targetModel(),
        attempts,
        call.usage(),
        call.estimated(),
        rawUsage,
        call.price(),
        call.costPico(),
        call.settledAt(),
        call.ttfbMillis(),
        call.durationMillis(),
        call.responseBytes());
  }
}
