package io.bellfounder.server;

import io.bellfounder.server.config.BellConfig;
import io.bellfounder.server.launch.CommandDatabase;
import io.bellfounder.server.launch.LaunchRefused;
import io.bellfounder.server.teams.KeyCreation;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bell key}. Runs without the application, so that it answers at once. */
@Command(
    name = "key",
    description = "Works with gateway keys.",
    mixinStandardHelpOptions = true,
    subcommands = KeyCommand.Create.class)
final class KeyCommand {

  /** The key alone goes to standard output, so that scripts can take it. */
  @Command(
      name = "create",
      description =
          "Prints a new key, once: it is stored as a hash. Works before the first start, while the"
              + " server runs, and while it does not.",
      mixinStandardHelpOptions = true)
  static final class Create implements Callable<Integer> {
    private static final Pattern DURATION = Pattern.compile("(\\d{1,6})(m|h|d)");
    private static final int NAME_LENGTH_MAX = 100;

    @Mixin final ConfigOptions options = new ConfigOptions();

    @Option(
        names = "--name",
        required = true,
        paramLabel = "NAME",
        description = "who or what uses the key; 1 to 100 characters")
    String name = "";

    @Option(
        names = "--expires",
        paramLabel = "30d",
        description = "after so many m(inutes), h(ours) or d(ays); default never")
    @Nullable String expires;

    @Override
    public Integer call() throws SQLException {
      if (name.isBlank() || name.length() > NAME_LENGTH_MAX) {
        throw new LaunchRefused("--name takes 1 to " + NAME_LENGTH_MAX + " characters");
      }
      InstantSource clock = InstantSource.system();
      Instant end = expires == null ? null : clock.instant().plus(duration(expires));
      BellConfig config = options.source(Map.of()).load().config();
      try (CommandDatabase database = CommandDatabase.open(config);
          Connection connection = database.access().app()) {
        System.out.println(
            KeyCreation.byOperator(
                    connection, clock, new SecureRandom(), database.masterKey(), name.strip(), end)
                .secret()
                .text());
      }
      return 0;
    }

    private static Duration duration(String text) {
      Matcher matcher = DURATION.matcher(text);
      if (!matcher.matches() || Long.parseLong(matcher.group(1)) == 0) {
        throw new LaunchRefused("--expires takes a time such as 12h or 30d");
      }
      long number = Long.parseLong(matcher.group(1));
      return switch (matcher.group(2)) {
        case "m" -> Duration.ofMinutes(number);
        case "h" -> Duration.ofHours(number);
        default -> Duration.ofDays(number);
      };
    }
  }
}
