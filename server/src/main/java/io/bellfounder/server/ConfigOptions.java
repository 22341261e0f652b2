package io.bellfounder.server;

import io.bellfounder.server.config.ConfigFile;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which configuration a command works with. */
final class ConfigOptions {
  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "the configuration file; otherwise BELL_CONFIG, or bellfounder.yaml if there")
  @Nullable Path config;

  @Option(names = "--data", paramLabel = "DIR", description = "the data directory; default ./.bell")
  @Nullable String data;

  /**
   * @param options further values from the command line, by key
   */
  ConfigFile source(Map<String, String> options) {
    Map<String, String> all = new LinkedHashMap<>(options);
    if (data != null) {
      all.put("data.dir", data);
    }
    return ConfigFile.find(config, Path.of(""), System.getenv(), all);
  }
}
