package io.bellfounder.gateway;

import java.nio.file.Path;
import java.time.Duration;

/**
 * How calls are kept on disk until the database has them.
 *
 * @param directory made if missing; one process at a time may use it
 * @param bytesMax the disk it may use; default 2 GiB, at least four segments. Beyond it new calls
 *     are refused until something has been shipped
 * @param segmentBytes the size of one file; default 16 MiB, from 256 KiB to 1 GiB
 * @param syncInterval how long a record may wait for {@code fsync}, so what a power cut can lose;
 *     default 50 ms, at least 1 ms. A killed process loses nothing
 */
public record SpoolConfig(Path directory, long bytesMax, int segmentBytes, Duration syncInterval) {
  private static final int SEGMENT_BYTES_MIN = 256 << 10;
  private static final int SEGMENT_BYTES_MAX = 1 << 30;

  public SpoolConfig {
    if (segmentBytes < SEGMENT_BYTES_MIN || segmentBytes > SEGMENT_BYTES_MAX) {
      throw new IllegalArgumentException(
          "a spool segment has from 256 KiB to 1 GiB, not " + segmentBytes + " bytes");
    }
    if (bytesMax < 4L * segmentBytes) {
      throw new IllegalArgumentException(
          "the spool needs room for four segments of %d bytes, not %d"
              .formatted(segmentBytes, bytesMax));
    }
    if (syncInterval.compareTo(Duration.ofMillis(1)) < 0) {
      throw new IllegalArgumentException("the spool's fsync interval is at least 1 ms");
    }
  }

  /** The defaults for a directory. */
  public static SpoolConfig in(Path directory) {
    return new SpoolConfig(directory, 2L << 30, 16 << 20, Duration.ofMillis(50));
  }

  public SpoolConfig withBytesMax(long bytesMax) {
    return new SpoolConfig(directory, bytesMax, segmentBytes, syncInterval);
  }
}
