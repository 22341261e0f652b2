package io.bellfounder.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A process that takes turns: it says {@code ready}, is told {@code round CONCURRENCY SECONDS} and
 * answers {@code done RUNS SECONDS}. What else it prints is left alone.
 */
final class Peer implements Contender {
  private final String name;
  private final Process process;
  private final BufferedReader out;
  private final Writer in;
  private final Path log;

  private Peer(String name, Process process, Path log) {
    this.name = name;
    this.process = process;
    this.log = log;
    this.out = process.inputReader(StandardCharsets.UTF_8);
    this.in = process.outputWriter(StandardCharsets.UTF_8);
  }

  static Peer start(String name, List<String> command, BenchDatabase database, Path log)
      throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder(command).redirectError(log.toFile());
    builder.environment().put(BenchDatabase.VARIABLE, database.url());
    Peer peer = new Peer(name, builder.start(), log);
    peer.await("ready", 90);
    return peer;
  }

  /** A main class of this program, in a process of its own. */
  static Peer java(Class<?> main, BenchDatabase database, Path log, String... arguments)
      throws IOException, InterruptedException {
    return start("bellfounder", javaCommand(main, arguments), database, log);
  }

  static List<String> javaCommand(Class<?> main, String... arguments) {
    List<String> command =
        new java.util.ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseCompactObjectHeaders",
                "-Xmx1g",
                "-cp",
                System.getProperty("java.class.path"),
                main.getName()));
    command.addAll(List.of(arguments));
    return command;
  }

  @Override
  public String name() {
    return name;
  }

  long pid() {
    return process.pid();
  }

  @Override
  public Turn turn(int concurrency, double seconds) throws IOException, InterruptedException {
    String[] said = ask("round " + concurrency + " " + seconds, (int) seconds + 60);
    return new Turn(Double.parseDouble(said[0]) * 10, Double.parseDouble(said[1]));
  }

  /** Says a line and returns the words after {@code done}. */
  String[] ask(String line, int seconds) throws IOException, InterruptedException {
    in.write(line + "\n");
    in.flush();
    return await("done", seconds);
  }

  private String[] await(String word, int seconds) throws IOException, InterruptedException {
    CompletableFuture<String> line =
        CompletableFuture.supplyAsync(() -> {
          try {
            for (String said = out.readLine(); said != null; said = out.readLine()) {
              if (said.equals(word) || said.startsWith(word + " ")) {
                return said;
              }
            }
          } catch (IOException gone) {
            // Told below, with the log.
          }
          return "";
        });
    try {
      String said = line.get(seconds, TimeUnit.SECONDS);
      if (said.isEmpty()) {
        throw new IOException(name + " ended early: " + Files.readString(log));
      }
      return said.substring(word.length()).strip().split(" ");
    } catch (TimeoutException | ExecutionException late) {
      process.destroyForcibly();
      throw new IOException(name + " said nothing for " + seconds + " s", late);
    }
  }

  /** As {@code kill -9}. */
  void kill() {
    process.destroyForcibly();
  }

  /** As {@code kill -TERM}. */
  void terminate() {
    process.destroy();
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(20, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
