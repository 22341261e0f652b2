package io.bellfounder.server.teams;

import io.bellfounder.server.identity.Sealing;
import io.bellfounder.server.launch.DataDirectory;
import io.bellfounder.server.launch.DatabaseAccess;
import io.bellfounder.server.launch.DatabaseState;
import io.bellfounder.server.launch.MasterKey;
import io.bellfounder.server.operation.HealthPart;
import java.security.SecureRandom;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import tools.jackson.databind.json.JsonMapper;

/** The keys in memory and what keeps them up to date. */
@Configuration(proxyBeanMethods = false)
class TeamsBeans {
  @Bean
  SnapshotFile keySnapshotFile(
      DataDirectory data, MasterKey masterKey, SecureRandom random, JsonMapper json) {
    return new SnapshotFile(
        data.root().resolve("keys.snapshot"),
        new Sealing(masterKey, "keys snapshot", random),
        json);
  }

  @Bean
  KeyMemory keyMemory(MasterKey masterKey, InstantSource clock, SnapshotFile file) {
    return new KeyMemory(new KeyHash(masterKey), clock, file.read());
  }

  @Bean
  KeyRefresh keyRefresh(
      DatabaseAccess database, DatabaseState state, KeyMemory memory, SnapshotFile file) {
    return new KeyRefresh(database, state, memory, file);
  }

  @Bean
  KeyUses keyUses(KeyMemory memory, Keys keys) {
    return new KeyUses(memory, keys);
  }

  @Bean
  SmartLifecycle keyLifecycle(KeyRefresh refresh, KeyUses uses) {
    return new SmartLifecycle() {
      private volatile boolean running;

      @Override
      public void start() {
        running = true;
        refresh.start();
        uses.start();
      }

      @Override
      public void stop() {
        running = false;
        uses.stop();
        refresh.stop();
      }

      @Override
      public boolean isRunning() {
        return running;
      }
    };
  }

  @Bean
  HealthPart keyHealth(KeyRefresh refresh) {
    return new HealthPart() {
      @Override
      public String name() {
        return "keys";
      }

      @Override
      public @Nullable String problem() {
        return refresh.problem();
      }
    };
  }
}
