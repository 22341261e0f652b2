package io.bellfounder.server.teams;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.transaction.TransactionException;

/** Writes down when keys were last used, every few seconds and never on a call's path. */
final class KeyUses {
  private static final Logger LOG = LoggerFactory.getLogger(KeyUses.class);
  private static final Duration EVERY = Duration.ofSeconds(2);

  private final KeyMemory memory;
  private final Keys keys;
  private final CountDownLatch closing = new CountDownLatch(1);

  KeyUses(KeyMemory memory, Keys keys) {
    this.memory = memory;
    this.keys = keys;
  }

  void start() {
    Thread.ofVirtual().name("key-uses").start(this::run);
  }

  void stop() {
    closing.countDown();
    write();
  }

  private void run() {
    try {
      while (!closing.await(EVERY.toMillis(), TimeUnit.MILLISECONDS)) {
        write();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  void write() {
    Map<UUID, Instant> left = new HashMap<>(memory.takeUses());
    try {
      for (UUID id : Map.copyOf(left).keySet()) {
        @Nullable KnownKey key = memory.snapshot().byId(id);
        Instant at = left.get(id);
        if (key != null && at != null) {
          keys.used(key.organisationId(), id, at);
        }
        left.remove(id);
      }
    } catch (DataAccessException | TransactionException e) {
      left.forEach(memory::giveBack);
      LOG.debug("last uses of keys wait for the database: {}", e.getMessage());
    }
  }
}
