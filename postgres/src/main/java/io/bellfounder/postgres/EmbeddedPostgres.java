package io.bellfounder.postgres;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A PostgreSQL cluster that this process holds: made on the first start, started, watched and
 * restarted if it dies, stopped on {@link #close}. It listens on 127.0.0.1 only and asks everyone
 * for a password. When the process is killed, the server stops itself cleanly (see {@code setpriv}
 * in docs/operating for the machines where it cannot), and the next start waits for it.
 *
 * <p>Safe for use by many threads.
 */
public final class EmbeddedPostgres implements AutoCloseable {
  private static final Logger LOG = System.getLogger(EmbeddedPostgres.class.getName());
  private static final Duration PAUSE_MAX = Duration.ofSeconds(30);

  private final PostgresSettings settings;
  private final DirectoryLock lock;
  private final Distribution distribution;
  private final GuestUser guest;
  private final PostgresAddress address;
  private final CountDownLatch closing = new CountDownLatch(1);
  private volatile Postmaster postmaster;

  private EmbeddedPostgres(PostgresSettings settings, DirectoryLock lock) throws IOException {
    this.settings = settings;
    this.lock = lock;
    this.distribution = Distribution.in(settings.runtime());
    refuseOtherMajor();
    this.guest = GuestUser.of(settings.directory());
    makeLogPrivate();
    String password = password();
    if (!Files.exists(cluster())) {
      initialise(password);
    }
    Postmaster.endLeftovers(cluster(), settings.stopTimeout());
    Started started = startOnFreePort();
    this.postmaster = started.postmaster();
    this.address = new PostgresAddress(started.port(), PostgresAddress.SUPERUSER, password);
    watch(postmaster);
  }

  /**
   * Starts the cluster and waits until it takes connections.
   *
   * @throws PostgresException with what to do about it, if that is not possible; nothing is left
   *     running then
   */
  public static EmbeddedPostgres start(PostgresSettings settings) {
    DirectoryLock lock = null;
    try {
      createPrivate(settings.directory());
      lock = DirectoryLock.take(settings.directory());
      return new EmbeddedPostgres(settings, lock);
    } catch (DirectoryLock.DirectoryHeld held) {
      throw new PostgresException(held.getMessage(), held);
    } catch (AccessDeniedException e) {
      release(lock);
      throw new PostgresException(
          "PostgreSQL cannot be started in %s because %s belongs to another user: start as that user or as root, or give it to this one (chown -R)"
              .formatted(settings.directory(), e.getFile()),
          e);
    } catch (IOException e) {
      release(lock);
      throw new PostgresException(
          "PostgreSQL cannot be started in " + settings.directory() + ": " + e.getMessage(), e);
    } catch (RuntimeException e) {
      release(lock);
      throw e;
    }
  }

  private static void release(@Nullable DirectoryLock lock) {
    if (lock != null) {
      lock.close();
    }
  }

  /** How to reach it as its superuser. Stays the same for the life of this object. */
  public PostgresAddress address() {
    return address;
  }

  /** The version of PostgreSQL that runs, such as {@code 18.6}. */
  public String version() {
    return distribution.version();
  }

  /** The server's process id. Changes when the server died and was started again. */
  public long pid() {
    return postmaster.pid();
  }

  /** Stops the server cleanly, within the settings' time-out, and gives the directory back. */
  @Override
  public void close() {
    synchronized (closing) {
      closing.countDown();
    }
    if (postmaster.alive()) {
      postmaster.stop(settings.stopTimeout());
    }
    lock.close();
  }

  private Path cluster() {
    return settings.directory().resolve("cluster");
  }

  private Path log() {
    return settings.directory().resolve("postgres.log");
  }

  private void refuseOtherMajor() throws IOException {
    Path file = cluster().resolve("PG_VERSION");
    if (!Files.exists(cluster())) {
      return;
    }
    String major = Files.readString(file).strip();
    if (!major.equals(distribution.major())) {
      throw new PostgresException(
          ("The database in %s was made by PostgreSQL %s; this Bellfounder brings %s and leaves it"
                  + " untouched. Start it with the release that made it, copy the data out with"
                  + " pg_dump %s, move the directory away, start this release, and load the copy"
                  + " with psql. Or load it into a PostgreSQL of your own and set"
                  + " BELL_DATABASE_URL.")
              .formatted(cluster(), major, distribution.version(), major));
    }
  }

  private String password() throws IOException {
    Path file = settings.directory().resolve("password");
    if (Files.exists(file)) {
      return Files.readString(file).strip();
    }
    if (Files.exists(cluster())) {
      throw new PostgresException(
          "The database's password file "
              + file
              + " is missing. Put it back from a backup: without it nobody can sign in to the"
              + " database.");
    }
    byte[] random = new byte[24];
    new SecureRandom().nextBytes(random);
    String password = Base64.getUrlEncoder().withoutPadding().encodeToString(random);
    writePrivate(file, password);
    return password;
  }

  /** Makes the cluster beside its place and renames it, so that a half-made one is never used. */
  private void initialise(String password) throws IOException {
    Path fresh = settings.directory().resolve("cluster.new");
    Path passwordFile = settings.directory().resolve("password.initdb");
    Distribution.delete(fresh);
    Files.createDirectory(
        fresh, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    guest.give(fresh);
    writePrivate(passwordFile, password);
    guest.give(passwordFile);
    try {
      List<String> command =
          new ArrayList<>(
              List.of(
                  guest.seen(distribution.program("initdb")),
                  "--pgdata=" + guest.seen(fresh),
                  "--username=" + PostgresAddress.SUPERUSER,
                  "--pwfile=" + guest.seen(passwordFile),
                  "--auth=scram-sha-256",
                  "--encoding=UTF8",
                  "--locale=C",
                  "--data-checksums"));
      if (Integer.parseInt(distribution.major()) >= 17) {
        // Older ones, which only tests run, know no locales of their own.
        command.addAll(List.of("--locale-provider=builtin", "--builtin-locale=C.UTF-8"));
      }
      if (!settings.durable()) {
        command.add("--no-sync");
      }
      run(command);
      Files.move(fresh, cluster(), StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(passwordFile);
    }
  }

  private void run(List<String> command) throws IOException {
    Process process =
        guest
            .command(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()))
            .start();
    process.getOutputStream().close();
    try {
      if (!process.waitFor(settings.startTimeout().toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly();
        throw new PostgresException("initdb did not end in time. Its log is " + log() + ".");
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new PostgresException("interrupted while making the database", e);
    }
    if (process.exitValue() != 0) {
      throw new PostgresException(
          "PostgreSQL cannot make a database in " + settings.directory() + ". " + lastWords());
    }
  }

  /**
   * The remembered port if it is free, else a new one; a few times, as others look for ports too.
   */
  private Started startOnFreePort() throws IOException {
    Path file = settings.directory().resolve("port");
    for (int attempt = 1; ; attempt++) {
      int port = attempt == 1 && Files.exists(file) ? freeOr(file) : freePort(0);
      writePrivate(file, Integer.toString(port));
      Postmaster started = Postmaster.start(serverCommand(port), cluster(), log());
      try {
        if (started.awaitReady(settings.startTimeout())) {
          return new Started(started, port);
        }
      } catch (PostgresException late) {
        started.stop(settings.stopTimeout());
        throw late;
      }
      String words = lastWords();
      if (attempt == 3 || !words.contains("could not create any TCP/IP sockets")) {
        throw new PostgresException(
            "PostgreSQL did not start in " + settings.directory() + ". " + words);
      }
    }
  }

  private ProcessBuilder serverCommand(int port) {
    List<String> command =
        new ArrayList<>(
            List.of(
                guest.seen(distribution.program("postgres")),
                "-D",
                guest.seen(cluster()),
                "-p",
                Integer.toString(port)));
    set(command, "listen_addresses", "127.0.0.1");
    set(command, "unix_socket_directories", "");
    set(command, "ssl", "off");
    set(command, "timezone", "UTC");
    set(command, "log_timezone", "UTC");
    // Statements and their values may hold what must not be in a log.
    set(command, "log_error_verbosity", "terse");
    set(command, "log_min_error_statement", "panic");
    set(command, "log_line_prefix", "%m [%p] ");
    String durable = settings.durable() ? "on" : "off";
    set(command, "fsync", durable);
    set(command, "synchronous_commit", durable);
    set(command, "full_page_writes", durable);
    return guest.command(guest.inBackground(command));
  }

  private static void set(List<String> command, String name, String value) {
    command.add("-c");
    command.add(name + "=" + value);
  }

  private static int freeOr(Path file) throws IOException {
    try {
      return freePort(Integer.parseInt(Files.readString(file).strip()));
    } catch (NumberFormatException damaged) {
      return freePort(0);
    } catch (IOException taken) {
      return freePort(0);
    }
  }

  private static int freePort(int wanted) throws IOException {
    try (ServerSocket socket = new ServerSocket(wanted, 1, InetAddress.ofLiteral("127.0.0.1"))) {
      return socket.getLocalPort();
    }
  }

  private void watch(Postmaster watched) {
    var _ =
        watched
            .ended()
            .whenComplete((code, failure) -> {
              if (closing.getCount() > 0) {
                LOG.log(
                    Level.ERROR,
                    "PostgreSQL ended by itself (exit code {0}); it is started again. Its log is {1}",
                    code,
                    log());
                Thread.ofPlatform().daemon().name("postgres-restart").start(this::restart);
              }
            });
  }

  /** Until it runs or this is closed, with growing pauses. */
  private void restart() {
    Duration pause = Duration.ofMillis(500);
    try {
      while (!closing.await(pause.toMillis(), TimeUnit.MILLISECONDS)) {
        if (startAgain()) {
          LOG.log(Level.INFO, "PostgreSQL runs again");
          return;
        }
        pause = pause.multipliedBy(2).compareTo(PAUSE_MAX) < 0 ? pause.multipliedBy(2) : PAUSE_MAX;
        LOG.log(Level.ERROR, "PostgreSQL does not start; next try in {0}", pause);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean startAgain() {
    try {
      Postmaster.endLeftovers(cluster(), settings.stopTimeout());
      Postmaster next;
      synchronized (closing) {
        if (closing.getCount() == 0) {
          return true;
        }
        next = Postmaster.start(serverCommand(address.port()), cluster(), log());
        postmaster = next;
      }
      if (next.awaitReady(settings.startTimeout())) {
        watch(next);
        return true;
      }
    } catch (IOException | PostgresException e) {
      LOG.log(Level.ERROR, "PostgreSQL cannot be started again", e);
    }
    return false;
  }

  /** The last lines of the server's log, for a message. */
  private String lastWords() throws IOException {
    if (!Files.exists(log())) {
      return "";
    }
    List<String> lines = Files.readAllLines(log());
    List<String> last = lines.subList(Math.max(0, lines.size() - 4), lines.size());
    return "Its log " + log() + " ends with: " + String.join(" | ", last);
  }

  /** Others may pass through the directory, and messages may hold what somebody typed. */
  private void makeLogPrivate() throws IOException {
    if (!Files.exists(log())) {
      Files.createFile(log());
    }
    Files.setPosixFilePermissions(log(), PosixFilePermissions.fromString("rw-------"));
  }

  /** A directory that others may pass through but not list, as PostgreSQL may run as another. */
  private static void createPrivate(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      Files.createDirectories(directory);
      Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx--x--x"));
    }
  }

  private static void writePrivate(Path file, String text) throws IOException {
    Path fresh = file.resolveSibling(file.getFileName() + ".new");
    Files.deleteIfExists(fresh);
    Files.createFile(
        fresh, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(fresh, text + "\n", StandardOpenOption.DSYNC);
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
  }

  private record Started(Postmaster postmaster, int port) {}
}
