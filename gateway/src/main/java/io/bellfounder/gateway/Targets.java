package io.bellfounder.gateway;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/** The state of every target met so far. Shared by all event loops. */
final class Targets {
  /**
   * Names come from clients where a target passes them on, so beyond this the healthy ones that
   * were used least recently are forgotten. Event loops that add at once may go over by one each.
   */
  private static final int MOST = 2_048;

  /** Many at a time, so that a flood of new names does not look through the table for each. */
  private static final int FORGOTTEN_AT_ONCE = 128;

  private static final Duration BEFORE_ANOTHER_LOOK = Duration.ofSeconds(1);

  private static final String OTHERS = "(others)";

  private final GatewayConfig.Breaker config;
  private final InstantSource clock;
  private final Map<Name, TargetState> states = new ConcurrentHashMap<>();

  /** By provider: one for all models that found no room. */
  private final Map<String, TargetState> others = new ConcurrentHashMap<>();

  private Instant fullUntil = Instant.MIN;
  private volatile RouteTable lastSeen;

  Targets(GatewayConfig.Breaker config, InstantSource clock, RouteTable routes) {
    this.config = config;
    this.clock = clock;
    this.lastSeen = routes;
  }

  private record Name(String provider, String model) {}

  private record Dispensable(Name name, Instant since) {}

  TargetState state(Provider provider, String model) {
    var name = new Name(provider.name(), model);
    var known = states.get(name);
    if (known != null) {
      return known;
    }
    var now = clock.instant();
    return states.size() < MOST || makeRoom(now)
        ? states.computeIfAbsent(
            name, n -> new TargetState(n.provider(), n.model(), false, config, now))
        : others.computeIfAbsent(
            name.provider(), each -> new TargetState(each, OTHERS, true, config, now));
  }

  private synchronized boolean makeRoom(Instant now) {
    if (states.size() < MOST) {
      return true;
    }
    if (now.isBefore(fullUntil)) {
      return false;
    }
    var dispensable = new ArrayList<Dispensable>();
    states.forEach((name, state) -> {
      var since = state.dispensableSince(now);
      if (since != null) {
        dispensable.add(new Dispensable(name, since));
      }
    });
    if (dispensable.isEmpty()) {
      fullUntil = now.plus(BEFORE_ANOTHER_LOOK);
      return false;
    }
    dispensable.sort(Comparator.comparing(Dispensable::since));
    dispensable.stream().limit(FORGOTTEN_AT_ONCE).forEach(each -> states.remove(each.name()));
    return true;
  }

  /** Notices new routes: a credential that was refused may have been mended. */
  void seen(RouteTable routes) {
    if (routes != lastSeen) {
      lastSeen = routes;
      states.values().forEach(TargetState::unbench);
    }
  }

  List<TargetHealth> health() {
    var now = clock.instant();
    return Stream.concat(states.values().stream(), others.values().stream())
        .map(state -> state.health(now))
        .toList();
  }
}
