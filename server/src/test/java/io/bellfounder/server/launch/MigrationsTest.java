package io.bellfounder.server.launch;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.bellfounder.server.config.BellConfig.Database;
import io.bellfounder.server.config.Secret;
import io.bellfounder.testing.Await;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** What the operator reads of a database that is not there yet. */
final class MigrationsTest {
  private static final MasterKey KEY =
      MasterKey.of(new Secret("0123456789abcdef".repeat(2)), Path.of("unused"));

  @Test
  void a_stop_in_the_middle_is_no_trouble_with_the_database() throws Exception {
    Logger logger = (Logger) LoggerFactory.getLogger(Migrations.class);
    ListAppender<ILoggingEvent> log = new ListAppender<>();
    Level usual = logger.getLevel();
    logger.setLevel(Level.INFO);
    log.start();
    logger.addAppender(log);
    try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Migrations migrations = migrations(silent.getLocalPort());
      migrations.start();
      try (var _ = silent.accept()) {
        migrations.stop();
      }

      Await.until("said", () -> !log.list.isEmpty());
      assertThat(List.copyOf(log.list))
          .singleElement()
          .returns(Level.INFO, ILoggingEvent::getLevel)
          .satisfies(line -> assertThat(line.getFormattedMessage()).contains("the next start"));
    } finally {
      logger.detachAppender(log);
      logger.setLevel(usual);
    }
  }

  private static Migrations migrations(int port) {
    String url = "postgres://nobody@127.0.0.1:" + port + "/bell";
    DatabaseAccess access = DatabaseAccess.external(new Database(url, null, null, 2), KEY);
    return new Migrations(access, new DatabaseState(access), () -> {});
  }
}
