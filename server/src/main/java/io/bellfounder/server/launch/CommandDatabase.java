package io.bellfounder.server.launch;

import io.bellfounder.postgres.DirectoryLock;
import io.bellfounder.postgres.EmbeddedPostgres;
import io.bellfounder.postgres.PostgresAddress;
import io.bellfounder.postgres.PostgresSettings;
import io.bellfounder.server.config.BellConfig;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.flywaydb.core.api.FlywayException;
import org.jspecify.annotations.Nullable;

/**
 * The database for a command that is over in a moment. While the server runs, the command uses the
 * server's; otherwise it starts the embedded one itself and stops it again.
 */
public final class CommandDatabase implements AutoCloseable {
  private static final Duration WAIT = Duration.ofSeconds(30);

  private final MasterKey masterKey;
  private final DatabaseAccess access;
  private final @Nullable EmbeddedPostgres own;
  private final @Nullable DirectoryLock lock;

  private CommandDatabase(
      MasterKey masterKey,
      DatabaseAccess access,
      @Nullable EmbeddedPostgres own,
      @Nullable DirectoryLock lock) {
    this.masterKey = masterKey;
    this.access = access;
    this.own = own;
    this.lock = lock;
  }

  /**
   * Finds or starts the database and brings it to this release's schema.
   *
   * @throws LaunchRefused if it cannot be reached within 30 s
   */
  public static CommandDatabase open(BellConfig config) {
    DataDirectory data = DataDirectory.at(config.dataDir());
    if (config.database().url() != null) {
      MasterKey masterKey = MasterKey.of(config, data);
      return migrated(
          new CommandDatabase(
              masterKey, DatabaseAccess.external(config.database(), masterKey), null, null));
    }
    return embedded(config, data);
  }

  private static CommandDatabase embedded(BellConfig config, DataDirectory data) {
    try {
      DirectoryLock lock = DirectoryLock.take(data.root());
      try {
        MasterKey masterKey = MasterKey.of(config, data);
        EmbeddedPostgres own = EmbeddedPostgres.start(PostgresSettings.durable(data.postgres()));
        DatabaseAccess access = DatabaseAccess.embedded(own.address(), masterKey);
        return migrated(new CommandDatabase(masterKey, access, own, lock));
      } catch (RuntimeException e) {
        lock.close();
        throw e;
      }
    } catch (DirectoryLock.DirectoryHeld running) {
      return ofRunningServer(config, data);
    } catch (IOException e) {
      throw new LaunchRefused("the data directory " + data.root() + " cannot be used: " + e, e);
    }
  }

  /** The server may just be starting, so its database is waited for. */
  private static CommandDatabase ofRunningServer(BellConfig config, DataDirectory data) {
    String problem = "it has no database yet";
    long deadline = System.nanoTime() + WAIT.toNanos();
    CountDownLatch never = new CountDownLatch(1);
    try {
      do {
        PostgresAddress address = PostgresAddress.of(data.postgres()).orElse(null);
        if (address != null) {
          MasterKey masterKey = MasterKey.of(config, data);
          DatabaseAccess access = DatabaseAccess.embedded(address, masterKey);
          if (schemaIsCurrent(access)) {
            return new CommandDatabase(masterKey, access, null, null);
          }
          problem = "its database is not migrated yet";
        }
      } while (!never.await(100, TimeUnit.MILLISECONDS) && System.nanoTime() - deadline < 0);
    } catch (IOException e) {
      problem = e.getMessage() == null ? e.toString() : e.getMessage();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      problem = "interrupted";
    }
    throw new LaunchRefused(
        "a server holds %s but its database cannot be used: %s. Run this as the server's user, and look at its log."
            .formatted(data.root(), problem));
  }

  /**
   * @throws LaunchRefused if the server's database was made under another master key: neither role
   *     lets in whoever has this one, however long it waits
   */
  private static boolean schemaIsCurrent(DatabaseAccess access) {
    try {
      access.requireSameMasterKey(Duration.ofSeconds(10));
      access.app().close();
      return Migrations.isCurrent(access);
    } catch (SQLException | FlywayException notYet) {
      // The server says in its log what is wrong; here only time counts.
      return false;
    }
  }

  private static CommandDatabase migrated(CommandDatabase database) {
    try {
      Migrations.migrate(database.access);
      return database;
    } catch (SQLException | FlywayException e) {
      database.close();
      throw new LaunchRefused("the database cannot be used: " + Migrations.words(e), e);
    } catch (LaunchRefused e) {
      database.close();
      throw e;
    }
  }

  public MasterKey masterKey() {
    return masterKey;
  }

  public DatabaseAccess access() {
    return access;
  }

  @Override
  public void close() {
    if (own != null) {
      own.close();
    }
    if (lock != null) {
      lock.close();
    }
  }
}
