package io.bellfounder.gateway;

import static java.util.Objects.requireNonNull;

import io.bellfounder.gateway.SpoolSegment.Place;
import io.bellfounder.wire.Usage;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The ledger on disk: an append-only, checksummed log in numbered segments, one writing process at
 * a time. A record is in the operating system's hands before {@link #opened} or {@link #settled}
 * returns, so killing the process loses nothing; a background thread calls {@code fsync} in groups,
 * so a power cut can lose {@link SpoolConfig#syncInterval}.
 *
 * <ul>
 *   <li>Segments are filled with zeros before use, and every open call has space set aside for its
 *       settlement: a full disk refuses new calls and never a settlement.
 *   <li>At start, calls that an earlier process opened and never settled are settled as
 *       interrupted, estimated from the request, once: the settlement is itself a record.
 *   <li>Segments are deleted from the oldest on, once shipped. A segment's open calls are written
 *       again at the log's head when they are all that keeps it, so one long call does not keep the
 *       rest.
 * </ul>
 *
 * <p>Called by several event loops at once: encoding and writing happen outside the lock, which
 * gives each record its place. What a reader sees ends before the first that is still being
 * written.
 */
public final class Spool implements Ledger, AutoCloseable {
  private static final Logger LOG = System.getLogger(Spool.class.getName());

  /** Open calls are carried on once this many segments hang on the oldest. */
  private static final int SEGMENTS_KEPT_FOR_OPEN_CALLS = 3;

  private final SpoolConfig config;
  private final InstantSource clock;
  private final SpoolLock directoryLock;
  private final SpoolQuarantine quarantine;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition closing = lock.newCondition();
  private final Thread background;
  private final Thread preparing;

  // Guarded by the lock.
  private final ArrayDeque<SpoolSegment> segments = new ArrayDeque<>();
  private final SpoolSpares spares;
  private final List<SpoolSegment> leftBehind = new ArrayList<>();
  private final Map<UUID, Place> open = new ConcurrentHashMap<>();
  private final ArrayDeque<UUID> interrupted = new ArrayDeque<>();
  private @Nullable SpoolSegment current;
  private long nextNumber;
  private int opening;
  private boolean dirty;
  private boolean newName;
  private boolean closed;
  private boolean refusing;
  private @Nullable IOException broken;
  private SpoolCursor cursor;
  private long waitingRecords;
  private int recovered;

  /** Another process, or another spool in this one, holds the directory. */
  public static final class SpoolInUse extends IOException {
    SpoolInUse(String message) {
      super(message);
    }
  }

  /**
   * Opens the spool, reads what earlier processes left, and settles what they left open.
   *
   * @throws SpoolInUse if another process has it
   * @throws IOException if the directory cannot be used. A full disk is no reason: the spool then
   *     opens, refuses new calls, and can still be shipped
   */
  public static Spool open(SpoolConfig config, InstantSource clock) throws IOException {
    return open(config, clock, SpoolDisk.REAL);
  }

  static Spool open(SpoolConfig config, InstantSource clock, SpoolDisk disk) throws IOException {
    Files.createDirectories(config.directory());
    var directoryLock = SpoolLock.of(config.directory());
    boolean opened = false;
    try {
      SpoolDisk.shutOthersOut(config.directory());
      var spool = new Spool(config, clock, disk, directoryLock);
      spool.readEarlier();
      spool.settleInterrupted();
      spool.prepare();
      spool.background.start();
      spool.preparing.start();
      opened = true;
      return spool;
    } finally {
      if (!opened) {
        directoryLock.close();
      }
    }
  }

  private Spool(SpoolConfig config, InstantSource clock, SpoolDisk disk, SpoolLock directoryLock)
      throws IOException {
    this.config = config;
    this.clock = clock;
    this.directoryLock = directoryLock;
    this.quarantine = new SpoolQuarantine(config.directory());
    this.spares = new SpoolSpares(config, disk);
    this.cursor = SpoolCursor.load(config.directory());
    this.background = Thread.ofPlatform().daemon().name("spool").unstarted(this::syncUntilClosed);
    this.preparing =
        Thread.ofPlatform().daemon().name("spool-space").unstarted(this::prepareUntilClosed);
  }

  // ---- writing

  @Override
  public void opened(OpenedCall call) {
    var record = CallCodec.encode(call);
    if (record.tooLarge()) {
      throw unavailable("the record of call " + call.id() + " is too large", null);
    }
    var frame =
        SpoolFrame.of(SpoolFrame.Kind.OPENED, call.id(), clock.instant().toEpochMilli(), record);
    Place place;
    lock.lock();
    try {
      var why = broken;
      if (closed || why != null) {
        throw unavailable(
            closed ? "the spool is closed" : "its disk has failed: restart once it is mended", why);
      }
      reserve(frame.remaining());
      place = begin(frame);
      opening++;
    } catch (IOException e) {
      throw unavailable(refusal(e), e);
    } finally {
      lock.unlock();
    }
    boolean written = false;
    try {
      place.write(frame);
      written = true;
    } catch (IOException e) {
      throw unavailable(refusal(e), e);
    } finally {
      lock.lock();
      try {
        opening--;
        done(place);
        if (written) {
          open.put(call.id(), place);
          place.segment().countOpen(1);
        }
      } finally {
        lock.unlock();
      }
    }
  }

  /**
   * {@inheritDoc}
   *
   * <p>A call that is not open is passed over with a warning, so a second settlement is never
   * written. A record that would be too large goes without its raw usage, then without its
   * attempts' details.
   *
   * @throws LedgerUnavailable if the disk fails; the call is then settled as interrupted at the
   *     next start
   */
  @Override
  public void settled(SettledCall call) {
    var frame = frame(call);
    Place opened;
    Place place;
    lock.lock();
    try {
      if (closed && open.containsKey(call.opened().id())) {
        throw unavailable("the spool is closed", null);
      }
      opened = open.remove(call.opened().id());
      if (opened == null) {
        LOG.log(Level.WARNING, "call " + call.opened().id() + " is not open: settled already?");
        return;
      }
      place = beginSettlement(call.opened().id(), opened, frame);
    } finally {
      lock.unlock();
    }
    boolean written = false;
    try {
      place.write(frame);
      written = true;
    } catch (IOException e) {
      throw unavailable(refusal(e), e);
    } finally {
      lock.lock();
      try {
        done(place);
        if (written) {
          opened.segment().countOpen(-1);
          waitingRecords++;
        } else {
          open.put(call.opened().id(), opened);
        }
      } finally {
        lock.unlock();
      }
    }
  }

  private Place beginSettlement(UUID id, Place opened, ByteBuffer frame) {
    try {
      return begin(frame);
    } catch (IOException e) {
      open.put(id, opened);
      throw unavailable(refusal(e), e);
    }
  }

  private ByteBuffer frame(SettledCall call) {
    return SpoolFrame.of(
        SpoolFrame.Kind.SETTLED,
        call.opened().id(),
        clock.instant().toEpochMilli(),
        SpoolTrim.encoded(call));
  }

  private LedgerUnavailable unavailable(String message, @Nullable Throwable cause) {
    return new LedgerUnavailable(message, cause == null ? new IOException(message) : cause);
  }

  private String refusal(IOException e) {
    return "the spool " + config.directory() + " cannot be written: " + e.getMessage();
  }

  /** Takes a place, which is written without the lock and then {@linkplain #done done}. */
  private Place begin(ByteBuffer frame) throws IOException {
    int length = frame.remaining();
    var segment = current;
    if (segment == null || segment.room() < length) {
      segment = roll();
    }
    return segment.begin(length);
  }

  private void done(Place place) {
    place.done();
    dirty = true;
  }

  /** Under the lock from beginning to end: for what is rare. */
  private Place append(ByteBuffer frame) throws IOException {
    var place = begin(frame);
    try {
      place.write(frame);
    } finally {
      done(place);
    }
    return place;
  }

  private SpoolSegment roll() throws IOException {
    var next = spares.begin(nextNumber);
    nextNumber++;
    newName = true;
    leaveBehind();
    current = next;
    segments.add(next);
    return next;
  }

  private void leaveBehind() {
    if (current != null) {
      leftBehind.add(current);
    }
  }

  // ---- space

  /** Makes sure that this record fits, and after it the settlement of every open call. */
  private void reserve(int length) throws IOException {
    while (room() < length + settlementsToCome()) {
      if (diskBytes() + config.segmentBytes() > config.bytesMax()) {
        refusingNow();
        throw new IOException(
            "it holds %d MiB that the database has not taken yet, its limit; calls are served again once it has"
                .formatted(config.bytesMax() >> 20));
      }
      spares.add();
    }
    refusing = false;
  }

  /** What is set aside for the open calls, those being opened, and one more. */
  private long settlementsToCome() {
    return (open.size() + opening + 1L) * SpoolFrame.BYTES_MAX;
  }

  private void refusingNow() {
    if (!refusing) {
      LOG.log(
          Level.ERROR,
          "the spool %s has reached its limit of %d bytes: new calls are refused until the database has taken some of it"
              .formatted(config.directory(), config.bytesMax()));
    }
    refusing = true;
  }

  /** Space that is certain: what a segment's end may waste on a frame that does not fit is not. */
  private long room() {
    return spares.room()
        + (current == null ? 0 : Math.max(0, current.room() - SpoolFrame.BYTES_MAX));
  }

  private long diskBytes() {
    long bytes = spares.bytes();
    for (var segment : segments) {
      bytes += segment.capacity();
    }
    return bytes;
  }

  private void prepareUntilClosed() {
    while (awaitInterval()) {
      prepare();
    }
  }

  /**
   * Prepares a segment before it is needed, outside the lock, down to the disk: the first {@code
   * fsync} of a file whose space is new is a commit of the file system's journal, and who writes
   * into the file meanwhile waits for it.
   */
  private void prepare() {
    Path spare;
    lock.lock();
    try {
      boolean enough = room() >= config.segmentBytes() + settlementsToCome();
      if (closed || enough || diskBytes() + config.segmentBytes() > config.bytesMax()) {
        return;
      }
      spare = spares.prepared();
    } finally {
      lock.unlock();
    }
    boolean made = spares.make(spare);
    lock.lock();
    try {
      spares.made(spare, made);
    } finally {
      lock.unlock();
    }
  }

  // ---- keeping

  private void syncUntilClosed() {
    while (awaitInterval()) {
      sync();
      settleInterrupted();
    }
  }

  /** False once the spool is closed. */
  private boolean awaitInterval() {
    lock.lock();
    try {
      long left = config.syncInterval().toNanos();
      while (!closed && left > 0) {
        left = closing.awaitNanos(left);
      }
      return !closed;
    } catch (InterruptedException e) {
      return false;
    } finally {
      lock.unlock();
    }
  }

  /** Brings all that was appended to the disk itself. */
  void sync() {
    List<SpoolSegment> full;
    SpoolSegment head;
    boolean named;
    lock.lock();
    try {
      if (!dirty && leftBehind.isEmpty()) {
        return;
      }
      dirty = false;
      full = leftBehind.stream().filter(SpoolSegment::quiet).toList();
      leftBehind.removeAll(full);
      named = newName;
      newName = false;
      head = current;
    } finally {
      lock.unlock();
    }
    try {
      for (var segment : full) {
        segment.force();
        segment.closeChannel();
      }
      if (head != null) {
        head.force();
      }
      if (named) {
        SpoolDisk.syncNames(config.directory());
      }
    } catch (ClosedChannelException e) {
      // An interrupted writer has opened a file anew: the next round takes that one.
      syncAgain(full);
    } catch (IOException e) {
      syncFailed(e);
    }
  }

  private void syncAgain(List<SpoolSegment> full) {
    lock.lock();
    try {
      leftBehind.addAll(full);
      dirty = true;
      newName = true;
    } finally {
      lock.unlock();
    }
  }

  /** What a failed fsync has lost cannot be known, so nothing new is begun on this disk. */
  private void syncFailed(IOException e) {
    LOG.log(
        Level.ERROR,
        "the spool %s cannot be brought to disk: new calls are refused until a restart"
            .formatted(config.directory()),
        e);
    lock.lock();
    try {
      broken = e;
    } finally {
      lock.unlock();
    }
  }

  // ---- what earlier processes left

  private void readEarlier() throws IOException {
    lock.lock();
    try {
      spares.clear();
      var remains = SpoolRemains.read(config.directory(), cursor, quarantine);
      segments.addAll(remains.segments());
      open.putAll(remains.open());
      interrupted.addAll(remains.open().keySet());
      waitingRecords = remains.waiting();
      nextNumber = remains.nextNumber();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Settles what an earlier process left open. Where a record cannot be written, now or ever, the
   * call stays open and the next round, or the next start, tries again.
   */
  private void settleInterrupted() {
    lock.lock();
    try {
      while (!interrupted.isEmpty() && !closed) {
        var id = interrupted.peek();
        var opening = open.get(id);
        if (opening != null && !settleInterrupted(id, opening)) {
          return;
        }
        interrupted.remove();
      }
    } finally {
      lock.unlock();
    }
  }

  /** False if there is no space at present. */
  private boolean settleInterrupted(UUID id, Place opening) {
    SpoolFrame frame = null;
    try {
      var bytes = opening.read();
      frame = requireNonNull(SpoolFrame.at(bytes, 0, bytes.length), "a frame that was read before");
      append(frame(interrupted(frame.opened(), clock.instant())));
      waitingRecords++;
      recovered++;
    } catch (CallCodecReader.UnreadableCall e) {
      LOG.log(Level.ERROR, "open call %s cannot be read (%s)".formatted(id, e.getMessage()));
      quarantine.keep(opening.segment().number, opening.offset(), frame.bytes(), 0, frame.to());
    } catch (IOException e) {
      LOG.log(
          Level.WARNING,
          "%d interrupted calls wait to be settled until there is space: %s"
              .formatted(interrupted.size(), e.getMessage()));
      return false;
    }
    open.remove(id);
    opening.segment().countOpen(-1);
    return true;
  }

  /** What is known for certain of a call whose process died: at most that its input was read. */
  static SettledCall interrupted(OpenedCall call, Instant now) {
    var usage = new Usage(call.estimatedInputTokens(), null, null, null, 0L);
    var price = call.price();
    return new SettledCall(
        call,
        SettledCall.Outcome.INTERRUPTED,
        null,
        null,
        call.provider(),
        call.targetModel(),
        List.of(),
        usage,
        true,
        null,
        price,
        price == null ? 0 : Cost.of(usage, price),
        now,
        null,
        0,
        0);
  }

  // ---- shipping

  /** A segment as far as it was written at one moment. */
  record View(SpoolSegment segment, int written, boolean sealed) {}

  /** The segment of this number or the first after it. */
  @Nullable View viewFrom(long number) {
    lock.lock();
    try {
      for (var segment : segments) {
        if (segment.number >= number) {
          return new View(segment, segment.written(), segment != current && segment.quiet());
        }
      }
      return null;
    } finally {
      lock.unlock();
    }
  }

  boolean isOpen(UUID id) {
    return open.containsKey(id);
  }

  SpoolCursor cursor() {
    lock.lock();
    try {
      return cursor;
    } finally {
      lock.unlock();
    }
  }

  SpoolQuarantine quarantine() {
    return quarantine;
  }

  /** The one reader; it begins behind what was committed last. */
  public SpoolReader reader() {
    return new SpoolReader(this, cursor());
  }

  void shipped(SpoolCursor upTo, long settled) throws IOException {
    upTo.save(config.directory());
    boolean carried;
    lock.lock();
    try {
      cursor = upTo;
      waitingRecords -= settled;
      carried = carryOpenCalls();
    } finally {
      lock.unlock();
    }
    if (carried) {
      sync();
    }
    deleteShipped();
  }

  /**
   * Writes the open calls of the oldest segment again if nothing else keeps it and its followers.
   */
  private boolean carryOpenCalls() {
    var oldest = segments.peek();
    boolean keepsOthers =
        oldest != null
            && oldest.openCalls() > 0
            && oldest.number + SEGMENTS_KEPT_FOR_OPEN_CALLS <= cursor.segment();
    if (!keepsOthers || closed) {
      return false;
    }
    try {
      for (var each : open.entrySet()) {
        if (each.getValue().segment() == oldest) {
          carry(each.getKey(), each.getValue());
        }
      }
      return true;
    } catch (IOException e) {
      LOG.log(Level.WARNING, "open calls cannot be carried on: " + e.getMessage());
      return false;
    }
  }

  private void carry(UUID id, Place from) throws IOException {
    reserve(from.length());
    var to = append(ByteBuffer.wrap(from.read()));
    open.put(id, to);
    to.segment().countOpen(1);
    from.segment().countOpen(-1);
  }

  /** From the oldest on, so that a settlement never goes before the opening it belongs to. */
  private void deleteShipped() throws IOException {
    var shipped = new ArrayList<SpoolSegment>();
    lock.lock();
    try {
      for (Iterator<SpoolSegment> each = segments.iterator(); each.hasNext(); ) {
        var segment = each.next();
        if (segment == current || segment.openCalls() > 0 || segment.number >= cursor.segment()) {
          break;
        }
        each.remove();
        shipped.add(segment);
      }
    } finally {
      lock.unlock();
    }
    for (var segment : shipped) {
      Files.deleteIfExists(segment.file);
    }
  }

  // ---- figures

  /** What waits. Reads a few bytes of the disk. */
  public SpoolBacklog backlog() {
    View first;
    SpoolCursor at;
    long records;
    long bytes = 0;
    long onDisk;
    lock.lock();
    try {
      at = cursor;
      records = waitingRecords;
      onDisk = diskBytes();
      first = null;
      for (var segment : segments) {
        if (segment.number >= at.segment()) {
          int from = segment.number == at.segment() ? at.offset() : 0;
          bytes += segment.written() - from;
          if (first == null && segment.written() > from) {
            first = new View(segment, segment.written(), false);
          }
        }
      }
    } finally {
      lock.unlock();
    }
    var age = records == 0 || first == null ? Duration.ZERO : age(first, at);
    return new SpoolBacklog(records, bytes, age, open.size(), onDisk, config.bytesMax());
  }

  private Duration age(View first, SpoolCursor at) {
    int from = first.segment().number == at.segment() ? at.offset() : 0;
    try {
      int length = Math.min(first.written() - from, SpoolFrame.BYTES_MAX);
      var frame = SpoolFrame.at(first.segment().read(from, length), 0, length);
      if (frame != null) {
        var age = Duration.between(Instant.ofEpochMilli(frame.writtenAtMillis()), clock.instant());
        return age.isNegative() ? Duration.ZERO : age;
      }
    } catch (IOException e) {
      // Shipped and deleted meanwhile.
    }
    return Duration.ZERO;
  }

  /** How many calls of earlier processes this one has settled as interrupted. */
  public int recovered() {
    lock.lock();
    try {
      return recovered;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Brings everything to disk and lets go of the directory. Calls still open are settled as
   * interrupted at the next start.
   */
  @Override
  public void close() throws IOException {
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      closing.signalAll();
    } finally {
      lock.unlock();
    }
    join(background);
    join(preparing);
    sync();
    lock.lock();
    try {
      spares.clear();
      if (current != null) {
        current.closeChannel();
      }
    } finally {
      lock.unlock();
      directoryLock.close();
    }
  }

  private static void join(Thread thread) {
    try {
      thread.join(Duration.ofSeconds(10));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
