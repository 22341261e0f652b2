package io.bellfounder.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A process under measurement.
 *
 * @param key what a client shows it as {@code x-api-key}
 */
record Subject(String name, int port, String key, Process process) implements AutoCloseable {
  private static final String PRODUCT = "bellfounder";

  /** CPU seconds of the process and everything it started, from the kernel's own accounting. */
  double cpuSeconds() {
    double total = ticks(process.pid());
    for (ProcessHandle child : process.descendants().toList()) {
      total += ticks(child.pid());
    }
    return total / 100;
  }

  /** Resident memory in MiB, of the process and everything it started. */
  double residentMebibytes() {
    double pages = residentPages(process.pid());
    for (ProcessHandle child : process.descendants().toList()) {
      pages += residentPages(child.pid());
    }
    return pages * 4096 / (1 << 20);
  }

  /**
   * Waits until everything the subject put off is done, so that it costs no other subject its turn:
   * Bellfounder's ledger on its way into the database. Others put nothing off.
   *
   * @throws IOException if it is not done within five minutes
   */
  void settle() throws IOException, InterruptedException {
    if (!name.equals(PRODUCT)) {
      return;
    }
    HttpRequest metrics =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/metrics")).build();
    long deadline = System.nanoTime() + Duration.ofMinutes(5).toNanos();
    try (HttpClient client = HttpClient.newHttpClient()) {
      while (System.nanoTime() < deadline) {
        String answer = client.send(metrics, HttpResponse.BodyHandlers.ofString()).body();
        if (answer.lines().anyMatch("bellfounder_ledger_waiting 0.0"::equals)) {
          return;
        }
        Thread.sleep(500);
      }
    }
    throw new IOException("the ledger did not catch up within five minutes");
  }

  @Override
  public void close() {
    process.descendants().forEach(ProcessHandle::destroy);
    process.destroy();
    try {
      if (!process.waitFor(40, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }

  /** Starts the cheap upstream and waits for its port. */
  static Subject upstream(Path log) throws IOException, InterruptedException {
    Process process =
        start(
            List.of(
                javaCommand(),
                "-Xmx128m",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                CannedUpstream.class.getName()),
            Map.of(),
            log);
    int port =
        Integer.parseInt(
            awaitLine(
                process, log, line -> line.startsWith("upstream ") ? line.substring(9) : null));
    return new Subject("upstream", port, "none", process);
  }

  /**
   * Starts a plain nginx proxy in front of the upstream: no buffering, kept-alive connections, no
   * log.
   */
  static Subject nginx(Path directory, int upstreamPort, int port)
      throws IOException, InterruptedException {
    Path configuration =
        Files.writeString(
            directory.resolve("nginx.conf"),
            """
            worker_processes auto;
            daemon off;
            pid %1$s/nginx.pid;
            error_log %1$s/nginx-error.log;
            events { worker_connections 4096; }
            http {
              access_log off;
              client_max_body_size 64m;
              client_body_buffer_size 1m;
              client_body_temp_path %1$s/body;
              proxy_temp_path %1$s/proxy;
              fastcgi_temp_path %1$s/fastcgi;
              uwsgi_temp_path %1$s/uwsgi;
              scgi_temp_path %1$s/scgi;
              keepalive_requests 100000000;
              upstream provider { server 127.0.0.1:%2$d; keepalive 64; keepalive_requests 100000000; }
              server {
                listen 127.0.0.1:%3$d;
                location / {
                  proxy_pass http://provider;
                  proxy_http_version 1.1;
                  proxy_set_header Connection "";
                  proxy_buffering off;
                }
              }
            }
            """
                .formatted(directory, upstreamPort, port));
    Path log = directory.resolve("nginx.log");
    String program = Files.isExecutable(Path.of("/usr/sbin/nginx")) ? "/usr/sbin/nginx" : "nginx";
    Process process =
        start(
            List.of(program, "-p", directory.toString(), "-c", configuration.toString()),
            Map.of(),
            log);
    Ports.awaitOpen(port, process, log);
    return new Subject("nginx", port, "none", process);
  }

  /**
   * Starts the data plane alone.
   *
   * @param spool where its ledger goes; {@code null} for one that forgets
   */
  static Subject gatewayAlone(Path log, int upstreamPort, @Nullable Path spool)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(javaOfTheProduct());
    command.addAll(moreOptions());
    command.addAll(
        List.of(
            "-cp",
            System.getProperty("java.class.path"),
            GatewayAlone.class.getName(),
            Integer.toString(upstreamPort)));
    if (spool != null) {
      command.add(spool.toString());
    }
    Process process = start(command, Map.of(), log);
    String port =
        awaitLine(process, log, line -> line.startsWith("gateway ") ? line.substring(8) : null);
    String name = spool == null ? "data plane" : "and spool";
    return new Subject(name, Integer.parseInt(port), GatewayAlone.KEY, process);
  }

  /** Starts the product, ledger and database on, and makes a key. */
  static Subject bellfounder(Path directory, Path jar, int upstreamPort, int port)
      throws IOException, InterruptedException {
    Path data = directory.resolve("data");
    Path log = directory.resolve("bellfounder.log");
    Map<String, String> environment =
        Map.of(
            "ANTHROPIC_API_KEY",
            "bench",
            "BELL_PROVIDERS_ANTHROPIC_BASE_URL",
            "http://127.0.0.1:" + upstreamPort);
    Process process =
        start(
            bell(jar, "up", "--port", Integer.toString(port), "--data", data.toString()),
            environment,
            log);
    awaitLine(process, log, line -> line.startsWith("Bellfounder is ready") ? line : null);
    Process creation =
        new ProcessBuilder(bell(jar, "key", "create", "--name", "bench", "--data", data.toString()))
            .redirectError(directory.resolve("key.log").toFile())
            .start();
    String key =
        new String(creation.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    if (creation.waitFor() != 0 || key.isEmpty()) {
      process.destroy();
      throw new IOException(
          "could not create a key: " + Files.readString(directory.resolve("key.log")));
    }
    return new Subject(PRODUCT, port, key, process);
  }

  private static List<String> bell(Path jar, String... words) {
    List<String> command = new ArrayList<>(javaOfTheProduct());
    // They are for the server: what a recording says when it begins is no key.
    if (words[0].equals("up")) {
      command.addAll(moreOptions());
    }
    command.addAll(List.of("-jar", jar.toString()));
    command.addAll(List.of(words));
    return command;
  }

  /**
   * As {@code ./bell} starts it, with a bound: a quarter of this machine's memory is no default.
   */
  private static List<String> javaOfTheProduct() {
    Path options = Path.of(System.getProperty("bell.root", "."), "server", "java.options");
    return List.of(javaCommand(), "@" + options, "-Xmx1g");
  }

  private static List<String> moreOptions() {
    String more = System.getenv().getOrDefault("BELL_JAVA_OPTS", "").strip();
    return more.isEmpty() ? List.of() : List.of(more.split(" +"));
  }

  private static String javaCommand() {
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }

  private static Process start(List<String> command, Map<String, String> environment, Path log)
      throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder
        .environment()
        .keySet()
        .removeIf(name -> name.startsWith("BELL_") || name.endsWith("_API_KEY"));
    builder.environment().putAll(environment);
    return builder.redirectOutput(log.toFile()).start();
  }

  /**
   * Reads the log until a line gives a value; a process that dies first is an error with its log's
   * end.
   */
  private static String awaitLine(
      Process process, Path log, Function<String, @Nullable String> wanted)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + Duration.ofSeconds(90).toNanos();
    while (System.nanoTime() < deadline) {
      try (BufferedReader lines =
          new BufferedReader(
              new InputStreamReader(Files.newInputStream(log), StandardCharsets.UTF_8))) {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
          String value = wanted.apply(line);
          if (value != null) {
            return value;
          }
        }
      }
      if (process.waitFor(50, TimeUnit.MILLISECONDS)) {
        throw new IOException("a subject ended early: " + Files.readString(log));
      }
    }
    process.destroyForcibly();
    throw new IOException("a subject was not ready within 90 s: " + Files.readString(log));
  }

  private static double ticks(long pid) {
    try {
      String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
      return Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
    } catch (IOException e) {
      return 0; // the process is gone, and with it its part of the sum
    }
  }

  private static double residentPages(long pid) {
    try {
      return Long.parseLong(Files.readString(Path.of("/proc/" + pid + "/statm")).split(" ")[1]);
    } catch (IOException e) {
      return 0; // likewise
    }
  }
}
