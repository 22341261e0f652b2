package io.bellfounder.server.identity;

import io.bellfounder.server.api.Problem;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Counts failures within a quarter of an hour and asks for patience beyond what is allowed, until
 * they are forgotten. Remembers a bounded number of names and forgets the ones not heard of for
 * longest. Safe for use by many threads.
 */
final class Throttle {
  private static final Duration WINDOW = Duration.ofMinutes(15);
  private static final int NAMES_MAX = 10_000;

  private final InstantSource clock;
  private final Map<String, Failures> failures =
      new LinkedHashMap<>(256, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Failures> eldest) {
          return size() > NAMES_MAX;
        }
      };

  Throttle(InstantSource clock) {
    this.clock = clock;
  }

  /**
   * @throws Problem that says how long to wait, if so
   */
  void refuseImpatience(String name, int allowed) {
    Optional<Duration> wait = wait(name, allowed);
    if (wait.isPresent()) {
      throw Problem.tooMany(
          "too_many_attempts",
          "Too many failed attempts. Wait as long as Retry-After says.",
          wait.get());
    }
  }

  private synchronized Optional<Duration> wait(String name, int allowed) {
    Failures known = failures.get(name);
    Instant now = clock.instant();
    if (known == null || !now.isBefore(known.until())) {
      return Optional.empty();
    }
    return known.count() < allowed
        ? Optional.empty()
        : Optional.of(Duration.between(now, known.until()));
  }

  synchronized void failed(String name) {
    Instant now = clock.instant();
    Failures known = failures.get(name);
    failures.put(
        name,
        known == null || !now.isBefore(known.until())
            ? new Failures(1, now.plus(WINDOW))
            : new Failures(known.count() + 1, known.until()));
  }

  synchronized void succeeded(String name) {
    failures.remove(name);
  }

  /** One that was none after all; what others did stays. */
  synchronized void takeBack(String name) {
    failures.computeIfPresent(
        name, (_, known) -> new Failures(Math.max(0, known.count() - 1), known.until()));
  }

  private record Failures(int count, Instant until) {}
}
