package io.bellfounder.gateway;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;

/**
 * Takes records out of a spool in the order they were written, at least once: read a batch, commit
 * it where it belongs, then {@link #commit} it here; what was not committed here is given again
 * after a restart. Several readers of one spool would share its one cursor, so there is one. Safe
 * for use by many threads, meant for one.
 */
public final class SpoolReader {
  private static final Logger LOG = System.getLogger(SpoolReader.class.getName());

  /** Holds many records, and is no humongous object in any heap. */
  private static final int WINDOW_BYTES = 256 << 10;

  private final Spool spool;
  private final byte[] window = new byte[WINDOW_BYTES];
  private SpoolCursor position;
  private long ordinal;
  private long committed;

  SpoolReader(Spool spool, SpoolCursor position) {
    this.spool = spool;
    this.position = position;
  }

  /**
   * Records in order.
   *
   * @param end behind the last of them
   */
  public record Batch(List<SpoolRecord> records, Place end) {
    public Batch {
      records = List.copyOf(records);
    }

    public boolean isEmpty() {
      return records.isEmpty();
    }
  }

  /**
   * A place in the spool.
   *
   * @param ordinal the settlements before it, counted by this reader
   */
  public record Place(long segment, int offset, long ordinal) {}

  /**
   * The next records, at most this many; none if all have been read. Does not wait. A record that
   * cannot be read is put into quarantine, said loudly, and passed over.
   *
   * @throws IOException if the disk cannot be read; the same batch may be asked for again
   */
  public synchronized Batch read(int recordsMax) throws IOException {
    var records = new ArrayList<SpoolRecord>();
    var at = position;
    while (records.size() < recordsMax) {
      var view = spool.viewFrom(at.segment());
      if (view == null) {
        break;
      }
      if (view.segment().number > at.segment()) {
        at = new SpoolCursor(view.segment().number, 0);
      }
      if (at.offset() >= view.written()) {
        if (!view.sealed()) {
          break;
        }
        at = new SpoolCursor(at.segment() + 1, 0);
        continue;
      }
      at = readWindow(view, at, records, recordsMax);
    }
    for (var record : records) {
      ordinal += record instanceof SpoolRecord.Settled ? 1 : 0;
    }
    position = at;
    return new Batch(records, new Place(at.segment(), at.offset(), ordinal));
  }

  private SpoolCursor readWindow(
      Spool.View view, SpoolCursor from, List<SpoolRecord> records, int recordsMax)
      throws IOException {
    int length = Math.min(view.written() - from.offset(), WINDOW_BYTES);
    boolean last = from.offset() + length == view.written();
    view.segment().read(from.offset(), window, length);
    int at = 0;
    while (at < length && records.size() < recordsMax) {
      var frame = SpoolFrame.at(window, at, length);
      if (frame != null) {
        take(frame, view.segment(), from.offset(), records);
        at = frame.to();
      } else if (!last && length - at < SpoolFrame.BYTES_MAX) {
        break;
      } else {
        // Damage that was put into quarantine when the spool was opened.
        at++;
      }
    }
    return new SpoolCursor(from.segment(), from.offset() + at);
  }

  private void take(
      SpoolFrame frame, SpoolSegment segment, int windowFrom, List<SpoolRecord> records) {
    try {
      switch (frame.kind()) {
        case SETTLED -> records.add(new SpoolRecord.Settled(frame.settled()));
        case OPENED -> {
          if (spool.isOpen(frame.id())) {
            records.add(new SpoolRecord.Opened(frame.opened()));
          }
        }
      }
    } catch (CallCodecReader.UnreadableCall e) {
      LOG.log(
          Level.ERROR,
          "the %s record of call %s cannot be read (%s)"
              .formatted(frame.kind(), frame.id(), e.getMessage()));
      spool
          .quarantine()
          .keep(segment.number, windowFrom + frame.from(), frame.bytes(), frame.from(), frame.to());
    }
  }

  /**
   * Remembers durably that the consumer has a batch, and all before it; deletes what nobody needs
   * any more.
   *
   * @throws IOException if it cannot be remembered; the records are then given again after a
   *     restart
   */
  public synchronized void commit(Batch batch) throws IOException {
    var end = batch.end();
    spool.shipped(new SpoolCursor(end.segment(), end.offset()), end.ordinal() - committed);
    committed = end.ordinal();
  }

  /** Goes back to what was committed last, after a consumer failed. */
  public synchronized void rewind() {
    position = spool.cursor();
    ordinal = committed;
  }
}
