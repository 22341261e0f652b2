package io.bellfounder.server.dataplane;

import io.bellfounder.gateway.SettledCall;
import io.bellfounder.gateway.Spool;
import io.bellfounder.gateway.SpoolBacklog;
import io.bellfounder.gateway.SpoolReader;
import io.bellfounder.gateway.SpoolRecord;
import io.bellfounder.server.launch.DatabaseState;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries settled calls from the spool to PostgreSQL, in batches and in order. A batch that fails
 * is tried again until it is there: nothing is passed over. A batch that was stored but not yet
 * committed in the spool comes again after a crash and changes nothing.
 *
 * <p>A record that the database will never take is found by halving its batch and kept aside in a
 * file, so that it holds up nobody; it is tried again at every start and every hour, as what was in
 * its way may be gone. Only so many are kept aside: beyond that everything waits.
 */
final class LedgerShipper {
  private static final Logger LOG = LoggerFactory.getLogger(LedgerShipper.class);
  private static final Duration IDLE = Duration.ofMillis(100);
  private static final Duration PAUSE_MAX = Duration.ofSeconds(5);
  private static final Duration WARN_AFTER = Duration.ofSeconds(30);
  private static final Duration FLUSH = Duration.ofSeconds(5);
  static final Duration REFUSED_AGAIN = Duration.ofHours(1);

  private final Spool spool;
  private final SpoolReader reader;
  private final CallStore store;
  private final LiveCalls live;
  private final DatabaseState database;
  private final RefusedCalls refused;
  private final InstantSource clock;
  private final ShippingPace pace = new ShippingPace();
  private final CountDownLatch closing = new CountDownLatch(1);
  private volatile @Nullable String problem;
  private volatile long stored;
  private long carried;
  private Instant refusedAgain = Instant.MIN;
  private @Nullable Thread thread;

  LedgerShipper(
      Spool spool,
      CallStore store,
      LiveCalls live,
      DatabaseState database,
      RefusedCalls refused,
      InstantSource clock) {
    this.spool = spool;
    this.reader = spool.reader();
    this.store = store;
    this.live = live;
    this.database = database;
    this.refused = refused;
    this.clock = clock;
  }

  void start() {
    thread = Thread.ofPlatform().daemon().name("ledger-shipper").start(this::run);
  }

  /** Ships what is there, as far as a few seconds go; the rest waits on disk for the next start. */
  void stop() throws InterruptedException {
    closing.countDown();
    if (thread != null) {
      thread.join(FLUSH.plusSeconds(2));
    }
  }

  SpoolBacklog backlog() {
    return spool.backlog();
  }

  long stored() {
    return stored;
  }

  /** Calls kept aside because the database does not take them. */
  int refused() {
    return refused.count();
  }

  /** Why the ledger in the database is not whole, or {@code null}. */
  @Nullable String problem() {
    String now = problem;
    int aside = refused.count();
    return now != null || aside == 0
        ? now
        : aside + " settled calls are refused by the database and kept aside; the log says why";
  }

  private void run() {
    Background.enter();
    Duration pause = IDLE;
    long endBy = Long.MAX_VALUE;
    try {
      while (true) {
        boolean closed = closing.getCount() == 0;
        if (closed && endBy == Long.MAX_VALUE) {
          endBy = System.nanoTime() + FLUSH.toNanos();
        }
        boolean more = false;
        if (database.migrated()) {
          try {
            tryRefusedAgain();
            long begun = System.nanoTime();
            int asked = pace.batch();
            int moved = shipOne(asked);
            more = moved == asked;
            recovered();
            pause = more ? rest(moved, begun) : IDLE;
          } catch (IOException | RuntimeException e) {
            failed(e);
            reader.rewind();
            pause = longer(pause);
          }
        }
        if (closed && (!more || System.nanoTime() - endBy > 0)) {
          return;
        }
        if (closing.await(pause.toNanos(), TimeUnit.NANOSECONDS)) {
          pause = IDLE;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Duration rest(int moved, long begun) {
    long now = System.nanoTime();
    SpoolBacklog backlog = spool.backlog();
    double filled = (double) backlog.diskBytes() / backlog.diskBytesMax();
    return pace.rest(
        moved,
        Duration.ofNanos(now - begun),
        new ShippingPace.Waiting(carried + backlog.records(), backlog.oldestAge(), filled),
        now);
  }

  /** How many records were carried; less than a batch if no more are there. */
  private int shipOne(int recordsMax) throws IOException {
    SpoolReader.Batch batch = reader.read(recordsMax);
    if (batch.isEmpty()) {
      return 0;
    }
    List<SettledCall> settled = new ArrayList<>();
    for (SpoolRecord record : batch.records()) {
      switch (record) {
        case SpoolRecord.Settled of -> settled.add(of.call());
        case SpoolRecord.Opened _ -> {}
      }
    }
    store(settled);
    reader.commit(batch);
    carried += settled.size();
    // Those kept aside too: a page that read the database would lack them, so all pages do.
    live.stored(settled);
    return batch.records().size();
  }

  /** What the database does not take is kept aside. */
  private void store(List<SettledCall> calls) throws IOException {
    try {
      stored += store.store(calls);
    } catch (RuntimeException e) {
      if (!FinalRefusal.isFinal(e) || refused.full()) {
        throw e;
      }
      if (calls.size() == 1) {
        keepAside(calls.getFirst(), e);
        return;
      }
      int half = calls.size() / 2;
      store(calls.subList(0, half));
      store(calls.subList(half, calls.size()));
    }
  }

  private void keepAside(SettledCall call, RuntimeException why) throws IOException {
    Path file =
        refused.keep(new RefusedCalls.Refused(clock.instant(), FinalRefusal.words(why), call));
    LOG.error(
        "The database refuses call {} ({}); it is kept in {} and tried again every hour and at every start",
        call.opened().id(),
        FinalRefusal.code(why),
        file);
    if (refused.full()) {
      LOG.error(
          "{} calls are kept aside, which is the limit: from here on the ledger waits in the spool",
          refused.count());
    }
  }

  private void tryRefusedAgain() {
    if (clock.instant().isBefore(refusedAgain)) {
      return;
    }
    if (refused.count() > 0) {
      try {
        for (SettledCall call : refused.all()) {
          tryAgain(call);
        }
      } catch (IOException e) {
        // Must not hold up the others.
        LOG.warn("calls that were refused cannot be read; they are tried again in an hour", e);
      }
    }
    refusedAgain = clock.instant().plus(REFUSED_AGAIN);
  }

  private void tryAgain(SettledCall call) throws IOException {
    try {
      stored += store.store(List.of(call));
    } catch (RuntimeException e) {
      if (FinalRefusal.isFinal(e)) {
        return;
      }
      throw e;
    }
    refused.taken(call);
    LOG.info("The database takes call {} now", call.opened().id());
  }

  private void failed(Exception e) {
    if (problem == null) {
      LOG.warn(
          "The ledger cannot be written to the database; calls are served and kept in the spool: {}",
          FinalRefusal.line(e));
    } else if (spool.backlog().oldestAge().compareTo(WARN_AFTER) > 0) {
      SpoolBacklog backlog = spool.backlog();
      LOG.warn(
          "The ledger lags: {} calls wait since {} ({} of {} MiB of the spool's room)",
          backlog.records(),
          backlog.oldestAge(),
          backlog.diskBytes() >> 20,
          backlog.diskBytesMax() >> 20);
    }
    problem = "settled calls wait in the spool until the database takes them";
  }

  private void recovered() {
    if (problem != null) {
      problem = null;
      LOG.info("The ledger is written to the database again");
    }
  }

  private static Duration longer(Duration pause) {
    Duration twice = pause.multipliedBy(2);
    return twice.compareTo(PAUSE_MAX) < 0 ? twice : PAUSE_MAX;
  }
}
