package io.bellfounder.e2e;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The real command-line client, pinned in {@code clients/package.json}, run without a person: its
 * own home, its own working directory, standard input closed, no traffic but to the base URL. Two
 * runs with the same session id below the same folder send the same bytes, because what the client
 * draws at random is given to it: the session id as an argument, the device id in its home.
 */
final class ClaudeCode {

  private static final String DEVICE = "0".repeat(64);

  private final Path folder;

  /**
   * @param folder where home and working directory are made anew for each run
   */
  ClaudeCode(Path folder) {
    this.folder = folder;
  }

  /**
   * What came of a run.
   *
   * @param events the lines of its {@code stream-json} output
   */
  record Outcome(int exit, List<JsonNode> events, String complaints) {

    /** The text the person would read at the end. */
    String result() {
      return events.stream()
          .filter(e -> e.path("type").asText().equals("result"))
          .map(e -> e.path("result").asText())
          .findFirst()
          .orElse("");
    }
  }

  Path work() {
    return folder.resolve("work");
  }

  Outcome run(String baseUrl, String credential, String sessionId, String prompt) {
    return run(baseUrl, credential, sessionId, prompt, Map.of());
  }

  Outcome run(
      String baseUrl,
      String credential,
      String sessionId,
      String prompt,
      Map<String, String> more) {
    try {
      Path home = fresh("home");
      fresh("work");
      Files.writeString(home.resolve(".claude.json"), "{\"userID\":\"" + DEVICE + "\"}");
      ProcessBuilder builder =
          new ProcessBuilder(
              binary().toString(),
              "-p",
              prompt,
              "--session-id",
              sessionId,
              "--output-format",
              "stream-json",
              "--verbose",
              "--permission-mode",
              "acceptEdits");
      Map<String, String> environment = builder.environment();
      environment.clear();
      environment.put("HOME", home.toString());
      environment.put("PATH", System.getenv("PATH"));
      environment.put("ANTHROPIC_BASE_URL", baseUrl);
      environment.put("ANTHROPIC_AUTH_TOKEN", credential);
      environment.put("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1");
      environment.putAll(more);
      Path out = folder.resolve("out");
      Path err = folder.resolve("err");
      Process process =
          builder
              .directory(work().toFile())
              .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
              .redirectOutput(out.toFile())
              .redirectError(err.toFile())
              .start();
      if (!process.waitFor(120, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new AssertionError(
            "the client did not end: " + Files.readString(out) + Files.readString(err));
      }
      List<JsonNode> events = new ArrayList<>();
      for (String line : Files.readAllLines(out)) {
        if (line.startsWith("{")) {
          events.add(Json.read(line));
        }
      }
      return new Outcome(process.exitValue(), events, Files.readString(err));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private Path fresh(String name) throws IOException {
    Path made = folder.resolve(name);
    if (Files.exists(made)) {
      try (Stream<Path> files = Files.walk(made)) {
        files.sorted(Comparator.reverseOrder()).forEach(p -> p.toFile().delete());
      }
    }
    return Files.createDirectories(made);
  }

  private static Path binary() {
    String machine = System.getProperty("os.arch").equals("aarch64") ? "arm64" : "x64";
    return Repository.clients()
        .resolve("node_modules/@anthropic-ai/claude-code-linux-" + machine + "/claude");
  }
}
