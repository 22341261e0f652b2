package io.bellfounder.server.operation;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.rolling.FixedWindowRollingPolicy;
import ch.qos.logback.core.rolling.RollingFileAppender;
import ch.qos.logback.core.rolling.SizeBasedTriggeringPolicy;
import ch.qos.logback.core.util.FileSize;
import io.bellfounder.server.config.BellConfig.Logging;
import java.nio.file.Path;
import org.slf4j.LoggerFactory;
import org.slf4j.bridge.SLF4JBridgeHandler;

/**
 * Where log lines go: JSON into {@code bellfounder.log} in the data directory, at most five files
 * of 10 MiB; and to standard error, as JSON, or as short lines where that is a terminal. Standard
 * output is for what a command answers.
 */
public final class Logs {
  private static final String DETAIL = "io.bellfounder.detail";

  private Logs() {}

  /** Into the file alone: what the operator was told in one line already. */
  public static org.slf4j.Logger detail() {
    return LoggerFactory.getLogger(DETAIL);
  }

  /** Before anything is known: warnings only, on standard error. */
  public static void quiet() {
    LoggerContext context = start("WARN", isTerminal());
    // There is no file yet, and the operator is told in one line.
    context.getLogger(DETAIL).setLevel(Level.OFF);
  }

  /**
   * @param directory must exist
   */
  public static void start(Path directory, Logging logging) {
    LoggerContext context =
        start(logging.level().name(), logging.format() == Logging.Format.TEXT || isTerminal());
    RollingFileAppender<ILoggingEvent> file = new RollingFileAppender<>();
    file.setContext(context);
    file.setFile(directory.resolve("bellfounder.log").toString());
    FixedWindowRollingPolicy window = new FixedWindowRollingPolicy();
    window.setContext(context);
    window.setParent(file);
    window.setFileNamePattern(directory.resolve("bellfounder.%i.log").toString());
    window.setMinIndex(1);
    window.setMaxIndex(4);
    window.start();
    SizeBasedTriggeringPolicy<ILoggingEvent> size = new SizeBasedTriggeringPolicy<>();
    size.setContext(context);
    size.setMaxFileSize(new FileSize(10 << 20));
    size.start();
    file.setRollingPolicy(window);
    file.setTriggeringPolicy(size);
    file.setEncoder(started(new JsonLines(true), context));
    file.start();
    context.getLogger(Logger.ROOT_LOGGER_NAME).addAppender(file);
    Logger detail = context.getLogger(DETAIL);
    detail.setAdditive(false);
    detail.addAppender(file);
  }

  private static LoggerContext start(String level, boolean text) {
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    context.reset();
    ConsoleAppender<ILoggingEvent> console = new ConsoleAppender<>();
    console.setContext(context);
    console.setTarget("System.err");
    console.setEncoder(started(text ? new TerminalLines() : new JsonLines(false), context));
    console.start();
    Logger root = context.getLogger(Logger.ROOT_LOGGER_NAME);
    root.setLevel(Level.WARN);
    root.addAppender(console);
    // Advice to its own developers, at every start.
    context.getLogger("org.springdoc.core.events").setLevel(Level.ERROR);
    // A start that fails is explained by us, once.
    context.getLogger("org.springframework.boot.SpringApplication").setLevel(Level.OFF);
    context.getLogger("org.springframework.boot.diagnostics").setLevel(Level.OFF);
    context.getLogger("org.springframework.boot.web.server").setLevel(Level.ERROR);
    // That the database is away is said once, by DatabaseState, and not every minute by the pool.
    context.getLogger("com.zaxxer.hikari").setLevel(Level.ERROR);
    // A peer that resets its connection is no fault of ours; the call it broke says so itself.
    context.getLogger("io.vertx.core.net.impl.ConnectionBase").setLevel(Level.OFF);
    if (!SLF4JBridgeHandler.isInstalled()) {
      SLF4JBridgeHandler.removeHandlersForRootLogger();
      SLF4JBridgeHandler.install();
    }
    context.getLogger("io.bellfounder").setLevel(Level.toLevel(level, Level.INFO));
    return context;
  }

  private static boolean isTerminal() {
    return System.console() != null && System.console().isTerminal();
  }

  private static Encoder<ILoggingEvent> started(
      Encoder<ILoggingEvent> encoder, LoggerContext context) {
    encoder.setContext(context);
    encoder.start();
    return encoder;
  }
}
