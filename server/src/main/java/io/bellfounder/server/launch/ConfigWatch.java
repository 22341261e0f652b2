package io.bellfounder.server.launch;

import io.bellfounder.server.config.BellConfig;
import io.bellfounder.server.config.ConfigException;
import io.bellfounder.server.config.ConfigFile;
import io.bellfounder.server.config.LoadedConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sees changes of the configuration file and the price file. Compares size, time and inode at every
 * look rather than asking the kernel for events: those miss mounted and replaced files.
 */
final class ConfigWatch {
  private static final Logger LOG = LoggerFactory.getLogger(ConfigWatch.class);

  private final ConfigFile source;
  private final Consumer<BellConfig> whenChanged;
  private BellConfig current;
  private String seen;

  ConfigWatch(ConfigFile source, LoadedConfig loaded, Consumer<BellConfig> whenChanged) {
    this.source = source;
    this.current = loaded.config();
    this.whenChanged = whenChanged;
    this.seen = fingerprint();
  }

  /** Reads again if a file changed. A refused file is said once, and the old values stay. */
  synchronized void look() {
    String now = fingerprint();
    if (now.equals(seen)) {
      return;
    }
    seen = now;
    try {
      BellConfig next = source.load().config();
      if (!restartOnly(next).equals(restartOnly(current))) {
        LOG.warn(
            "The configuration changed; what is not a provider, a route or a price takes effect at the next start");
      }
      current = next;
      seen = fingerprint();
      whenChanged.accept(next);
      LOG.info(
          "The configuration was read again: {} providers, {} routes",
          next.providers().size(),
          next.routes().size());
    } catch (ConfigException refused) {
      refused
          .problems()
          .forEach(problem ->
              LOG.error("The changed configuration is refused, the old one stays: {}", problem));
    }
  }

  private static Object restartOnly(BellConfig config) {
    return List.of(
        config.server(),
        config.dataDir(),
        config.database(),
        String.valueOf(config.masterKey()),
        config.gateway(),
        config.logging());
  }

  private String fingerprint() {
    return fingerprint(source.file()) + fingerprint(current.priceFile());
  }

  private static String fingerprint(@Nullable Path file) {
    if (file == null) {
      return "-";
    }
    try {
      BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
      return attributes.size() + "/" + attributes.lastModifiedTime() + "/" + attributes.fileKey();
    } catch (IOException gone) {
      // Between an editor's delete and rename; the next look sees the new file.
      return "gone";
    }
  }
}
