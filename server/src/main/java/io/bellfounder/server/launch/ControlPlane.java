package io.bellfounder.server.launch;

import com.zaxxer.hikari.HikariDataSource;
import io.bellfounder.server.config.BellConfig;
import io.bellfounder.server.config.ConfigFile;
import io.bellfounder.server.config.LoadedConfig;
import io.bellfounder.server.operation.HealthPart;
import java.time.Duration;
import java.util.concurrent.Executors;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.jetty.ConfigurableJettyWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** What every feature stands on, as beans. */
@Configuration(proxyBeanMethods = false)
class ControlPlane {

  /**
   * A queued pool whose tasks run on virtual threads. Boot's own switch for virtual threads would
   * put the selectors on them too, where they pin carriers (jetty.project issue 12651).
   */
  @Bean
  WebServerFactoryCustomizer<ConfigurableJettyWebServerFactory> jettyThreads() {
    return factory -> {
      QueuedThreadPool threads = new QueuedThreadPool(32, 4);
      threads.setName("control");
      threads.setVirtualThreadsExecutor(Executors.newVirtualThreadPerTaskExecutor());
      factory.setThreadPool(threads);
    };
  }

  /**
   * The application's connections. A database that is away neither stops the start nor a request
   * for longer than 3 s. The pool begins with its first use, which is after the migrations: its
   * tries before them would fail, and after each the next is put off further, up to 5 s.
   */
  @Bean(destroyMethod = "close")
  HikariDataSource dataSource(DatabaseAccess access, BellConfig config) {
    HikariDataSource pool = new HikariDataSource();
    pool.setPoolName("bellfounder");
    pool.setJdbcUrl(access.jdbcUrl());
    pool.setUsername(access.appRole());
    pool.setPassword(access.appPassword());
    pool.setMaximumPoolSize(config.database().poolSize());
    pool.setMinimumIdle(2);
    pool.setInitializationFailTimeout(-1);
    pool.setConnectionTimeout(Duration.ofSeconds(3).toMillis());
    pool.addDataSourceProperty("ApplicationName", "bellfounder");
    pool.addDataSourceProperty("connectTimeout", "3");
    pool.addDataSourceProperty("socketTimeout", "60");
    return pool;
  }

  @Bean
  DatabaseState databaseState(DatabaseAccess access) {
    return new DatabaseState(access);
  }

  @Bean
  HealthPart databaseHealth(DatabaseState state) {
    return new HealthPart() {
      @Override
      public String name() {
        return "database";
      }

      @Override
      public @Nullable String problem() {
        return state.problem();
      }
    };
  }

  /** Health answers from the last look, so that it answers at once while the database hangs. */
  @Bean
  SmartLifecycle databaseLook(DatabaseState state) {
    Repeating repeating = new Repeating("database-look", Duration.ofSeconds(2), state::look);
    return new StartStop(
        repeating::start,
        () -> {
          repeating.stop();
          state.close();
        });
  }

  @Bean
  SmartLifecycle migrations(
      DatabaseAccess access, DatabaseState state, ApplicationEventPublisher events) {
    Migrations migrations =
        new Migrations(access, state, () -> events.publishEvent(new DatabaseReady()));
    return new StartStop(migrations::start, migrations::stop);
  }

  @Bean
  SmartLifecycle configWatch(
      ConfigFile source, LoadedConfig loaded, ApplicationEventPublisher events) {
    ConfigWatch watch =
        new ConfigWatch(source, loaded, config -> events.publishEvent(new ConfigReloaded(config)));
    Repeating repeating = new Repeating("config-watch", Duration.ofSeconds(1), watch::look);
    return new StartStop(repeating::start, repeating::stop);
  }
}
