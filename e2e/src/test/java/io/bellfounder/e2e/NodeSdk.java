package io.bellfounder.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * An SDK from npm, in a Node process of its own that is driven line by line ({@code
 * clients/sdk.mjs}).
 */
final class NodeSdk implements Sdk {

  private final String name;
  private final boolean anthropic;
  private final Process process;
  private final BufferedWriter commands;
  private final BufferedReader answers;

  private NodeSdk(String name, boolean anthropic) {
    this.name = name;
    this.anthropic = anthropic;
    try {
      this.process =
          new ProcessBuilder("node", "sdk.mjs", anthropic ? "anthropic" : "openai")
              .directory(Repository.clients().toFile())
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    this.commands = process.outputWriter(UTF_8);
    this.answers = process.inputReader(UTF_8);
  }

  static NodeSdk anthropicTypeScript() {
    return new NodeSdk("@anthropic-ai/sdk", true);
  }

  static NodeSdk openAiTypeScript() {
    return new NodeSdk("openai (npm)", false);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public boolean anthropic() {
    return anthropic;
  }

  @Override
  public Seen ask(Ask ask) {
    try {
      commands.write(Json.write(ask));
      commands.newLine();
      commands.flush();
      String answer = answers.readLine();
      if (answer == null) {
        throw new IllegalStateException(
            name + " ended with " + process.onExit().join().exitValue());
      }
      return Json.read(answer, Seen.class);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void end() {
    process.destroy();
  }

  @Override
  public String toString() {
    return name;
  }
}
