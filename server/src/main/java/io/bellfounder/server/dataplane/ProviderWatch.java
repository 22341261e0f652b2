package io.bellfounder.server.dataplane;

import io.bellfounder.gateway.TargetHealth;
import io.bellfounder.server.launch.Repeating;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;

/** Tells the live view of providers whose state changed, looking once a second. */
@Component
final class ProviderWatch implements SmartLifecycle {
  private static final Duration EVERY = Duration.ofSeconds(1);

  private final GatewayHealth health;
  private final ApplicationEventPublisher events;
  private final Repeating task = new Repeating("provider-watch", EVERY, this::look);
  private Map<Place, State> before = new HashMap<>();
  private volatile boolean running;

  ProviderWatch(GatewayHealth health, ApplicationEventPublisher events) {
    this.health = health;
    this.events = events;
  }

  @Override
  public void start() {
    running = true;
    task.start();
  }

  @Override
  public void stop() {
    running = false;
    task.stop();
  }

  @Override
  public boolean isRunning() {
    return running;
  }

  private void look() {
    Map<Place, State> now = new HashMap<>();
    Set<String> changed = new HashSet<>();
    for (TargetHealth target : health.targets()) {
      Place place = new Place(target.provider(), target.model());
      State state = State.of(target);
      now.put(place, state);
      if (!state.equals(before.get(place))) {
        changed.add(target.provider());
      }
    }
    before = now;
    changed.forEach(provider -> events.publishEvent(new ProviderChanged(provider)));
  }

  private record Place(String provider, String model) {}

  private record State(
      String breaker,
      boolean benched,
      @Nullable Instant waitUntil,
      @Nullable Instant lastError,
      boolean succeeded) {
    static State of(TargetHealth target) {
      var error = target.lastError();
      return new State(
          CallStore.word(target.breaker()),
          target.benched(),
          target.waitUntil(),
          error == null ? null : error.at(),
          target.lastSuccessAt() != null);
    }
  }
}
