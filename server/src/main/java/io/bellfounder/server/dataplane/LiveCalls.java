package io.bellfounder.server.dataplane;

import io.bellfounder.gateway.CallListener;
import io.bellfounder.gateway.OpenedCall;
import io.bellfounder.gateway.SettledCall;
import io.bellfounder.server.teams.KeyMemory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.context.ApplicationEventPublisher;

/**
 * What happens right now, beside the ledger: calls that are open, and those that were settled a
 * moment ago and may not be in the database yet. Event loops write here and never wait; when they
 * are faster than the listeners, some events are skipped and the listeners are told to look anew.
 */
final class LiveCalls implements CallListener {
  private static final int OPEN_MAX = 10_000;

  /**
   * Enough for a page of the newest. Each is some kilobytes that every young collection copies
   * while calls come fast: 2,000 of them made its pauses three times as long.
   */
  private static final int RECENT_MAX = 256;

  private static final int EVENTS_MAX = 4_096;

  private final KeyMemory keys;
  private final LiveAudience audience;
  private final ApplicationEventPublisher events;
  private final Map<UUID, OpenedCall> open = new ConcurrentHashMap<>();
  private final AtomicReferenceArray<@Nullable SettledCall> recent =
      new AtomicReferenceArray<>(RECENT_MAX);
  private final AtomicInteger settledCount = new AtomicInteger();
  private final BlockingQueue<Object> queue = new ArrayBlockingQueue<>(EVENTS_MAX);
  private final AtomicBoolean skipped = new AtomicBoolean();
  private @Nullable Thread thread;

  LiveCalls(KeyMemory keys, LiveAudience audience, ApplicationEventPublisher events) {
    this.keys = keys;
    this.audience = audience;
    this.events = events;
  }

  void start() {
    thread = Thread.ofVirtual().name("live-calls").start(this::run);
  }

  void stop() {
    if (thread != null) {
      thread.interrupt();
    }
  }

  private void run() {
    try {
      while (!Thread.currentThread().isInterrupted()) {
        Object event = queue.take();
        if (skipped.compareAndSet(true, false)) {
          events.publishEvent(new CallEvents.Skipped());
        }
        switch (event) {
          case OpenedCall call ->
              events.publishEvent(new CallEvents.Opened(call.key().organisationId(), view(call)));
          case SettledCall call ->
              events.publishEvent(
                  new CallEvents.Settled(call.opened().key().organisationId(), view(call)));
          default -> throw new IllegalStateException("neither opened nor settled: " + event);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void opened(OpenedCall call) {
    if (open.size() < OPEN_MAX) {
      open.put(call.id(), call);
    }
    offer(call);
  }

  @Override
  public void settled(SettledCall call) {
    recent.set(Math.floorMod(settledCount.getAndIncrement(), RECENT_MAX), call);
    open.remove(call.opened().id());
    offer(call);
  }

  private void offer(Object event) {
    if (audience.present() && !queue.offer(event)) {
      skipped.set(true);
    }
  }

  /** Newest first is the caller's business. */
  List<CallView> of(UUID organisation) {
    List<CallView> calls = new ArrayList<>();
    for (OpenedCall call : open.values()) {
      if (call.key().organisationId().equals(organisation)) {
        calls.add(view(call));
      }
    }
    settledOf(organisation).forEach(call -> calls.add(view(call)));
    return calls;
  }

  Optional<OpenedCall> open(UUID organisation, UUID id) {
    OpenedCall call = open.get(id);
    return call != null && call.key().organisationId().equals(organisation)
        ? Optional.of(call)
        : Optional.empty();
  }

  Optional<SettledCall> recent(UUID organisation, UUID id) {
    return settledOf(organisation).filter(call -> call.opened().id().equals(id)).findFirst();
  }

  private Stream<SettledCall> settledOf(UUID organisation) {
    return IntStream.range(0, RECENT_MAX)
        .mapToObj(recent::get)
        .filter(Objects::nonNull)
        .filter(call -> call.opened().key().organisationId().equals(organisation));
  }

  /** These are in the database now. */
  void stored(List<SettledCall> calls) {
    var ids = new java.util.HashSet<UUID>();
    calls.forEach(call -> ids.add(call.opened().id()));
    for (int i = 0; i < RECENT_MAX; i++) {
      SettledCall call = recent.get(i);
      if (call != null && ids.contains(call.opened().id())) {
        recent.compareAndSet(i, call, null);
      }
    }
  }

  CallView view(OpenedCall call) {
    return CallView.of(call, keys.memberName(call.key().id()));
  }

  CallView view(SettledCall call) {
    return CallView.of(call, keys.memberName(call.opened().key().id()));
  }
}
