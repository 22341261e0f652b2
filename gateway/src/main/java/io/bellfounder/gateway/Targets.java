package io.bellfounder.gateway;

import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The state of every target met so far. Shared by all event loops. */
final class Targets {
  /** Names come from clients where a target passes them on, so beyond this they share a state. */
  private static final int MOST = 2_048;

  private static final String OTHERS = "(others)";

  private final GatewayConfig.Breaker config;
  private final InstantSource clock;
  private final Map<Name, TargetState> states = new ConcurrentHashMap<>();
  private volatile RouteTable lastSeen;

  Targets(GatewayConfig.Breaker config, InstantSource clock, RouteTable routes) {
    this.config = config;
    this.clock = clock;
    this.lastSeen = routes;
  }

  private record Name(String provider, String model) {}

  TargetState state(Provider provider, String model) {
    var name = new Name(provider.name(), model);
    var known = states.get(name);
    if (known != null) {
      return known;
    }
    var kept = states.size() < MOST ? name : new Name(provider.name(), OTHERS);
    return states.computeIfAbsent(kept, n -> new TargetState(n.provider(), n.model(), config));
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
    return states.values().stream().map(state -> state.health(now)).toList();
  }
}
