package io.bellfounder.server.launch;

import io.bellfounder.postgres.DirectoryLock;
import io.bellfounder.postgres.EmbeddedPostgres;
import io.bellfounder.postgres.PostgresException;
import io.bellfounder.postgres.PostgresSettings;
import io.bellfounder.server.config.BellConfig;
import io.bellfounder.server.config.ConfigFile;
import io.bellfounder.server.config.LoadedConfig;
import io.bellfounder.server.operation.Logs;
import io.bellfounder.server.operation.Readiness;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.event.EventListener;

/**
 * A running Bellfounder in this process: the data directory held, PostgreSQL up, both planes
 * listening. Closing it drains and stops everything in the opposite order.
 */
public final class Launched implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Launched.class);

  /** A database that is away must not hold up the start. */
  private static final Duration KEY_CHECK_WAIT = Duration.ofSeconds(2);

  private final Deque<AutoCloseable> held = new ArrayDeque<>();
  private final Readiness readiness = new Readiness();
  private final CountDownLatch migrated = new CountDownLatch(1);
  private final DataDirectory data;
  private final BellConfig config;
  private @Nullable ConfigurableApplicationContext context;

  private Launched(LoadedConfig loaded) {
    this.config = loaded.config();
    this.data = DataDirectory.at(config.dataDir());
  }

  /**
   * Starts everything and returns when both planes listen; the database may still be away then.
   *
   * @param application the class whose package is scanned
   * @throws LaunchRefused if it cannot start; nothing is left running then
   */
  public static Launched start(Class<?> application, ConfigFile source, LoadedConfig loaded) {
    Launched launched = new Launched(loaded);
    try {
      launched.run(application, source, loaded);
      return launched;
    } catch (RuntimeException e) {
      Logs.detail().error("the start failed", e);
      launched.close();
      throw launched.refused(e);
    }
  }

  private void run(Class<?> application, ConfigFile source, LoadedConfig loaded) {
    hold(lock());
    startLogs();
    tryPort();
    loaded.notes().forEach(LOG::info);
    if (config.priceFile() != null) {
      // Before anything costly is started; whoever needs the prices reads them again.
      PriceFiles.read(config.priceFile());
    }
    MasterKey masterKey = MasterKey.of(config, data);
    DatabaseAccess database = database(masterKey);
    refuseAnotherMasterKey(database);
    context =
        ApplicationContexts.start(
            application,
            beans -> {
              beans.registerSingleton("configFile", source);
              beans.registerSingleton("loadedConfig", loaded);
              beans.registerSingleton("bellConfig", config);
              beans.registerSingleton("dataDirectory", data);
              beans.registerSingleton("masterKey", masterKey);
              beans.registerSingleton("databaseAccess", database);
              beans.registerSingleton("readiness", readiness);
              beans.registerSingleton("launched", new MigratedListener());
            });
    RunningAddress.write(data.address(), baseUrl());
    readiness.ready();
  }

  private DirectoryLock lock() {
    try {
      return DirectoryLock.take(data.root());
    } catch (DirectoryLock.DirectoryHeld heldByAnother) {
      throw new LaunchRefused(heldByAnother.getMessage() + " (--data chooses it.)", heldByAnother);
    } catch (IOException e) {
      throw new LaunchRefused(
          "the data directory " + data.root() + " cannot be locked: " + e.getMessage(), e);
    }
  }

  private void startLogs() {
    try {
      if (!Files.isDirectory(data.logs())) {
        Files.createDirectory(
            data.logs(),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      }
    } catch (IOException e) {
      throw new LaunchRefused("the log directory " + data.logs() + " cannot be made: " + e, e);
    }
    Logs.start(data.logs(), config.logging());
  }

  private DatabaseAccess database(MasterKey masterKey) {
    if (config.database().url() != null) {
      return DatabaseAccess.external(config.database(), masterKey);
    }
    EmbeddedPostgres postgres = EmbeddedPostgres.start(PostgresSettings.durable(data.postgres()));
    hold(postgres);
    LOG.info("PostgreSQL {} runs on 127.0.0.1:{}", postgres.version(), postgres.address().port());
    return DatabaseAccess.embedded(postgres.address(), masterKey);
  }

  /** As far as the database says so at once; one that is away is examined when it comes. */
  private static void refuseAnotherMasterKey(DatabaseAccess database) {
    try {
      database.requireSameMasterKey(KEY_CHECK_WAIT);
    } catch (SQLException away) {
      LOG.debug("the database does not say yet which master key it was made with", away);
    }
  }

  private void hold(AutoCloseable part) {
    held.push(part);
  }

  /**
   * @return whether the database is migrated within the time
   */
  public boolean awaitDatabase(Duration atMost) throws InterruptedException {
    return migrated.await(atMost.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** What the links of this installation begin with, such as {@code http://127.0.0.1:8080}. */
  public String baseUrl() {
    return RunningAddress.of(config, port());
  }

  /** Where this process itself is reached. */
  public String localUrl() {
    return RunningAddress.local(config, port());
  }

  /** The front door's port; the control plane's own where there is no front door. */
  public int port() {
    ConfigurableApplicationContext running = context();
    PublicPort door = running.getBeanProvider(PublicPort.class).getIfAvailable();
    return door != null
        ? door.port()
        : running.getBean(ControlPlaneAddress.class).port().orElseThrow();
  }

  /** The administrator's one-time link, if nobody has signed in yet; needs the database. */
  public Optional<String> firstSignIn() {
    FirstSignIn first = context().getBeanProvider(FirstSignIn.class).getIfAvailable();
    return first == null ? Optional.empty() : first.link(baseUrl());
  }

  /** For tests that look inside. */
  public ConfigurableApplicationContext context() {
    if (context == null) {
      throw new IllegalStateException("not started");
    }
    return context;
  }

  /** From now on {@code /health/ready} says 503. */
  public void drain() {
    readiness.drain();
  }

  /**
   * Serves on for {@code server.drainDelay}, not ready any more, then lets calls under way end,
   * bounded by {@code server.drainTimeout}, and stops everything. An interrupt ends the delay.
   */
  @Override
  public void close() {
    if (readiness.drain()) {
      stay(config.server().drainDelay());
    }
    if (context != null) {
      context.close();
    }
    while (!held.isEmpty()) {
      try {
        held.pop().close();
      } catch (Exception e) {
        LOG.error("a part did not stop as it should; the others go on stopping", e);
      }
    }
  }

  /** Balancers send on until they have looked at the readiness again. */
  private static void stay(Duration delay) {
    try {
      Thread.sleep(delay);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Before anything costly is started. Whoever takes the port after this is met at the end. */
  private void tryPort() {
    try (ServerSocket socket = new ServerSocket()) {
      socket.bind(new InetSocketAddress(config.server().host(), config.server().port()));
    } catch (IOException e) {
      throw unopened(String.valueOf(e.getMessage()), e);
    }
  }

  private LaunchRefused unopened(String why, Exception failure) {
    return new LaunchRefused(
        "port %d on %s cannot be opened (%s): %schoose another with --port or --host"
            .formatted(
                config.server().port(),
                config.server().host(),
                why,
                why.contains("already in use") ? "stop the program that uses it, or " : ""),
        failure);
  }

  private LaunchRefused refused(RuntimeException failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof LaunchRefused known) {
        return known;
      }
      if (cause instanceof PostgresException postgres) {
        return new LaunchRefused(String.valueOf(postgres.getMessage()), failure);
      }
      // The front door's native transport has no exception of its own for it.
      if (cause instanceof BindException
          || cause instanceof IOException
              && String.valueOf(cause.getMessage()).startsWith("bind(")) {
        return unopened(String.valueOf(cause.getMessage()), failure);
      }
    }
    return new LaunchRefused(
        "%s (the log in %s says more)".formatted(Migrations.words(failure), data.logs()), failure);
  }

  /** Hears that the database is ready. */
  final class MigratedListener {
    @EventListener
    void ready(DatabaseReady event) {
      migrated.countDown();
    }
  }
}
