package io.bellfounder.server.dataplane;

import io.bellfounder.gateway.SettledCall;
import io.bellfounder.server.api.Problem;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Which calls are meant. What is {@code null} does not matter.
 *
 * @param from inclusive
 * @param to exclusive
 * @param model as the client wrote it
 */
record CallFilter(
    @Nullable Instant from,
    @Nullable Instant to,
    @Nullable UUID keyId,
    @Nullable UUID memberId,
    @Nullable String model,
    @Nullable String provider,
    @Nullable String outcome,
    @Nullable String sessionId) {

  CallFilter {
    if (outcome != null
        && Arrays.stream(SettledCall.Outcome.values())
            .noneMatch(known -> known.name().toLowerCase(Locale.ROOT).equals(outcome))) {
      throw Problem.invalid("outcome", "is none of the outcomes of a call");
    }
    if (from != null && to != null && !from.isBefore(to)) {
      throw Problem.invalid("to", "must be after from");
    }
  }

  /** A condition for each value that is given; the values are appended to the parameters. */
  List<String> conditions(String table, List<Object> parameters) {
    List<String> conditions = new ArrayList<>();
    add(conditions, parameters, table + ".key_id = ?", keyId);
    add(conditions, parameters, table + ".member_id = ?", memberId);
    add(conditions, parameters, table + ".requested_model = ?", model);
    add(conditions, parameters, table + ".provider = ?", provider);
    add(conditions, parameters, table + ".outcome = ?", outcome);
    return conditions;
  }

  /** As {@link #conditions}, with the range and the session. */
  List<String> callConditions(String table, List<Object> parameters) {
    List<String> conditions = conditions(table, parameters);
    add(conditions, parameters, table + ".session_id = ?", sessionId);
    add(
        conditions,
        parameters,
        table + ".opened_at >= ?",
        from == null ? null : Timestamp.from(from));
    add(conditions, parameters, table + ".opened_at < ?", to == null ? null : Timestamp.from(to));
    return conditions;
  }

  private static void add(
      List<String> conditions, List<Object> parameters, String condition, @Nullable Object value) {
    if (value != null) {
      conditions.add(condition);
      parameters.add(value);
    }
  }

  boolean accepts(CallView call) {
    return (from == null || !call.openedAt().isBefore(from))
        && (to == null || call.openedAt().isBefore(to))
        && (keyId == null || keyId.equals(call.key().id()))
        && (memberId == null || call.member() != null && memberId.equals(call.member().id()))
        && (model == null || model.equals(call.requestedModel()))
        && (provider == null || provider.equals(call.provider()))
        && (outcome == null || outcome.equals(call.outcome()))
        && (sessionId == null || sessionId.equals(call.sessionId()));
  }
}
