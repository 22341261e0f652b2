package io.bellfounder.server.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
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
   *     bellfounder.yaml} in the directory where that exists, be it a link to nothing
   */
  public static ConfigFile find(
      @Nullable Path chosen,
      Path directory,
      Map<String, String> environment,
      Map<String, String> flags) {
    String named = environment.getOrDefault("BELL_CONFIG", "");
    Path usual = directory.resolve("bellfounder.yaml");
    Path file = chosen;
    if (file == null && !named.isBlank()) {
      file = Path.of(named);
    } else if (file == null && Files.exists(usual, LinkOption.NOFOLLOW_LINKS)) {
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
    } catch (NoSuchFileException e) {
      throw new ConfigException(List.of(absent(file)));
    } catch (IOException e) {
      throw new ConfigException(
          List.of(
              "The configuration file " + file + " cannot be read: " + FileProblem.words(e) + "."));
    }
  }

  private static String absent(Path file) {
    try {
      return "The configuration file %s is a link to %s, which does not exist: mend the link, or remove it."
          .formatted(file, Files.readSymbolicLink(file));
    } catch (IOException noLink) {
      return "The configuration file %s does not exist: check --config or BELL_CONFIG."
          .formatted(file);
    }
  }
}
