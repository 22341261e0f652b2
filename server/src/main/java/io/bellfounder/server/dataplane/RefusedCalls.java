package io.bellfounder.server.dataplane;

import io.bellfounder.gateway.SettledCall;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * Settled calls that the database will not take, kept beside the spool so that the others can go
 * on: a file each, on disk before the spool may forget the call. They hold what the spool holds: no
 * prompt, no completion, no key. For one thread; the count is for any.
 */
final class RefusedCalls {
  private static final Logger LOG = LoggerFactory.getLogger(RefusedCalls.class);
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final String ENDING = ".json";

  /** So many are a fault of the database or of ours, not of a record: then all of them wait. */
  static final int MAX = 1_000;

  private final Path directory;
  private final int max;
  private volatile int count;

  /**
   * @param max beyond this many nothing more is kept
   */
  RefusedCalls(Path directory, int max) {
    this.directory = directory;
    this.max = max;
    try {
      this.count = files().size();
    } catch (IOException e) {
      LOG.error("calls that the database refused earlier cannot be listed in {}", directory, e);
    }
  }

  /**
   * A call and why it is here.
   *
   * @param why the database's own words
   */
  record Refused(Instant at, String why, SettledCall call) {}

  int count() {
    return count;
  }

  boolean full() {
    return count >= max;
  }

  /** On disk when it returns. A call that is here already stays once. */
  Path keep(Refused refused) throws IOException {
    make();
    Path file = directory.resolve(refused.call().opened().id() + ENDING);
    Path fresh = directory.resolve(refused.call().opened().id() + ".new");
    Files.deleteIfExists(fresh);
    Files.createFile(
        fresh, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.write(
        fresh,
        JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(refused),
        StandardOpenOption.WRITE,
        StandardOpenOption.DSYNC);
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    try (FileChannel names = FileChannel.open(directory, StandardOpenOption.READ)) {
      names.force(true);
    }
    count = files().size();
    return file;
  }

  private void make() throws IOException {
    if (!Files.isDirectory(directory)) {
      Files.createDirectory(
          directory,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
  }

  /** The oldest first; what somebody has made unreadable stays where it is. */
  List<SettledCall> all() throws IOException {
    List<SettledCall> calls = new ArrayList<>();
    List<Path> files = files();
    count = files.size();
    for (Path file : files) {
      try {
        calls.add(JSON.readValue(Files.readAllBytes(file), Refused.class).call());
      } catch (JacksonException e) {
        LOG.warn("{} holds no call that can be read; it stays there", file);
      }
    }
    return calls;
  }

  void taken(SettledCall call) throws IOException {
    Files.deleteIfExists(directory.resolve(call.opened().id() + ENDING));
    count = files().size();
  }

  /** Ids are in the order of time. */
  private List<Path> files() throws IOException {
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    try (var names = Files.list(directory)) {
      return names.filter(file -> file.toString().endsWith(ENDING)).sorted().toList();
    }
  }
}
