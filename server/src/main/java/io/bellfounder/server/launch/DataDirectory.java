package io.bellfounder.server.launch;

import io.bellfounder.server.config.FileProblem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * The files of an installation. Others may pass through the directory, because PostgreSQL may run
 * as another user, but may not list it; files with secrets are readable by their owner alone.
 *
 * @param root absolute
 */
public record DataDirectory(Path root) {

  public DataDirectory {
    root = root.toAbsolutePath().normalize();
  }

  /**
   * Makes the directory if it is missing.
   *
   * @throws LaunchRefused if it cannot be written
   */
  public static DataDirectory at(Path path) {
    DataDirectory directory = new DataDirectory(path);
    if (Files.exists(directory.root()) && !Files.isDirectory(directory.root())) {
      throw new LaunchRefused(
          directory.root() + " is a file and no data directory: choose another with --data");
    }
    try {
      if (!Files.isDirectory(directory.root())) {
        Files.createDirectories(directory.root());
        Files.setPosixFilePermissions(
            directory.root(), PosixFilePermissions.fromString("rwx--x--x"));
      }
      Files.delete(Files.createTempFile(directory.root(), "probe-", ""));
      return directory;
    } catch (IOException e) {
      throw new LaunchRefused(
          "the data directory %s cannot be written (%s): choose another with --data, or give this user the right to write it"
              .formatted(directory.root(), FileProblem.words(e)),
          e);
    }
  }

  /** The embedded PostgreSQL: cluster, binaries, password, port, log. */
  public Path postgres() {
    return root.resolve("postgres");
  }

  /** The embedded PostgreSQL's data, there from the first start on. */
  Path cluster() {
    return postgres().resolve("cluster");
  }

  /** Calls that are written down before they reach the database. */
  public Path spool() {
    return root.resolve("spool");
  }

  /** Calls that the database does not take, a JSON file each. */
  public Path refused() {
    return root.resolve("refused");
  }

  /** What the gateway starts from when the database is away. */
  public Path snapshot() {
    return root.resolve("snapshot");
  }

  /** JSON lines, bounded. */
  public Path logs() {
    return root.resolve("logs");
  }

  /** How a running server is reached. */
  public Path address() {
    return root.resolve("address");
  }

  /** Made on the first start unless the configuration has a master key. */
  public Path masterKey() {
    return root.resolve("master.key");
  }
}
