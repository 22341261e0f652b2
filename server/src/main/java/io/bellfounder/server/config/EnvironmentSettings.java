package io.bellfounder.server.config;

import io.bellfounder.server.config.ConfigKeys.Key;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** Reads {@code BELL_…} variables as settings. */
final class EnvironmentSettings {
  private static final String PREFIX = "BELL_";

  /** Read by the start script, the command line and the tests. */
  private static final Set<String> NOT_SETTINGS =
      Set.of("BELL_JAVA_OPTS", "BELL_CONFIG", "BELL_TEST_BROWSER");

  private EnvironmentSettings() {}

  static Map<String, Setting> read(Map<String, String> environment, List<String> problems) {
    Map<String, Setting> settings = new LinkedHashMap<>();
    new TreeMap<>(environment)
        .forEach((name, value) -> {
          if (!name.startsWith(PREFIX) || NOT_SETTINGS.contains(name)) {
            return;
          }
          Optional<String> path = path(name.substring(PREFIX.length()));
          if (path.isPresent()) {
            settings.put(path.get(), new Setting(path.get(), value, name));
          } else {
            problems.add(unknown(name));
          }
        });
    return settings;
  }

  private static Optional<String> path(String name) {
    for (Key key : ConfigKeys.ALL) {
      if (!key.named() && key.environmentSuffix().equals(name)) {
        return Optional.of(key.path());
      }
    }
    for (Key key : ConfigKeys.ALL) {
      String head = key.named() ? key.environmentSection() + "_" : "";
      String tail = "_" + key.environmentSuffix();
      if (key.named()
          && name.startsWith(head)
          && name.endsWith(tail)
          && name.length() > head.length() + tail.length()) {
        String chosen = name.substring(head.length(), name.length() - tail.length());
        return Optional.of(
            key.path().replace("*", chosen.toLowerCase(Locale.ROOT).replace('_', '-')));
      }
    }
    return Optional.empty();
  }

  private static String unknown(String name) {
    List<String> names = new ArrayList<>();
    for (Key key : ConfigKeys.ALL) {
      names.add(
          key.named()
              ? PREFIX + key.environmentSection() + "_<NAME>_" + key.environmentSuffix()
              : PREFIX + key.environmentSuffix());
    }
    return "The environment variable "
        + name
        + " is not a setting."
        + Nearest.to(name, names).map(nearest -> " Did you mean " + nearest + "?").orElse("");
  }
}
