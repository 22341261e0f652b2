package io.bellfounder.gateway;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;

/**
 * Files of zeros that are to become segments, so that space is taken before it is needed. Guarded
 * by the spool's lock, but for {@link #make}.
 */
final class SpoolSpares {
  private static final Logger LOG = System.getLogger(SpoolSpares.class.getName());
  private static final String PREFIX = "spare-";

  private final SpoolConfig config;
  private final SpoolDisk disk;
  private final ArrayDeque<Path> ready = new ArrayDeque<>();
  private long nextNumber;
  private int underWay;

  /** Of the one thread that makes them. */
  private boolean spaceWanting;

  SpoolSpares(SpoolConfig config, SpoolDisk disk) {
    this.config = config;
    this.disk = disk;
  }

  /** The next segment; made now if none is ready. */
  SpoolSegment begin(long number) throws IOException {
    if (ready.isEmpty()) {
      add();
    }
    var segment =
        SpoolSegment.begin(ready.element(), config.directory(), number, config.segmentBytes());
    ready.remove();
    return segment;
  }

  /** Makes one at once. */
  void add() throws IOException {
    var spare = next();
    disk.allocate(spare, config.segmentBytes(), SpoolDisk.Reach.SYSTEM);
    ready.add(spare);
  }

  /** Counts one that is about to be {@linkplain #make made}, and says which. */
  Path prepared() {
    underWay++;
    return next();
  }

  /** Makes it, down to the disk; takes its time. False if there is no space at present. */
  boolean make(Path spare) {
    try {
      disk.allocate(spare, config.segmentBytes(), SpoolDisk.Reach.DISK);
      spaceWanting = false;
      return true;
    } catch (IOException e) {
      if (!spaceWanting) {
        LOG.log(
            Level.WARNING,
            "no space for another spool segment (%s): new calls are refused once the present ones are full"
                .formatted(e.getMessage()));
      }
      spaceWanting = true;
      return false;
    }
  }

  /** What became of one that was prepared. */
  void made(Path spare, boolean made) {
    underWay--;
    if (made) {
      ready.add(spare);
    }
  }

  /** Space that is certain: what a segment's end may waste on a frame that does not fit is not. */
  long room() {
    return (long) ready.size() * (config.segmentBytes() - SpoolFrame.BYTES_MAX);
  }

  /** The disk they take, those under way included. */
  long bytes() {
    return (long) (ready.size() + underWay) * config.segmentBytes();
  }

  /** Deletes all that are in the directory, those of earlier processes too. */
  void clear() throws IOException {
    ready.clear();
    try (var files = Files.newDirectoryStream(config.directory(), PREFIX + "*")) {
      for (var file : files) {
        Files.deleteIfExists(file);
      }
    }
  }

  private Path next() {
    return config.directory().resolve(PREFIX + nextNumber++);
  }
}
