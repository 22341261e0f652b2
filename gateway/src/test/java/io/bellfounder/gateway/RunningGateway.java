package io.bellfounder.gateway;

import static io.bellfounder.gateway.HttpBytes.bytes;

import io.bellfounder.gateway.HttpBytes.Message;
import io.bellfounder.gateway.KeyDirectory.KeyCheck;
import io.bellfounder.testing.Seeds;
import io.bellfounder.wire.Dialect;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** A gateway on a free port with everything it is given in memory, and a client made of bytes. */
final class RunningGateway implements AutoCloseable {
  static final String SECRET = "bell_goodgoodgoodgood";

  /** A table with a bug. */
  @SuppressWarnings("NullAway")
  static final Routes BROKEN = new Routes(null, List.of(), List.of());

  static final GatewayKey KEY =
      new GatewayKey(new UUID(0, 1), "laptop", new UUID(0, 2), new UUID(0, 3), null);

  final Map<String, KeyCheck> keys = new ConcurrentHashMap<>();
  final RecordingLedger ledger = new RecordingLedger();

  /** The event loops' threads that a key was looked up on. */
  final Set<Thread> threads = ConcurrentHashMap.newKeySet();

  final AtomicReference<Routes> routes =
      new AtomicReference<>(new Routes(Map.of(), List.of(), List.of()));
  private final Gateway gateway;

  private RunningGateway(Setup setup) {
    keys.put(SECRET, new KeyCheck.Valid(KEY));
    routes.set(setup.routes());
    gateway =
        Gateway.start(
            setup.config(),
            new GatewayPorts(
                this::check,
                routes::get,
                (provider, model, at) -> new PriceBook.Price("test", true, 3, 4, 6, 1, 15),
                ledger,
                CallListener.NONE,
                GatewayMetrics.NONE,
                setup.clock,
                Seeds.random(7),
                UUID::randomUUID));
  }

  private KeyCheck check(String secret) {
    threads.add(Thread.currentThread());
    return keys.getOrDefault(secret, new KeyCheck.Unknown());
  }

  Gateway gateway() {
    return gateway;
  }

  int port() {
    return gateway.port();
  }

  // ---- setting up

  static Setup with(Provider... providers) {
    return new Setup(List.of(providers));
  }

  static Provider anthropic(String name, URI base) {
    return provider(name, Dialect.ANTHROPIC, base, Duration.ofSeconds(10));
  }

  static Provider openAi(String name, URI base) {
    return provider(name, Dialect.OPENAI, URI.create(base + "/v1"), Duration.ofSeconds(10));
  }

  static Provider provider(String name, Dialect dialect, URI base, Duration timeout) {
    return new Provider(
        name,
        dialect,
        base,
        dialect == Dialect.ANTHROPIC
            ? new Provider.Credential.ApiKeyHeader("provider-secret-" + name)
            : new Provider.Credential.Bearer("provider-secret-" + name),
        Duration.ofSeconds(2),
        timeout,
        timeout);
  }

  /** What differs from test to test. */
  static final class Setup {
    private final List<Provider> providers;
    private final List<Target> targets = new ArrayList<>();
    private final List<RouteTable.ListedModel> models = new ArrayList<>();
    private Duration pingInterval = Duration.ofSeconds(10);
    private Duration totalDeadline = Duration.ofSeconds(60);
    private GatewayConfig.Limits limits = GatewayConfig.Limits.DEFAULTS;
    private GatewayConfig.Breaker breaker = GatewayConfig.Breaker.DEFAULTS;
    private InstantSource clock = InstantSource.system();
    private int eventLoops = 2;

    Setup(List<Provider> providers) {
      this.providers = providers;
    }

    Setup target(Provider provider, @Nullable String model) {
      targets.add(new Target(provider, model));
      return this;
    }

    Setup model(String id) {
      models.add(new RouteTable.ListedModel(id, id + " (shown)"));
      return this;
    }

    Setup pingInterval(Duration interval) {
      pingInterval = interval;
      return this;
    }

    Setup totalDeadline(Duration deadline) {
      totalDeadline = deadline;
      return this;
    }

    Setup limits(GatewayConfig.Limits some) {
      limits = some;
      return this;
    }

    Setup breaker(int failures, Duration openFor) {
      breaker = new GatewayConfig.Breaker(failures, openFor, Duration.ofHours(1));
      return this;
    }

    Setup clock(InstantSource source) {
      clock = source;
      return this;
    }

    Setup oneLoop() {
      eventLoops = 1;
      return this;
    }

    GatewayConfig config() {
      return new GatewayConfig(
          "127.0.0.1",
          0,
          "test-node",
          eventLoops,
          List.of(),
          pingInterval,
          totalDeadline,
          limits,
          breaker);
    }

    /** Every model goes to the targets, or to each provider in turn. */
    Routes routes() {
      var all = new ConcurrentHashMap<Dialect, Route>();
      for (var dialect : Dialect.values()) {
        var some =
            (targets.isEmpty()
                    ? providers.stream().map(p -> new Target(p, null)).toList()
                    : targets)
                .stream().filter(target -> target.provider().dialect() == dialect).toList();
        if (!some.isEmpty()) {
          all.put(dialect, new Route("any-" + dialect, some));
        }
      }
      return new Routes(all, models, providers);
    }

    RunningGateway start() {
      return new RunningGateway(this);
    }
  }

  /** Serves every model but {@code nobody-*}. */
  record Routes(Map<Dialect, Route> byDialect, List<ListedModel> listed, List<Provider> providers)
      implements RouteTable {
    @Override
    public Optional<Route> route(Dialect dialect, String model) {
      return model.startsWith("nobody")
          ? Optional.empty()
          : Optional.ofNullable(byDialect.get(dialect));
    }

    @Override
    public List<ListedModel> models(Dialect dialect) {
      return listed;
    }
  }

  /** Remembers every record, and may be out of order. */
  static final class RecordingLedger implements Ledger {
    final List<OpenedCall> opened = new CopyOnWriteArrayList<>();
    final List<SettledCall> settled = new CopyOnWriteArrayList<>();
    volatile boolean full;

    @Override
    public void opened(OpenedCall call) {
      if (full) {
        throw new LedgerUnavailable("the disk is full", new IOException("ENOSPC"));
      }
      opened.add(call);
    }

    @Override
    public void settled(SettledCall call) {
      settled.add(call);
    }

    SettledCall only() {
      io.bellfounder.testing.Await.until("one settled call", () -> settled.size() == 1);
      return settled.getFirst();
    }
  }

  // ---- a client made of bytes

  /** A connection of its own. */
  Wire connect() {
    try {
      var socket = new Socket(InetAddress.getLoopbackAddress(), port());
      socket.setTcpNoDelay(true);
      socket.setSoTimeout(20_000);
      return new Wire(socket, new BufferedInputStream(socket.getInputStream()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  record Wire(Socket socket, InputStream in) implements AutoCloseable {
    Wire send(String text) throws IOException {
      return send(bytes(text));
    }

    Wire send(byte[] bytes) throws IOException {
      socket.getOutputStream().write(bytes);
      socket.getOutputStream().flush();
      return this;
    }

    Message answer() throws IOException {
      var answer = HttpBytes.read(in);
      if (answer == null) {
        throw new EOFException("the gateway hung up without an answer");
      }
      return answer;
    }

    @Override
    public void close() {
      try {
        socket.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  static String post(String path, String body, String... headerLines) {
    var text = new StringBuilder("POST " + path + " HTTP/1.1\r\nhost: gateway\r\n");
    for (var line : headerLines) {
      text.append(line).append("\r\n");
    }
    return text + "content-length: " + bytes(body).length + "\r\n\r\n" + body;
  }

  Message ask(String request) throws IOException {
    try (var wire = connect()) {
      return wire.send(request).answer();
    }
  }

  Message messages(String body, String... headerLines) throws IOException {
    var all = new ArrayList<>(List.of(headerLines));
    all.add("x-api-key: " + SECRET);
    return ask(post("/v1/messages", body, all.toArray(String[]::new)));
  }

  Message chat(String body, String... headerLines) throws IOException {
    var all = new ArrayList<>(List.of(headerLines));
    all.add("authorization: Bearer " + SECRET);
    return ask(post("/v1/chat/completions", body, all.toArray(String[]::new)));
  }

  static Instant instant(String text) {
    return Instant.parse(text);
  }

  @Override
  public void close() {
    gateway.close();
  }
}
