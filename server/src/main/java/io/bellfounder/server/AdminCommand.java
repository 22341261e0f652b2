package io.bellfounder.server;

import io.bellfounder.server.config.BellConfig;
import io.bellfounder.server.identity.AdministratorLink;
import io.bellfounder.server.launch.CommandDatabase;
import io.bellfounder.server.launch.RunningAddress;
import java.net.URI;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bell admin}. Runs without the application, so that it answers at once. */
@Command(
    name = "admin",
    description = "Helps administrators in.",
    mixinStandardHelpOptions = true,
    subcommands = AdminCommand.Link.class)
final class AdminCommand {

  /** The link alone goes to standard output, so that scripts can take it. */
  @Command(
      name = "link",
      description =
          "Prints a new one-time sign-in link for an administrator, for instance one who forgot the"
              + " password. It works once, for an hour, and replaces the one before; the old"
              + " password counts until a new one is chosen. Works while the server runs, and while"
              + " it does not.",
      mixinStandardHelpOptions = true)
  static final class Link implements Callable<Integer> {
    @Mixin final ConfigOptions options = new ConfigOptions();

    @Option(
        names = "--email",
        paramLabel = "ADDRESS",
        description = "whose; needed where there are several administrators")
    @Nullable String email;

    @Option(
        names = "--organisation",
        paramLabel = "NAME",
        description = "name or id; needed where it is not clear from the address")
    @Nullable String organisation;

    @Option(names = "--new", description = "make a new administrator with this address first")
    boolean fresh;

    @Option(
        names = "--url",
        paramLabel = "URL",
        description =
            "what the link begins with; default the running server's address, or what the"
                + " configuration says")
    @Nullable String url;

    @Override
    public Integer call() throws SQLException {
      // Checked with the configuration, so before a link is replaced by one that leads nowhere.
      Map<String, String> given = url == null ? Map.of() : Map.of("server.publicUrl", url);
      BellConfig config = options.source(given).load().config();
      URI chosen = url == null ? null : config.server().publicUrl();
      String base = chosen == null ? RunningAddress.of(config) : chosen.toString();
      try (CommandDatabase database = CommandDatabase.open(config);
          Connection connection = database.access().app()) {
        var made =
            AdministratorLink.byOperator(
                connection,
                InstantSource.system(),
                new SecureRandom(),
                base,
                new AdministratorLink.Wanted(email, organisation, fresh));
        System.err.println(
            "For %s, once, within %d minutes:"
                .formatted(made.whom(), AdministratorLink.VALID.toMinutes()));
        System.out.println(made.link());
      }
      return 0;
    }
  }
}
