package io.bellfounder.postgres;

import java.nio.file.Path;
import java.time.Duration;

/**
 * Where a PostgreSQL keeps its files and how long it may take.
 *
 * @param directory holds the cluster, its password, port and log; created if missing; on a local
 *     file system
 * @param runtime where the binaries are unpacked, about 60 MB, once per version; several clusters
 *     may share it
 * @param durable {@code true} keeps every committed transaction through a power cut; {@code false}
 *     is for throw-away clusters only
 * @param startTimeout how long a start may take, crash recovery included; default 5 min
 * @param stopTimeout how long a clean stop may take before open transactions are cut off; default
 *     30 s
 */
public record PostgresSettings(
    Path directory, Path runtime, boolean durable, Duration startTimeout, Duration stopTimeout) {

  public PostgresSettings {
    directory = directory.toAbsolutePath().normalize();
    runtime = runtime.toAbsolutePath().normalize();
    if (!startTimeout.isPositive() || !stopTimeout.isPositive()) {
      throw new IllegalArgumentException("time-outs must be positive");
    }
  }

  /** A durable cluster with its binaries beside it. */
  public static PostgresSettings durable(Path directory) {
    return new PostgresSettings(
        directory,
        directory.resolve("runtime"),
        true,
        Duration.ofMinutes(5),
        Duration.ofSeconds(30));
  }

  /** A cluster for tests: fast, and lost when the machine goes down. */
  public static PostgresSettings throwAway(Path directory, Path runtime) {
    return new PostgresSettings(
        directory, runtime, false, Duration.ofMinutes(1), Duration.ofSeconds(5));
  }
}
