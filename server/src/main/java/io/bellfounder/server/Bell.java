package io.bellfounder.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.bellfounder.postgres.PostgresException;
import io.bellfounder.server.config.ConfigException;
import io.bellfounder.server.launch.LaunchRefused;
import io.bellfounder.server.operation.Logs;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;

/** The main program: {@code java -jar bellfounder.jar WORD}. */
@Command(
    name = "bell",
    description = "Runs an organisation's AI work: every model call metered and explained.",
    mixinStandardHelpOptions = true,
    versionProvider = Bell.Version.class,
    subcommands = {
      UpCommand.class,
      KeyCommand.class,
      AdminCommand.class,
      ConfigCommand.class,
      DoctorCommand.class,
      SimulateCommand.class,
      CommandLine.HelpCommand.class
    })
public final class Bell {
  private Bell() {}

  public static void main(String[] words) {
    // Whatever the locale of the terminal or the service says.
    System.setOut(new PrintStream(new FileOutputStream(FileDescriptor.out), true, UTF_8));
    System.setErr(new PrintStream(new FileOutputStream(FileDescriptor.err), true, UTF_8));
    System.exit(run(words));
  }

  /**
   * @return the exit code: 0 for success, 1 for a refusal that was explained, 2 for wrong words
   */
  static int run(String... words) {
    Logs.quiet();
    CommandLine commandLine = new CommandLine(new Bell());
    commandLine.setExecutionExceptionHandler((failure, _, _) -> explain(failure));
    return commandLine.execute(words.length == 0 ? new String[] {"help"} : words);
  }

  /** One line for the operator; the stack trace goes to the log. */
  private static int explain(Exception failure) {
    switch (failure) {
      case ConfigException refused ->
          refused.problems().forEach(problem -> System.err.println("bell: " + problem));
      case LaunchRefused refused -> System.err.println("bell: " + refused.getMessage());
      case PostgresException refused -> System.err.println("bell: " + refused.getMessage());
      default -> {
        System.err.println("bell: " + failure);
        LoggerFactory.getLogger(Bell.class).error("unexpected", failure);
      }
    }
    return 1;
  }

  /** From the jar's manifest. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = Bell.class.getPackage().getImplementationVersion();
      return new String[] {"bellfounder " + (version == null ? "development" : version)};
    }
  }
}
