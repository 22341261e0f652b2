package io.bellfounder.graph.temporal;

import io.temporal.common.Priority;
import java.nio.charset.StandardCharsets;
import java.util.UUID;

/** What Temporal's queues are told of a run's place among others. */
final class Dispatch {
  /** Temporal's limit for a fairness key, in bytes. */
  private static final int KEY_MAX = 64;

  private Dispatch() {}

  /** Temporal counts from 1, the most urgent, to 5; 0 of ours is its usual 3. */
  static Priority priority(RunTicket ticket) {
    int ours = ticket.priority();
    int key = ours >= 60 ? 1 : ours >= 20 ? 2 : ours > -20 ? 3 : ours > -60 ? 4 : 5;
    return Priority.newBuilder().setPriorityKey(key).setFairnessKey(key(ticket.tenant())).build();
  }

  private static String key(String tenant) {
    byte[] bytes = tenant.getBytes(StandardCharsets.UTF_8);
    return bytes.length <= KEY_MAX ? tenant : UUID.nameUUIDFromBytes(bytes).toString();
  }
}
