package io.bellfounder.testing;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Waiting for a condition, and no longer. */
public final class Await {
  private static final Duration DEFAULT = Duration.ofSeconds(20);

  private Await() {}

  /** Waits up to 20 s. A condition that throws counts as not yet true; its last error is shown. */
  public static void until(String what, Callable<Boolean> condition) {
    until(what, DEFAULT, condition);
  }

  public static void until(String what, Duration timeout, Callable<Boolean> condition) {
    var _ = value(what, timeout, condition, holds -> holds);
  }

  /** The first value that is accepted, waiting up to the time-out. */
  public static <T> T value(
      String what, Duration timeout, Callable<T> source, Predicate<T> accepted) {
    long deadline = System.nanoTime() + timeout.toNanos();
    @Nullable Exception last = null;
    @Nullable T seen = null;
    do {
      try {
        seen = source.call();
        last = null;
        if (accepted.test(seen)) {
          return seen;
        }
      } catch (Exception e) {
        last = e;
      }
      LockSupport.parkNanos(5_000_000);
    } while (System.nanoTime() - deadline < 0);
    throw new AssertionError(
        "not within " + timeout + ": " + what + (last == null ? "; last seen: " + seen : ""), last);
  }
}
