package io.bellfounder.server.console;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The last events, and who listens. A reader that comes back with an id it was given hears what it
 * missed; if that is too long ago, or was another process, it hears {@code reset} and looks anew.
 * Safe for use by many threads.
 */
final class LiveFeed {
  private static final int REMEMBERED = 2_000;

  private final String life;
  private final Deque<LiveEvent> ring = new ArrayDeque<>();
  private final Set<LiveReader> readers = ConcurrentHashMap.newKeySet();
  private long sequence;

  /**
   * @param life names this process among all that a browser may have talked to
   */
  LiveFeed(String life) {
    this.life = life;
  }

  synchronized void publish(
      @Nullable UUID organisation, String name, Function<UUID, @Nullable Object> data) {
    LiveEvent event = new LiveEvent(++sequence, organisation, name, data);
    ring.addLast(event);
    if (ring.size() > REMEMBERED) {
      ring.removeFirst();
    }
    for (LiveReader reader : readers) {
      if (event.concerns(reader.caller().organisationId())) {
        reader.offer(event);
      }
    }
  }

  /** Whoever comes back later looks anew. */
  synchronized void forget() {
    sequence++;
    ring.clear();
  }

  /** Everybody looks anew, also those who come back later. */
  synchronized void reset() {
    forget();
    publish(null, "reset", _ -> "{}");
  }

  /**
   * Hands over what the reader missed, and from now on everything.
   *
   * @return the id from which the reader has everything, until it is told a newer one
   */
  synchronized String join(LiveReader reader, @Nullable String lastId) {
    readers.add(reader);
    if (lastId == null || lastId.isEmpty()) {
      return id(sequence);
    }
    missed(reader.caller().organisationId(), lastId).forEach(reader::offer);
    return lastId;
  }

  private List<LiveEvent> missed(UUID organisation, String lastId) {
    long last = sequence(lastId);
    long oldest = ring.isEmpty() ? sequence + 1 : ring.getFirst().sequence();
    if (last < oldest - 1 || last > sequence) {
      return List.of(new LiveEvent(sequence, null, "reset", _ -> "{}"));
    }
    List<LiveEvent> missed = new ArrayList<>();
    for (LiveEvent event : ring) {
      if (event.sequence() > last && event.concerns(organisation)) {
        missed.add(event);
      }
    }
    return missed;
  }

  void leave(LiveReader reader) {
    readers.remove(reader);
  }

  Set<LiveReader> readers() {
    return readers;
  }

  String id(LiveEvent event) {
    return id(event.sequence());
  }

  private String id(long number) {
    return life + "-" + number;
  }

  /** -1 for an id of another life. */
  private long sequence(String id) {
    String prefix = life + "-";
    try {
      return id.startsWith(prefix) && id.length() <= prefix.length() + 18
          ? Long.parseLong(id.substring(prefix.length()))
          : -1;
    } catch (NumberFormatException damaged) {
      return -1;
    }
  }
}
