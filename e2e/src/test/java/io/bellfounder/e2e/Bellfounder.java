package io.bellfounder.e2e;

import io.bellfounder.testing.Await;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The packaged product as a child process, started and stopped as an operator does it. Everything
 * it writes to standard output and error is kept, for the tests that look for secrets there.
 */
final class Bellfounder implements AutoCloseable {

  private static final Pattern READY = Pattern.compile("Bellfounder is ready: (http://\\S+)");
  private static final Pattern LINK = Pattern.compile("(http://\\S+/sign-in#token=\\S+)");
  static final String EMAIL = "admin@bell.example";
  static final String PASSWORD = "a long enough password";
  private static final Duration START_AT_MOST = Duration.ofSeconds(90);

  private final Path data;
  private final Process process;
  private final StringBuffer output = new StringBuffer();
  private final CompletableFuture<Void> outputEnded = new CompletableFuture<>();

  private Bellfounder(Path data, Process process) {
    this.data = data;
    this.process = process;
    Thread.ofVirtual().name("bellfounder-output").start(this::read);
  }

  static Bellfounder up(Path data, Map<String, String> environment, String... more) {
    return ready(start(data, environment, more));
  }

  /** Where an earlier one was, whose pages are still open somewhere. */
  static Bellfounder upAgain(Bellfounder earlier, Map<String, String> environment) {
    String port = Integer.toString(URI.create(earlier.url()).getPort());
    List<String> command = List.of("up", "--port", port, "--data", earlier.data.toString());
    return ready(new Bellfounder(earlier.data, java(environment, command, true)));
  }

  private static Bellfounder ready(Bellfounder started) {
    try {
      started.url();
      return started;
    } catch (AssertionError e) {
      started.close();
      throw e;
    }
  }

  /** Starts it without waiting, for the starts that are meant to be refused. */
  static Bellfounder start(Path data, Map<String, String> environment, String... more) {
    List<String> command = new ArrayList<>(List.of("up", "--port", "0", "--data", data.toString()));
    command.addAll(List.of(more));
    return new Bellfounder(data, java(environment, command, true));
  }

  /** Runs one of its other commands to the end and returns what it printed on standard output. */
  static Printed run(Map<String, String> environment, String... command) {
    try {
      Process process = java(environment, List.of(command), false);
      CompletableFuture<String> error =
          CompletableFuture.supplyAsync(
              () -> all(process.errorReader(java.nio.charset.StandardCharsets.UTF_8)));
      String out = all(process.inputReader(java.nio.charset.StandardCharsets.UTF_8));
      if (!process.waitFor(60, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new AssertionError(String.join(" ", command) + " did not end");
      }
      return new Printed(process.exitValue(), out, error.join());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** What a command left behind. */
  record Printed(int exit, String out, String error) {}

  String url() {
    return wait("the ready line", READY, START_AT_MOST);
  }

  /** The administrator's one-time link; only a first start prints one. */
  String signInLink() {
    return wait("the sign-in link", LINK, START_AT_MOST);
  }

  /**
   * Signs in by the link and sets a password, so that {@link #administratorAgain} can after a
   * restart.
   */
  Api administrator() {
    Api api = Api.signedInBy(signInLink());
    api.put("/session/password", Map.of("password", PASSWORD, "email", EMAIL, "name", "Admin"))
        .expect(204);
    return api;
  }

  /**
   * Signs in by the password that {@link #administrator} set, maybe in an earlier life of the
   * process.
   */
  Api administratorAgain() {
    return Api.signedInAs(url(), EMAIL, PASSWORD);
  }

  Path data() {
    return data;
  }

  long pid() {
    return process.pid();
  }

  /** Everything it has written so far. */
  String output() {
    return output.toString();
  }

  /** A new gateway key, made by the command line while the server runs. */
  String createKey(String name, String... more) {
    List<String> command =
        new ArrayList<>(List.of("key", "create", "--name", name, "--data", data.toString()));
    command.addAll(List.of(more));
    Printed printed = run(Map.of(), command.toArray(String[]::new));
    if (printed.exit != 0) {
      throw new AssertionError("key create ended with " + printed.exit + ": " + printed.error);
    }
    return printed.out.strip();
  }

  /** SIGTERM; returns at once. */
  void terminate() {
    process.destroy();
  }

  /** {@code kill -9}; returns when the process is gone. */
  void kill() {
    process.destroyForcibly();
    exit(Duration.ofSeconds(10));
  }

  boolean ended() {
    return !process.isAlive();
  }

  /** Waits for its end and returns the exit code. */
  int exit(Duration atMost) {
    try {
      if (!process.waitFor(atMost.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new AssertionError("still running after " + atMost + ": " + output);
      }
      outputEnded.orTimeout(10, TimeUnit.SECONDS).join();
      return process.exitValue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(45, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException _) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }

  private String wait(String what, Pattern pattern, Duration atMost) {
    Optional<String> found =
        Await.value(what, atMost, () -> found(pattern), f -> f.isPresent() || ended());
    return found
        .or(() -> found(pattern))
        .orElseThrow(() -> new AssertionError("it ended without " + what + ": " + output));
  }

  private Optional<String> found(Pattern pattern) {
    Matcher matcher = pattern.matcher(output);
    return matcher.find() ? Optional.of(matcher.group(1)) : Optional.empty();
  }

  private void read() {
    try (BufferedReader reader = process.inputReader(java.nio.charset.StandardCharsets.UTF_8)) {
      for (@Nullable String line = reader.readLine(); line != null; line = reader.readLine()) {
        output.append(line).append('\n');
      }
    } catch (IOException _) {
      // The process was killed while it wrote: what came before is kept.
    } finally {
      outputEnded.complete(null);
    }
  }

  private static Process java(
      Map<String, String> environment, List<String> command, boolean merged) {
    List<String> words =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx384m",
                "-XX:MaxDirectMemorySize=192m",
                "-jar",
                Repository.jar().toString()));
    words.addAll(command);
    ProcessBuilder builder = new ProcessBuilder(words).redirectErrorStream(merged);
    // Nothing of the machine's own configuration may reach the product under test.
    builder.environment().keySet().removeIf(Bellfounder::configures);
    builder.environment().putAll(environment);
    try {
      return builder.start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean configures(String variable) {
    return variable.startsWith("BELL_")
        || variable.startsWith("AWS_")
        || variable.endsWith("_API_KEY")
        || variable.equals("OLLAMA_HOST")
        || variable.equals("JAVA_TOOL_OPTIONS");
  }

  private static String all(BufferedReader reader) {
    StringBuilder text = new StringBuilder();
    reader.lines().forEach(line -> text.append(line).append('\n'));
    return text.toString();
  }
}
