package io.bellfounder.simulator;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A script at work: which rule answers a request. Counts what it has seen; for many threads. */
final class Rules {
  private final List<Script.Rule> rules;
  private final int[] seen;
  private final int[] served;

  Rules(Script script) {
    rules = script.ruleList();
    seen = new int[rules.size()];
    served = new int[rules.size()];
  }

  /** The rule and its place in the script, counted from 1. */
  record Match(Script.Rule rule, int place) {
    String name() {
      return rule.name() == null ? "rule " + place : rule.name();
    }
  }

  synchronized Optional<Match> match(Exchange exchange, Dialect dialect, @Nullable Prompt prompt) {
    for (int i = 0; i < rules.size(); i++) {
      Script.Rule rule = rules.get(i);
      Script.When when = rule.when();
      if (when != null && !holds(when, exchange, dialect, prompt)) {
        continue;
      }
      seen[i]++;
      boolean itsTurn = when == null || when.nth() == null || when.nth().contains(seen[i]);
      if (itsTurn && (rule.times() == null || served[i] < rule.times())) {
        served[i]++;
        return Optional.of(new Match(rule, i + 1));
      }
    }
    return Optional.empty();
  }

  private static boolean holds(
      Script.When when, Exchange exchange, Dialect dialect, @Nullable Prompt prompt) {
    if (when.dialect() != null && when.dialect() != dialect) {
      return false;
    }
    // A rule that names no path speaks of calls to models, not of counting or listing.
    if (when.path() == null ? !exchange.isModelCall() : !like(when.path(), exchange.path())) {
      return false;
    }
    if (when.headers() != null && !headersHold(when.headers(), exchange)) {
      return false;
    }
    if (when.body() != null
        && !new String(exchange.body(), StandardCharsets.UTF_8).contains(when.body())) {
      return false;
    }
    if (prompt == null) {
      return when.model() == null
          && when.prompt() == null
          && when.stream() == null
          && when.tool() == null
          && when.toolResult() == null;
    }
    return (when.model() == null || like(when.model(), prompt.model()))
        && (when.prompt() == null || prompt.text().contains(when.prompt()))
        && (when.stream() == null || when.stream() == prompt.stream())
        && (when.tool() == null || prompt.tools().contains(when.tool()))
        && (when.toolResult() == null || when.toolResult() == prompt.toolResult());
  }

  private static boolean headersHold(Map<String, String> wanted, Exchange exchange) {
    return wanted.entrySet().stream()
        .allMatch(header -> {
          String value = exchange.header(header.getKey());
          return value != null && like(header.getValue(), value);
        });
  }

  private static boolean like(String pattern, String text) {
    String[] parts = pattern.split("\\*", -1);
    StringBuilder regex = new StringBuilder(Pattern.quote(parts[0]));
    for (int i = 1; i < parts.length; i++) {
      regex.append(".*").append(Pattern.quote(parts[i]));
    }
    return Pattern.compile(regex.toString(), Pattern.DOTALL).matcher(text).matches();
  }
}
