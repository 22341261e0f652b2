package io.bellfounder.server.dataplane;

import io.bellfounder.gateway.SettledCall;
import io.bellfounder.server.api.Problem;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Which calls are meant. What is {@code null} does not matter.
 *
 * @param from inclusive
 * @param to exclusive
 * @param model as the client wrote it
 * @param outcome one, or several with commas between them
 * @param agentId {@code main} for the agent without an id
 */
record CallFilter(
    @Nullable Instant from,
    @Nullable Instant to,
    @Nullable UUID keyId,
    @Nullable UUID memberId,
    @Nullable String model,
    @Nullable String provider,
    @Nullable String outcome,
    @Nullable String sessionId,
    @Nullable String agentId,
    Set<Only> only) {
  static final String MAIN_AGENT = "main";

  private static final Set<String> OUTCOMES =
      Arrays.stream(SettledCall.Outcome.values())
          .map(known -> known.name().toLowerCase(Locale.ROOT))
          .collect(Collectors.toUnmodifiableSet());

  /** What a call has or has not, rather than what it belongs to. */
  enum Only {
    WITHOUT_MEMBER,
    ESTIMATED,
    UNPRICED
  }

  CallFilter {
    if (outcome != null && !OUTCOMES.containsAll(List.of(outcome.split(",")))) {
      throw Problem.invalid("outcome", "is none of the outcomes of a call");
    }
    only = Set.copyOf(only);
    if (from != null && to != null && !from.isBefore(to)) {
      throw Problem.invalid("to", "must be after from");
    }
  }

  CallFilter(
      @Nullable Instant from,
      @Nullable Instant to,
      @Nullable UUID keyId,
      @Nullable UUID memberId,
      @Nullable String model,
      @Nullable String provider,
      @Nullable String outcome,
      @Nullable String sessionId) {
    this(from, to, keyId, memberId, model, provider, outcome, sessionId, null, Set.of());
  }

  /** A condition for each value that is given; the values are appended to the parameters. */
  List<String> conditions(String table, List<Object> parameters) {
    List<String> conditions = new ArrayList<>();
    add(conditions, parameters, table + ".key_id = ?", keyId);
    add(conditions, parameters, table + ".member_id = ?", memberId);
    add(conditions, parameters, table + ".requested_model = ?", model);
    add(conditions, parameters, table + ".provider = ?", provider);
    add(conditions, parameters, table + ".outcome = ANY(string_to_array(?, ','))", outcome);
    return conditions;
  }

  /** As {@link #conditions}, with the range and the session. */
  List<String> callConditions(String table, List<Object> parameters) {
    List<String> conditions = conditions(table, parameters);
    add(conditions, parameters, table + ".session_id = ?", sessionId);
    if (MAIN_AGENT.equals(agentId)) {
      conditions.add(table + ".agent_id IS NULL");
    } else {
      add(conditions, parameters, table + ".agent_id = ?", agentId);
    }
    for (Only wish : only) {
      conditions.add(
          table
              + switch (wish) {
                case WITHOUT_MEMBER -> ".member_id IS NULL";
                case ESTIMATED -> ".estimated";
                case UNPRICED -> ".price_known IS FALSE";
              });
    }
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
        && (outcome == null
            || call.outcome() != null && List.of(outcome.split(",")).contains(call.outcome()))
        && (sessionId == null || sessionId.equals(call.sessionId()))
        && (agentId == null || agentId.equals(call.agentId() == null ? MAIN_AGENT : call.agentId()))
        && only.stream().allMatch(wish -> accepts(wish, call));
  }

  private static boolean accepts(Only wish, CallView call) {
    return switch (wish) {
      case WITHOUT_MEMBER -> call.member() == null;
      case ESTIMATED -> call.estimated();
      case UNPRICED -> call.unpriced();
    };
  }
}
