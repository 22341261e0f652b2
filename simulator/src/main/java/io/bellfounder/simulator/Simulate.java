package io.bellfounder.simulator;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The command {@code simulate}: a simulator that runs until it is killed. */
public final class Simulate {
  private static final String USAGE =
      """
      usage: simulate [--port 9099] [--host 127.0.0.1] [--script FILE] [--seed N] [--quiet]

        --port    where to listen; 0 takes a free port
        --script  what to answer, as docs/reference/simulator.md describes it
        --seed    where ids and random faults come from
        --quiet   print the one line with the address and no more\
      """;

  private Simulate() {}

  /** Prints {@code Simulator is ready: http://…} when it answers. */
  public static void main(String[] args) throws InterruptedException {
    System.exit(run(args)); // also after --help: whoever started this may wait for a server
  }

  /**
   * @return the exit code: 1 if it cannot listen there, 2 for a wrong option
   */
  static int run(String... args) throws InterruptedException {
    try {
      CommandLine line = CommandLine.parse(args);
      if (line.help()) {
        System.out.println(USAGE);
      } else {
        serve(line);
      }
      return 0;
    } catch (IllegalStateException unopened) {
      System.err.println("simulate: " + unopened.getMessage());
      return 1;
    } catch (IllegalArgumentException | IOException refused) {
      System.err.println("simulate: " + reason(refused));
      System.err.println(USAGE);
      return 2;
    }
  }

  private static void serve(CommandLine line) throws InterruptedException {
    try (Simulator simulator =
        Simulator.start(Simulator.Options.DEFAULT.withHost(line.host()).withPort(line.port()))) {
      simulator.script(line.script());
      System.out.println("Simulator is ready: " + simulator.baseUrl());
      if (!line.quiet()) {
        System.out.println("  ANTHROPIC_BASE_URL=" + simulator.baseUrl());
        System.out.println("  OPENAI_BASE_URL=" + simulator.baseUrl() + "/v1");
      }
      simulator.join();
    }
  }

  private static String reason(Exception refused) {
    return refused instanceof NoSuchFileException missing
        ? "there is no file " + missing.getFile()
        : String.valueOf(refused.getMessage());
  }

  /** The words after {@code simulate}. */
  private record CommandLine(String host, int port, Script script, boolean quiet, boolean help) {

    static CommandLine parse(String[] args) throws IOException {
      String host = "127.0.0.1";
      int port = 9099;
      Script script = Script.EMPTY;
      Long seed = null;
      boolean quiet = false;
      boolean help = false;
      for (int i = 0; i < args.length; i++) {
        String word = args[i];
        switch (word) {
          case "--help", "-h" -> help = true;
          case "--quiet" -> quiet = true;
          case "--port" -> port = port(args, ++i);
          case "--host" -> host = value(args, ++i, word);
          case "--seed" -> seed = number(args, ++i, word);
          case "--script" ->
              script = Script.parse(Files.readString(Path.of(value(args, ++i, word))));
          default -> throw new IllegalArgumentException("there is no option '" + word + "'");
        }
      }
      return new CommandLine(host, port, seeded(script, seed), quiet, help);
    }

    private static Script seeded(Script script, @Nullable Long seed) {
      return seed == null
          ? script
          : new Script(
              seed,
              script.requireKey(),
              script.models(),
              script.unknownModels(),
              script.chaos(),
              script.rules());
    }

    private static int port(String[] args, int at) {
      long port = number(args, at, "--port");
      if (port < 0 || port > 65_535) {
        throw new IllegalArgumentException("--port takes 0 to 65535, not " + port);
      }
      return (int) port;
    }

    private static long number(String[] args, int at, String option) {
      String value = value(args, at, option);
      if (!value.matches("-?\\d{1,18}")) {
        throw new IllegalArgumentException(option + " needs a number, not '" + value + "'");
      }
      return Long.parseLong(value);
    }

    private static String value(String[] args, int at, String option) {
      if (at >= args.length) {
        throw new IllegalArgumentException(option + " needs a value");
      }
      return args[at];
    }
  }
}
