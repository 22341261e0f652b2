package io.bellfounder.postgres;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Another JVM that holds a cluster until it is killed. */
final class ChildProgram implements AutoCloseable {
  private final Process process;
  private final BufferedReader output;

  private ChildProgram(Process process) {
    this.process = process;
    this.output = process.inputReader();
  }

  /** Started on a thread that ends soon, as programs often are. */
  static ChildProgram holding(Path directory, Path runtime) throws IOException {
    String classPath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    return new ChildProgram(
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-cp",
                    classPath,
                    ChildProgram.class.getName(),
                    directory.toString(),
                    runtime.toString()))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start());
  }

  public static void main(String[] arguments) throws InterruptedException {
    PostgresSettings own = PostgresSettings.durable(Path.of(arguments[0]));
    PostgresSettings settings =
        new PostgresSettings(
            own.directory(), Path.of(arguments[1]), true, own.startTimeout(), own.stopTimeout());
    try {
      EmbeddedPostgres postgres = EmbeddedPostgres.start(settings);
      System.out.println("ready " + postgres.pid());
      Thread.currentThread().join();
    } catch (PostgresException refused) {
      System.out.println("refused " + refused.getMessage());
    }
  }

  /** {@code ready} and the server's pid, or {@code refused} and why. */
  String word() throws IOException {
    return String.valueOf(output.readLine());
  }

  long pid() {
    return process.pid();
  }

  /** As the out-of-memory killer would. */
  void kill() throws InterruptedException {
    process.destroyForcibly();
    if (!process.waitFor(10, TimeUnit.SECONDS)) {
      throw new IllegalStateException("a killed process lives on");
    }
  }

  @Override
  public void close() throws InterruptedException {
    kill();
  }
}
