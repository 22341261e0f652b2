package io.bellfounder.gateway;

import io.bellfounder.gateway.SpoolSegment.Place;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** Reads what earlier processes left in a spool's directory. */
final class SpoolRemains {
  private static final Logger LOG = System.getLogger(SpoolRemains.class.getName());

  private final SpoolCursor cursor;
  private final SpoolQuarantine quarantine;
  private final List<SpoolSegment> segments = new ArrayList<>();
  private final Map<UUID, Place> open = new LinkedHashMap<>();
  private long waiting;
  private long nextNumber;

  private SpoolRemains(SpoolCursor cursor, SpoolQuarantine quarantine) {
    this.cursor = cursor;
    this.quarantine = quarantine;
    this.nextNumber = cursor.segment() + 1;
  }

  /**
   * Reads the segments in order. Torn tails are cut off, damaged bytes go into quarantine, a file
   * without a record is deleted.
   *
   * @param cursor how far they have been shipped
   * @throws IOException if the directory or a file cannot be read
   */
  static SpoolRemains read(Path directory, SpoolCursor cursor, SpoolQuarantine quarantine)
      throws IOException {
    var remains = new SpoolRemains(cursor, quarantine);
    var files = new ArrayList<Path>();
    try (var names = Files.newDirectoryStream(directory, file -> SpoolSegment.number(file) >= 0)) {
      names.forEach(files::add);
    }
    files.sort(Comparator.comparingLong(SpoolSegment::number));
    for (var file : files) {
      remains.read(file);
    }
    return remains;
  }

  /** From the oldest on. */
  List<SpoolSegment> segments() {
    return segments;
  }

  /** Calls without a settlement, and where they were opened. */
  Map<UUID, Place> open() {
    return open;
  }

  /** Settlements that have not been shipped. */
  long waiting() {
    return waiting;
  }

  /** Above every number that was ever given. */
  long nextNumber() {
    return nextNumber;
  }

  private void read(Path file) throws IOException {
    long number = SpoolSegment.number(file);
    nextNumber = Math.max(nextNumber, number + 1);
    var bytes = Files.readAllBytes(file);
    var frames = new ArrayList<SpoolFrame>();
    int written =
        SpoolScan.frames(
            bytes,
            0,
            bytes.length,
            frames::add,
            (damaged, from, to) -> damage(file, damaged, from, to));
    cutTail(file, bytes, written);
    if (written == 0) {
      Files.delete(file);
      return;
    }
    var segment = SpoolSegment.earlier(file, number, written);
    segments.add(segment);
    for (var frame : frames) {
      take(segment, frame);
    }
  }

  private void take(SpoolSegment segment, SpoolFrame frame) {
    switch (frame.kind()) {
      case OPENED -> {
        var place = segment.at(frame.from(), frame.to() - frame.from());
        var before = open.put(frame.id(), place);
        segment.countOpen(1);
        if (before != null) {
          before.segment().countOpen(-1);
        }
      }
      case SETTLED -> {
        var opening = open.remove(frame.id());
        if (opening != null) {
          opening.segment().countOpen(-1);
        }
        waiting += cursor.isAtOrBefore(segment.number, frame.from()) ? 1 : 0;
      }
    }
  }

  private static void cutTail(Path file, byte[] bytes, int written) throws IOException {
    int torn = bytes.length;
    while (torn > written && bytes[torn - 1] == 0) {
      torn--;
    }
    if (torn > written) {
      LOG.log(
          Level.WARNING,
          "the spool's %s ends in %d bytes of a record that was never finished; they are cut off"
              .formatted(file.getFileName(), torn - written));
    }
    if (bytes.length > written) {
      try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
        channel.truncate(written);
      }
    }
  }

  private void damage(Path file, byte[] bytes, int from, int to) {
    int at = from;
    while (at < to && bytes[at] == 0) {
      at++;
    }
    if (at == to) {
      // The process died before this record was written, and after its neighbour was.
      return;
    }
    LOG.log(
        Level.ERROR,
        "the spool's %s is damaged from byte %d to %d; that part goes into quarantine, the rest is used"
            .formatted(file.getFileName(), from, to));
    quarantine.keep(SpoolSegment.number(file), from, bytes, from, to);
  }
}
