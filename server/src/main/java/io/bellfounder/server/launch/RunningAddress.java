package io.bellfounder.server.launch;

import io.bellfounder.postgres.DirectoryLock;
import io.bellfounder.server.config.BellConfig;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where the console is reached. A running server writes it down in its data directory, because it
 * may have been told another port than the configuration says.
 */
public final class RunningAddress {
  private static final Logger LOG = LoggerFactory.getLogger(RunningAddress.class);

  private RunningAddress() {}

  /** The address of the server that holds the data directory, or else what is configured. */
  public static String of(BellConfig config) {
    DataDirectory data = new DataDirectory(config.dataDir());
    if (Files.isRegularFile(data.address())) {
      try (DirectoryLock _ = DirectoryLock.take(data.root())) {
        // Nobody runs: what is written there is of an earlier day.
        return configured(config);
      } catch (DirectoryLock.DirectoryHeld running) {
        try {
          return Files.readString(data.address()).strip();
        } catch (IOException e) {
          return configured(config);
        }
      } catch (IOException e) {
        return configured(config);
      }
    }
    return configured(config);
  }

  private static String configured(BellConfig config) {
    return of(config, config.server().port());
  }

  /** What links begin with, such as {@code http://127.0.0.1:8080}. */
  static String of(BellConfig config, int port) {
    URI publicUrl = config.server().publicUrl();
    return publicUrl != null ? publicUrl.toString() : local(config, port);
  }

  /** Where this machine reaches the server. */
  static String local(BellConfig config, int port) {
    String host =
        switch (config.server().host()) {
          case "0.0.0.0", "::", "[::]" -> "127.0.0.1";
          case String name when name.indexOf(':') >= 0 && !name.startsWith("[") -> "[" + name + "]";
          case String name -> name;
        };
    return "http://" + host + ":" + port;
  }

  /** Only a convenience: a directory that cannot be written is met elsewhere. */
  static void write(Path file, String address) {
    try {
      Files.writeString(file, address + "\n");
    } catch (IOException e) {
      LOG.debug("the address cannot be written down", e);
    }
  }
}
