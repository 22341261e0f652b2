package io.bellfounder.simulator;

import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import org.eclipse.jetty.http.HttpCompliance;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/**
 * A model provider to test against: Anthropic's and OpenAI's wire formats at one address, with
 * scripted answers and faults. Remembers what it received and what it billed. Safe for use by many
 * threads. The script format is in {@code docs/reference/simulator.md}.
 */
public final class Simulator implements AutoCloseable {
  private final Server server;
  private final ServerConnector connector;
  private final Frontage frontage;
  private final Journal journal;
  private final ExecutorService players;
  private final String host;

  /**
   * Where it listens and how much it remembers.
   *
   * @param host the address to listen at; default 127.0.0.1
   * @param port 0 takes a free one, the default
   * @param requestsKept how many requests are remembered, at least 1; default 10,000
   * @param bytesKept how many bytes of their bodies; default 256 MiB
   */
  public record Options(String host, int port, int requestsKept, long bytesKept) {
    public static final Options DEFAULT = new Options("127.0.0.1", 0, 10_000, 256L << 20);

    public Options withHost(String otherHost) {
      return new Options(otherHost, port, requestsKept, bytesKept);
    }

    public Options withPort(int otherPort) {
      return new Options(host, otherPort, requestsKept, bytesKept);
    }
  }

  private Simulator(Options options, InstantSource clock) {
    QueuedThreadPool threads = new QueuedThreadPool(64, 4);
    threads.setName("simulator");
    threads.setDaemon(true);
    server = new Server(threads);
    HttpConfiguration http = new HttpConfiguration();
    http.setSendServerVersion(false);
    http.setSendDateHeader(true);
    http.setHeaderCacheCaseSensitive(true);
    http.setRequestHeaderSize(128 * 1024);
    http.setHttpCompliance(
        HttpCompliance.RFC9110.with(
            "AsWritten", HttpCompliance.Violation.CASE_SENSITIVE_FIELD_NAME));
    connector = new ServerConnector(server, 1, 1, new HttpConnectionFactory(http));
    connector.setHost(options.host());
    connector.setPort(options.port());
    connector.setIdleTimeout(Duration.ofMinutes(15).toMillis());
    connector.setAcceptQueueSize(1024);
    server.addConnector(connector);
    journal = new Journal(options.requestsKept(), options.bytesKept());
    players = Executors.newVirtualThreadPerTaskExecutor();
    frontage = new Frontage(journal, clock, players);
    server.setHandler(frontage);
    host = options.host();
  }

  /** Starts one at a free port of the loopback. */
  public static Simulator start() {
    return start(Options.DEFAULT);
  }

  /** Starts one on the system's clock. */
  public static Simulator start(Options options) {
    return start(options, InstantSource.system());
  }

  /**
   * Starts one whose times come from a clock.
   *
   * @param clock where the times in answers and records come from
   * @throws IllegalStateException if it cannot listen there
   */
  public static Simulator start(Options options, InstantSource clock) {
    Simulator simulator = new Simulator(options, clock);
    try {
      simulator.server.start();
    } catch (Exception failed) { // Jetty declares no narrower one
      // Jetty names the address, its cause what is wrong with it; some causes only by their type.
      Throwable cause = failed.getCause() == null ? failed : failed.getCause();
      String why =
          cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
      throw new IllegalStateException(
          "port %d on %s cannot be opened (%s): %schoose another with --port or --host"
              .formatted(
                  options.port(),
                  options.host(),
                  why,
                  why.contains("already in use") ? "stop the program that uses it, or " : ""),
          failed);
    }
    return simulator;
  }

  /**
   * Such as {@code http://127.0.0.1:9099}, without a slash; OpenAI's clients want {@code /v1} after
   * it.
   */
  public String baseUrl() {
    return "http://" + host + ":" + port();
  }

  public int port() {
    return connector.getLocalPort();
  }

  /**
   * Replaces the script; counts of rules begin anew, the records stay.
   *
   * @throws IllegalArgumentException saying what is wrong and where
   */
  public void script(String json) {
    script(Script.parse(json));
  }

  void script(Script script) {
    frontage.script(script);
  }

  /** Waits until it is closed. */
  void join() throws InterruptedException {
    server.join();
  }

  /** Forgets the script, the requests and the bill. */
  public void reset() {
    frontage.reset();
  }

  /** What was received so far, oldest first, within the bound. */
  public List<ReceivedRequest> requests() {
    return journal.exchanges().stream().map(Exchange::snapshot).toList();
  }

  /** What was billed so far, in the order in which the answers ended. */
  public List<BillLine> bill() {
    return journal.bill();
  }

  /**
   * Waits until so many requests were received.
   *
   * @throws TimeoutException if they were not in time
   */
  public List<ReceivedRequest> awaitRequests(int count, Duration atMost) throws TimeoutException {
    await(() -> journal.exchanges().size() >= count, count + " requests", atMost);
    return requests();
  }

  /**
   * Waits until every exchange has ended, and so is on the bill.
   *
   * @throws TimeoutException if one is still open
   */
  public void awaitIdle(Duration atMost) throws TimeoutException {
    await(
        () -> journal.exchanges().stream().noneMatch(Exchange::isOpen),
        "the end of all exchanges",
        atMost);
  }

  private static void await(BooleanSupplier condition, String what, Duration atMost)
      throws TimeoutException {
    long end = System.nanoTime() + atMost.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > end) {
        throw new TimeoutException("the simulator waited in vain for " + what);
      }
      try {
        Thread.sleep(2);
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted", interrupted);
      }
    }
  }

  @Override
  public void close() {
    players.shutdownNow();
    try {
      server.stop();
    } catch (Exception failed) { // Jetty declares no narrower one
      throw new IllegalStateException("the simulator did not stop", failed);
    }
  }
}
