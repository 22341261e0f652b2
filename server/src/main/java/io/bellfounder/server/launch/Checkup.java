package io.bellfounder.server.launch;

import io.bellfounder.gateway.PriceFile;
import io.bellfounder.postgres.DirectoryLock;
import io.bellfounder.postgres.EmbeddedPostgres;
import io.bellfounder.postgres.PostgresAddress;
import io.bellfounder.postgres.PostgresException;
import io.bellfounder.postgres.PostgresSettings;
import io.bellfounder.server.config.BellConfig;
import io.bellfounder.server.config.BellConfig.ProviderSettings;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Tries what {@code bell up} will need, without changing anything that stays. Works beside a
 * running server.
 */
public final class Checkup {
  private static final long DISK_BYTES_MIN = 1L << 30;
  private static final int JAVA_MIN = 25;
  private static final int POSTGRES_MIN = 15;

  private final BellConfig config;
  private final boolean network;
  private final List<Finding> findings = new ArrayList<>();

  /**
   * @param network whether the providers are asked too
   */
  public Checkup(BellConfig config, boolean network) {
    this.config = config;
    this.network = network;
  }

  /** The virtual machine that runs this. */
  public static Finding java() {
    int version = Runtime.version().feature();
    return version >= JAVA_MIN
        ? Finding.good("Java", Runtime.version() + " at " + System.getProperty("java.home"))
        : Finding.bad("Java", version + " is too old: install a JDK " + JAVA_MIN + " or later");
  }

  /** In the order in which a start would meet them. */
  public List<Finding> findings() {
    DataDirectory data;
    try {
      data = DataDirectory.at(config.dataDir());
    } catch (LaunchRefused refused) {
      return List.of(Finding.bad("data directory", message(refused)));
    }
    disk(data);
    refused(data);
    boolean running = false;
    try (DirectoryLock _ = DirectoryLock.take(data.root())) {
      findings.add(Finding.good("data directory", data.root() + " is writable and free"));
      database(data);
    } catch (DirectoryLock.DirectoryHeld held) {
      running = true;
      findings.add(
          Finding.good(
              "data directory",
              data.root() + " is held by a running server, process " + held.pid()));
      runningDatabase(data);
    } catch (IOException e) {
      findings.add(Finding.bad("data directory", data.root() + " cannot be locked: " + e));
    }
    prices();
    port(running);
    providers();
    return findings;
  }

  private void disk(DataDirectory data) {
    try {
      long free = Files.getFileStore(data.root()).getUsableSpace();
      String text = (free >> 20) + " MiB free at " + data.root();
      findings.add(
          free >= DISK_BYTES_MIN
              ? Finding.good("disk", text)
              : Finding.bad("disk", text + ": make room, at least 1 GiB is wanted"));
    } catch (IOException e) {
      findings.add(Finding.bad("disk", "the free space cannot be read: " + e.getMessage()));
    }
  }

  private void refused(DataDirectory data) {
    if (!Files.isDirectory(data.refused())) {
      return;
    }
    try (Stream<Path> files = Files.list(data.refused())) {
      long count = files.filter(file -> file.toString().endsWith(".json")).count();
      if (count > 0) {
        findings.add(
            Finding.hint(
                "ledger",
                "the database refused %d settled calls, which are kept in %s: each file says why; once that is mended they are taken in within an hour, or at the next start"
                    .formatted(count, data.refused())));
      }
    } catch (IOException e) {
      findings.add(Finding.bad("ledger", data.refused() + " cannot be read: " + e.getMessage()));
    }
  }

  private void prices() {
    if (config.priceFile() == null) {
      return;
    }
    try {
      PriceFile prices = PriceFiles.read(config.priceFile());
      findings.add(Finding.good("prices", config.priceFile() + " holds " + prices.version()));
    } catch (LaunchRefused e) {
      findings.add(Finding.bad("prices", message(e)));
    }
  }

  private void port(boolean running) {
    String host = config.server().host();
    int port = config.server().port();
    try (ServerSocket socket = new ServerSocket()) {
      socket.bind(new InetSocketAddress(host, port));
      findings.add(Finding.good("port", port == 0 ? "any free one" : port + " is free on " + host));
    } catch (IOException e) {
      findings.add(
          running
              ? Finding.good("port", port + " is in use, as expected with a running server")
              : Finding.bad(
                  "port",
                  "%d on %s cannot be opened (%s): stop what listens there, or use --port"
                      .formatted(port, host, e.getMessage())));
    }
  }

  private void database(DataDirectory data) {
    if (config.database().url() != null) {
      external(data);
      return;
    }
    Path trial = data.root().resolve("doctor");
    try (EmbeddedPostgres postgres =
        EmbeddedPostgres.start(PostgresSettings.throwAway(trial, trial.resolve("runtime")))) {
      findings.add(Finding.good("PostgreSQL", postgres.version() + " starts here"));
    } catch (PostgresException e) {
      findings.add(Finding.bad("PostgreSQL", message(e)));
    } finally {
      delete(trial);
    }
  }

  private void external(DataDirectory data) {
    try {
      MasterKey masterKey = MasterKey.of(config, data);
      DatabaseAccess access = DatabaseAccess.external(config.database(), masterKey);
      try (Connection connection = access.owner()) {
        access.requireSameMasterKey(Duration.ofSeconds(10));
        int version = connection.getMetaData().getDatabaseMajorVersion();
        findings.add(
            version >= POSTGRES_MIN
                ? Finding.good("database", "PostgreSQL " + version + " answers")
                : Finding.bad(
                    "database",
                    "PostgreSQL "
                        + version
                        + " is too old: "
                        + POSTGRES_MIN
                        + " or later is needed"));
      }
    } catch (LaunchRefused e) {
      findings.add(Finding.bad("database", message(e)));
    } catch (SQLException e) {
      findings.add(
          Finding.bad(
              "database",
              Migrations.words(e) + ": check database.url, user, password and the network"));
    }
  }

  private void runningDatabase(DataDirectory data) {
    if (config.database().url() != null) {
      external(data);
      return;
    }
    try {
      PostgresAddress address = PostgresAddress.of(data.postgres()).orElse(null);
      if (address == null) {
        findings.add(Finding.bad("PostgreSQL", "the running server has not made one yet"));
        return;
      }
      DatabaseAccess access = DatabaseAccess.embedded(address, MasterKey.of(config, data));
      access.requireSameMasterKey(Duration.ofSeconds(10));
      access.app().close();
      findings.add(Finding.good("PostgreSQL", "answers at 127.0.0.1:" + address.port()));
    } catch (LaunchRefused e) {
      findings.add(Finding.bad("PostgreSQL", message(e)));
    } catch (IOException | SQLException e) {
      findings.add(
          Finding.bad(
              "PostgreSQL",
              Migrations.words(e) + ": look into " + data.postgres().resolve("postgres.log")));
    }
  }

  private void providers() {
    if (config.providers().isEmpty()) {
      findings.add(
          Finding.hint(
              "providers",
              "none yet: set ANTHROPIC_API_KEY or OPENAI_API_KEY, or name some in bellfounder.yaml"));
    }
    for (ProviderSettings provider : config.providers()) {
      findings.add(network ? signOfLife(provider) : Finding.good(name(provider), at(provider)));
    }
  }

  private static String name(ProviderSettings provider) {
    return "provider " + provider.name();
  }

  private static String at(ProviderSettings provider) {
    return provider.baseUrl() + " (not asked; --network does)";
  }

  /** Any answer will do: without a credential it is a refusal. */
  private static Finding signOfLife(ProviderSettings provider) {
    Duration patience = Duration.ofSeconds(5);
    try (HttpClient http = HttpClient.newBuilder().connectTimeout(patience).build()) {
      HttpResponse<Void> answer =
          http.send(
              HttpRequest.newBuilder(provider.baseUrl()).timeout(patience).build(),
              HttpResponse.BodyHandlers.discarding());
      return Finding.good(
          name(provider), provider.baseUrl() + " answers (status " + answer.statusCode() + ")");
    } catch (IOException e) {
      return Finding.bad(
          name(provider),
          provider.baseUrl() + " does not answer (" + e + "): check the address and the network");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Finding.bad(name(provider), "interrupted");
    }
  }

  private static void delete(Path directory) {
    if (!Files.exists(directory)) {
      return;
    }
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      // The next trial deletes it; nothing else looks at it.
      System.err.println("left behind: " + directory);
    }
  }

  private static String message(@Nullable Throwable problem) {
    return problem == null || problem.getMessage() == null ? "unknown" : problem.getMessage();
  }

  /**
   * One answer of the doctor.
   *
   * @param text for a bad one with the remedy
   */
  public record Finding(State state, String what, String text) {
    /** How bad it is. */
    public enum State {
      GOOD,
      /** Nothing stands in the way, but worth knowing. */
      HINT,
      BAD
    }

    public static Finding good(String what, String text) {
      return new Finding(State.GOOD, what, text);
    }

    public static Finding hint(String what, String text) {
      return new Finding(State.HINT, what, text);
    }

    public static Finding bad(String what, String text) {
      return new Finding(State.BAD, what, text);
    }
  }
}
