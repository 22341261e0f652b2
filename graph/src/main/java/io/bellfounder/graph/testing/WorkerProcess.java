package io.bellfounder.graph.testing;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A Java program on this one's class path in a process of its own, to be killed or stopped in the
 * middle of its work. Needs a POSIX shell. It should end when its standard input does, so that it
 * never outlives the test.
 */
public final class WorkerProcess implements AutoCloseable {
  private static final int OUTPUT_MAX = 1 << 16;
  private final Process process;
  private final Path output;

  private WorkerProcess(Process process, Path output) {
    this.process = process;
    this.output = output;
  }

  /**
   * @param main has a {@code main} method
   */
  public static WorkerProcess start(Class<?> main, String... args) throws IOException {
    return start(Map.of(), main, args);
  }

  /**
   * @param environment variables of the process, besides those of this one
   * @param main has a {@code main} method
   */
  public static WorkerProcess start(Map<String, String> environment, Class<?> main, String... args)
      throws IOException {
    Path output = Files.createTempFile("worker", ".log");
    ProcessBuilder command =
        command(main, args).redirectErrorStream(true).redirectOutput(output.toFile());
    command.environment().putAll(environment);
    try {
      return new WorkerProcess(command.start(), output);
    } catch (IOException e) {
      Files.delete(output);
      throw e;
    }
  }

  static ProcessBuilder command(Class<?> main, String... args) {
    List<String> words = new ArrayList<>();
    words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    words.addAll(List.of("-Xmx192m", "-XX:TieredStopAtLevel=1"));
    words.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    words.addAll(List.of(args));
    return new ProcessBuilder(words);
  }

  /** Ends it at once, as {@code kill -9}, and waits until it is gone. */
  public void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  /** SIGSTOP: it does nothing more and does not know it. */
  public void freeze() {
    signal("STOP", process.pid());
  }

  /** SIGCONT: it goes on as if no time had passed. */
  public void thaw() {
    signal("CONT", process.pid());
  }

  public boolean alive() {
    return process.isAlive();
  }

  /** Whether it ended by itself, or by its own signal, within the limit. */
  public boolean ended(Duration limit) throws InterruptedException {
    return process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Whether SIGSTOP has stopped it, also when it did so itself. Linux only. */
  public boolean frozen() throws IOException {
    String stat = Files.readString(Path.of("/proc", "" + process.pid(), "stat"));
    return stat.substring(stat.lastIndexOf(')') + 1).strip().startsWith("T");
  }

  /** What it has written to standard output and error, the last 64 KB of it; until closed. */
  public String output() throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(output.toFile(), "r")) {
      file.seek(Math.max(0, file.length() - OUTPUT_MAX));
      byte[] bytes = new byte[(int) Math.min(OUTPUT_MAX, file.length() - file.getFilePointer())];
      file.readFully(bytes);
      return new String(bytes, StandardCharsets.UTF_8);
    }
  }

  @Override
  public void close() throws InterruptedException, IOException {
    kill();
    Files.deleteIfExists(output);
  }

  /**
   * For the program itself: sends a signal to its own process and returns only if it survives.
   *
   * @param signal such as {@code KILL} or {@code STOP}
   */
  public static void signalSelf(String signal) {
    signal(signal, ProcessHandle.current().pid());
  }

  static void signal(String signal, long pid) {
    try {
      int exit =
          new ProcessBuilder("sh", "-c", "kill -" + signal + " " + pid)
              .inheritIO()
              .start()
              .waitFor();
      if (exit != 0) {
        throw new IllegalStateException("kill -" + signal + " said " + exit);
      }
    } catch (IOException e) {
      throw new IllegalStateException("no shell to send signals with", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while sending a signal", e);
    }
  }
}
