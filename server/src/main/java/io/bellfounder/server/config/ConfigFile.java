package io.bellfounder.server.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where the configuration is read from, now and again when the file changes.
 *
 * @param file {@code null} if there is none
 * @param flags values from the command line by key, such as {@code server.port}
 */
public record ConfigFile(
    @Nullable Path file, Map<String, String> environment, Map<String, String> flags) {

  public ConfigFile {
    environment = Map.copyOf(environment);
    flags = Map.copyOf(flags);
  }

  /**
   * @param chosen from {@code --config}; if {@code null}, {@code BELL_CONFIG}, or {@code
   *     ./bellfounder.yaml} where that exists
   */
  public static ConfigFile find(
      @Nullable Path chosen, Map<String, String> environment, Map<String, String> flags) {
    String named = environment.getOrDefault("BELL_CONFIG", "");
    Path usual = Path.of("bellfounder.yaml");
    Path file = chosen;
    if (file == null && !named.isBlank()) {
      file = Path.of(named);
    } else if (file == null && Files.exists(usual)) {
      file = usual;
    }
    return new ConfigFile(file, environment, flags);
  }

  /**
   * Reads and checks everything.
   *
   * @throws ConfigException with all problems at once
   */
  public LoadedConfig load() {
    if (file == null) {
      return ConfigLoader.load(null, "", environment, flags);
    }
    try {
      return ConfigLoader.load(Files.readString(file), file.toString(), environment, flags);
    } catch (NoSuchFileException absent) {
      throw new ConfigException(
          List.of("The configuration file " + file + " does not exist: check --config."));
    } catch (IOException e) {
      throw new ConfigException(
          List.of(
              "The configuration file " + file + " cannot be read: " + FileProblem.words(e) + "."));
    }
  }
}
