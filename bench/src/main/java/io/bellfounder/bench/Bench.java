package io.bellfounder.bench;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** {@code ./bell bench NAME}. */
@Command(
    name = "bench",
    description = "Measures Bellfounder side by side with its peers.",
    mixinStandardHelpOptions = true,
    subcommands = {GatewayBench.class, RunsBench.class, SpoolBench.class})
public final class Bench {
  private Bench() {}

  /** Exit code 0 if every aim was met, 1 if one was missed, 2 if it could not be measured. */
  public static void main(String[] arguments) {
    System.exit(
        new CommandLine(new Bench())
            .setExecutionExceptionHandler((failure, _, _) -> {
              System.err.println();
              failure.printStackTrace();
              return 2;
            })
            .execute(arguments));
  }
}
