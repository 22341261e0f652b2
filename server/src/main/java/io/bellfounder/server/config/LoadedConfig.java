package io.bellfounder.server.config;

import io.bellfounder.server.config.ConfigKeys.Key;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A configuration and where each of its values comes from.
 *
 * @param config what is in effect
 * @param notes things worth saying at the start, such as a variable that has no effect yet
 */
public record LoadedConfig(BellConfig config, List<String> notes, Shown shown) {

  public LoadedConfig {
    notes = List.copyOf(notes);
  }

  /**
   * The effective settings as a person may see them: one line each, secrets masked, sources named.
   */
  public List<String> lines() {
    return shown.lines();
  }

  /**
   * A URL may carry a password, in either of two places. One that is not percent-encoded goes on to
   * the last {@code @}.
   */
  static String withoutPassword(String text) {
    return text.replaceAll("(?s)://.*@", "://***@").replaceAll("(?i)(password=)[^&]*", "$1***");
  }

  /** A refused URL may carry more: options are where some services take their key. */
  static String withoutSecrets(String text) {
    return withoutPassword(text).replaceAll("(?s)(://[^?#]*[?#]).*", "$1***");
  }

  /** The settings behind a configuration; only this package knows their unmasked text. */
  public static final class Shown {
    private final Map<String, Setting> settings;

    Shown(Map<String, Setting> settings) {
      this.settings = Map.copyOf(settings);
    }

    private List<String> lines() {
      List<String> lines = new ArrayList<>();
      for (Key key : ConfigKeys.ALL) {
        if (key.named()) {
          settings.values().stream()
              .filter(setting -> ConfigKeys.matches(key.path(), setting.path()))
              .sorted((a, b) -> a.path().compareTo(b.path()))
              .forEach(setting -> lines.add(line(setting.path(), key, setting)));
        } else {
          lines.add(line(key.path(), key, settings.get(key.path())));
        }
      }
      return lines;
    }

    private static String line(String path, Key key, @Nullable Setting setting) {
      String text =
          setting == null || key.secret() && setting.text().isBlank()
              ? "(not set)"
              : key.secret()
                  ? new Secret(setting.text()).masked()
                  : withoutPassword(setting.text());
      return "%-34s %-40s # %s"
          .formatted(path + ":", text, setting == null ? "default" : setting.source());
    }

    @Override
    public String toString() {
      return "Shown[" + settings.size() + " settings]";
    }
  }
}
