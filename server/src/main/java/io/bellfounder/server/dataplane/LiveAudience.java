package io.bellfounder.server.dataplane;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.springframework.stereotype.Component;

/**
 * Whether anybody watches calls live. Without an audience nothing is told, which spares every call
 * a few microseconds; a page that reloads or reconnects within a minute still counts.
 */
@Component
public final class LiveAudience {
  private static final long GRACE_NANOS = Duration.ofMinutes(1).toNanos();

  private final AtomicInteger watching = new AtomicInteger();
  private final AtomicLong leftAt = new AtomicLong(System.nanoTime() - GRACE_NANOS);

  public void come() {
    watching.incrementAndGet();
  }

  public void leave() {
    leftAt.set(System.nanoTime());
    watching.decrementAndGet();
  }

  public boolean present() {
    return watching.get() > 0 || System.nanoTime() - leftAt.get() < GRACE_NANOS;
  }
}
