package io.bellfounder.postgres;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * One running server process. It lives on a platform thread of its own that starts it and waits for
 * it, because the kernel's signal on a parent's death follows the thread that started the child.
 */
final class Postmaster {
  private static final Logger LOG = System.getLogger(Postmaster.class.getName());
  private static final long LOG_BYTES_MAX = 10 << 20;

  private final Path cluster;
  private final Path log;
  private final CompletableFuture<Process> started = new CompletableFuture<>();
  private final CompletableFuture<Integer> ended = new CompletableFuture<>();

  private Postmaster(Path cluster, Path log) {
    this.cluster = cluster;
    this.log = log;
  }

  /** Starts the command; returns at once. */
  static Postmaster start(ProcessBuilder command, Path cluster, Path log) throws IOException {
    Postmaster postmaster = new Postmaster(cluster, log);
    command
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    Thread.ofPlatform().daemon().name("postgres").start(() -> postmaster.live(command));
    try {
      postmaster.started.get();
      return postmaster;
    } catch (ExecutionException e) {
      throw new IOException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while starting PostgreSQL", e);
    }
  }

  private void live(ProcessBuilder command) {
    try {
      Process process = command.start();
      process.getOutputStream().close();
      started.complete(process);
      SessionPriority sessions =
          new SessionPriority(Path.of("/proc"), process.pid(), GuestUser.NICE);
      boolean all = false;
      while (!process.waitFor(all ? 2_000 : 150, TimeUnit.MILLISECONDS)) {
        all = keepHouse(sessions);
      }
      ended.complete(process.exitValue());
    } catch (IOException | InterruptedException | RuntimeException e) {
      started.completeExceptionally(e);
      ended.completeExceptionally(e);
    }
  }

  /** PostgreSQL is stopped when this thread ends, so nothing that fails here may end it. */
  private boolean keepHouse(SessionPriority sessions) {
    try {
      boundLog();
      return sessions.lower();
    } catch (RuntimeException e) {
      LOG.log(
          Level.WARNING, "PostgreSQL runs on, but its log or its priority is not looked after", e);
      return true;
    }
  }

  /** The server appends to the open file, so it is copied and cut rather than renamed. */
  private void boundLog() {
    try {
      if (Files.size(log) > LOG_BYTES_MAX) {
        Path older = log.resolveSibling(log.getFileName() + ".1");
        Files.copy(log, older, StandardCopyOption.REPLACE_EXISTING);
        Files.writeString(log, "");
      }
    } catch (IOException e) {
      // Moved away by somebody, or a full disk: the server runs on.
      LOG.log(Level.DEBUG, "the log " + log + " cannot be bounded", e);
    }
  }

  /** Completes with the exit code when the server is gone. */
  CompletableFuture<Integer> ended() {
    return ended;
  }

  boolean alive() {
    return !ended.isDone();
  }

  long pid() {
    return started.join().pid();
  }

  /**
   * Waits until the server takes connections.
   *
   * @return {@code false} if it ended instead
   * @throws PostgresException if it is not ready in time; it then still runs
   */
  boolean awaitReady(Duration timeout) {
    long deadline = System.nanoTime() + timeout.toNanos();
    long nextWord = System.nanoTime() + Duration.ofSeconds(5).toNanos();
    while (!isReady()) {
      if (pause(Duration.ofMillis(20))) {
        return false;
      }
      long now = System.nanoTime();
      if (now - deadline > 0) {
        throw new PostgresException(
            "PostgreSQL in %s was not ready within %d s. Its log is %s."
                .formatted(cluster, timeout.toSeconds(), log));
      }
      if (now - nextWord > 0) {
        LOG.log(Level.INFO, "PostgreSQL is still starting; its log is {0}", log);
        nextWord = now + Duration.ofSeconds(5).toNanos();
      }
    }
    return true;
  }

  /**
   * The server writes {@code ready} into the eighth line of its pid file; pg_ctl waits likewise.
   */
  private boolean isReady() {
    try {
      List<String> lines = Files.readAllLines(cluster.resolve("postmaster.pid"));
      return lines.size() >= 8
          && lines.getFirst().strip().equals(Long.toString(pid()))
          && lines.get(7).strip().equals("ready");
    } catch (IOException notYet) {
      // The file appears during the start, and is rewritten in place.
      return false;
    }
  }

  /**
   * Stops cleanly: open transactions are cut off, a checkpoint is written. Then less and less so.
   */
  void stop(Duration timeout) {
    signal("INT", pid());
    if (!pause(timeout)) {
      LOG.log(Level.WARNING, "PostgreSQL did not stop within {0}; it will recover", timeout);
      signal("QUIT", pid());
      if (!pause(Duration.ofSeconds(5))) {
        started.join().destroyForcibly();
        pause(Duration.ofSeconds(5));
      }
    }
  }

  /** Waits, but no longer than until the server is gone; true if it is. */
  private boolean pause(Duration atMost) {
    return gone(ended, atMost);
  }

  private static boolean gone(CompletableFuture<?> exit, Duration atMost) {
    try {
      exit.get(atMost.toMillis(), TimeUnit.MILLISECONDS);
      return true;
    } catch (TimeoutException still) {
      return false;
    } catch (ExecutionException e) {
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new PostgresException("interrupted while waiting for PostgreSQL", e);
    }
  }

  /**
   * Waits for the processes that an earlier life left in the directory, after telling them to stop.
   * The caller holds the directory, so nobody needs them.
   */
  static void endLeftovers(Path cluster, Duration timeout) {
    for (String signal : List.of("INT", "QUIT")) {
      List<ProcessHandle> left = workingIn(cluster);
      if (left.isEmpty()) {
        break;
      }
      LOG.log(
          Level.INFO,
          "waiting for the previous PostgreSQL to end: {0}",
          left.stream().map(ProcessHandle::pid).toList());
      ProcessHandle oldest = postmasterOf(cluster, left);
      signal(signal, oldest.pid());
      long deadline = System.nanoTime() + timeout.toNanos();
      for (ProcessHandle process : left) {
        gone(process.onExit(), Duration.ofNanos(Math.max(1_000_000, deadline - System.nanoTime())));
      }
    }
    List<ProcessHandle> left = workingIn(cluster);
    if (!left.isEmpty()) {
      throw new PostgresException(
          "An earlier PostgreSQL still works in %s and does not stop (process %d). Stop it with: kill -9 %d"
              .formatted(cluster, left.getFirst().pid(), left.getFirst().pid()));
    }
    forgetForeignPid(cluster);
  }

  private static ProcessHandle postmasterOf(Path cluster, List<ProcessHandle> left) {
    Long named = pidFile(cluster);
    return left.stream()
        .filter(process -> named != null && process.pid() == named)
        .findFirst()
        .orElse(left.getFirst());
  }

  /** PostgreSQL's processes work in their data directory; also through another mount of it. */
  private static List<ProcessHandle> workingIn(Path cluster) {
    return ProcessHandle.allProcesses().filter(process -> worksIn(process, cluster)).toList();
  }

  private static boolean worksIn(ProcessHandle process, Path cluster) {
    try {
      return Files.isSameFile(Path.of("/proc/" + process.pid() + "/cwd"), cluster);
    } catch (IOException notOurs) {
      // Gone meanwhile, or another user's, whom PostgreSQL itself would not mind either.
      return false;
    }
  }

  /**
   * After a container's restart the same pid may be a program of ours, and PostgreSQL would take it
   * for its predecessor. Nothing works in the directory, so the file says nothing.
   */
  private static void forgetForeignPid(Path cluster) {
    Long pid = pidFile(cluster);
    if (pid != null
        && ProcessHandle.of(pid).isPresent()
        && Files.isDirectory(Path.of("/proc/self/cwd"))) {
      try {
        Files.deleteIfExists(cluster.resolve("postmaster.pid"));
      } catch (IOException e) {
        // PostgreSQL will refuse and say so in its log, which the start then shows.
        LOG.log(Level.WARNING, "a stale postmaster.pid cannot be removed from " + cluster, e);
      }
    }
  }

  private static @Nullable Long pidFile(Path cluster) {
    try {
      return Long.valueOf(Files.readAllLines(cluster.resolve("postmaster.pid")).getFirst().strip());
    } catch (IOException | NumberFormatException | NoSuchElementException none) {
      // No server, or one that died while it wrote the file.
      return null;
    }
  }

  /** The shell's own {@code kill}: minimal images have no other, and Java sends only SIGTERM. */
  private static void signal(String name, long pid) {
    try {
      GuestUser.run(List.of("sh", "-c", "kill -" + name + " " + pid));
    } catch (IOException e) {
      LOG.log(Level.WARNING, "PostgreSQL cannot be signalled", e);
    }
  }
}
