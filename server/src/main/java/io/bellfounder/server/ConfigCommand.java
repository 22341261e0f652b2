package io.bellfounder.server;

import io.bellfounder.server.config.LoadedConfig;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code bell config}. */
@Command(
    name = "config",
    description = "Shows the configuration.",
    mixinStandardHelpOptions = true,
    subcommands = ConfigCommand.Show.class)
final class ConfigCommand {

  @Command(
      name = "show",
      description = "Prints every effective key with its value and source, secrets masked.",
      mixinStandardHelpOptions = true)
  static final class Show implements Callable<Integer> {
    @Mixin final ConfigOptions options = new ConfigOptions();

    @Override
    public Integer call() {
      LoadedConfig loaded = options.source(Map.of()).load();
      loaded.lines().forEach(System.out::println);
      loaded.notes().forEach(note -> System.err.println("note: " + note));
      return 0;
    }
  }
}
