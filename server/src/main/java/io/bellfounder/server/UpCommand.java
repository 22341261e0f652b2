package io.bellfounder.server;

import io.bellfounder.server.config.ConfigFile;
import io.bellfounder.server.launch.Launched;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.core.NestedRuntimeException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bell up}. */
@Command(
    name = "up",
    description = "Runs everything in the foreground until SIGTERM or Ctrl-C.",
    mixinStandardHelpOptions = true)
final class UpCommand implements Callable<Integer> {
  private static final Logger LOG = LoggerFactory.getLogger(UpCommand.class);

  /** Longer than a first start's migrations take; a database that is away is said then. */
  private static final Duration DATABASE_WAIT = Duration.ofSeconds(20);

  /** Between two tries to ask a database that had been there. */
  private static final Duration AGAIN = Duration.ofSeconds(1);

  @Mixin final ConfigOptions options = new ConfigOptions();

  @Option(names = "--port", paramLabel = "PORT", description = "default 8080; 0 takes a free one")
  @Nullable String port;

  @Option(names = "--host", paramLabel = "HOST", description = "default 127.0.0.1; 0.0.0.0 for all")
  @Nullable String host;

  @Override
  public Integer call() throws InterruptedException {
    StopSignals signals = StopSignals.install();
    Map<String, String> given = new LinkedHashMap<>();
    if (port != null) {
      given.put("server.port", port);
    }
    if (host != null) {
      given.put("server.host", host);
    }
    ConfigFile source = options.source(given);
    try (Launched launched = Launched.start(BellfounderApplication.class, source, source.load())) {
      boolean database = database(launched, signals);
      if (!signals.received()) {
        System.out.println("Bellfounder is ready: " + launched.localUrl());
        if (!database) {
          LOG.warn("The database is not available yet: the gateway serves, the console waits");
        }
      }
      sayFirstSignIn(launched, signals);
      signals.await();
      LOG.info("Stopping: calls under way may end, then everything is put away");
    }
    return 0;
  }

  /** Says the administrator's link as soon as the database is there and gives one. */
  private static void sayFirstSignIn(Launched launched, StopSignals signals)
      throws InterruptedException {
    boolean failed = false;
    while (!signals.received()) {
      if (!launched.awaitDatabase(Duration.ofMillis(50))) {
        continue;
      }
      try {
        launched
            .firstSignIn()
            .ifPresent(link -> System.out.println("Sign in as the administrator, once: " + link));
        return;
      } catch (NestedRuntimeException away) {
        if (!failed) {
          LOG.warn("The database does not answer; it is asked again: {}", away.getMessage());
        }
        failed = true;
        signals.await(AGAIN);
      }
    }
  }

  /** Waits for the database, but not against the operator's will. */
  private static boolean database(Launched launched, StopSignals signals)
      throws InterruptedException {
    long deadline = System.nanoTime() + DATABASE_WAIT.toNanos();
    boolean database = false;
    while (!database && !signals.received() && System.nanoTime() - deadline < 0) {
      database = launched.awaitDatabase(Duration.ofMillis(50));
    }
    return database;
  }
}
