package io.bellfounder.graph.testing;

import com.sun.net.httpserver.HttpServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;

/**
 * Counts effects in a process of its own, which no failure of a worker reaches: what the outside
 * world would have seen. Nodes call {@link #record}; the test reads {@link #counts}. It keeps all
 * keys in memory.
 */
public final class EffectLedger implements AutoCloseable {
  private final Process process;
  private final BufferedReader output;
  private final String url;

  private EffectLedger(Process process, BufferedReader output, String url) {
    this.process = process;
    this.output = output;
    this.url = url;
  }

  /** Starts the process, which listens on the loopback interface. */
  public static EffectLedger start() throws IOException {
    Process process =
        WorkerProcess.command(Main.class).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    BufferedReader output = process.inputReader(StandardCharsets.UTF_8);
    String port = output.readLine();
    if (port == null) {
      throw new IOException("the ledger did not start");
    }
    return new EffectLedger(process, output, "http://127.0.0.1:" + port.strip() + "/");
  }

  /** For {@link #record}, in any process. */
  public String url() {
    return url;
  }

  /**
   * The effect itself.
   *
   * @param key letters, digits, {@code -}, {@code :} and {@code .}
   * @return how often it has happened, this time included
   */
  public static int record(String url, String key) throws IOException, InterruptedException {
    return Integer.parseInt(
        send(HttpRequest.newBuilder(URI.create(url + key))
                .POST(HttpRequest.BodyPublishers.noBody())
                .timeout(Duration.ofSeconds(10))
                .build())
            .strip());
  }

  /** How often each effect has happened. */
  public Map<String, Integer> counts() throws IOException, InterruptedException {
    Map<String, Integer> counts = new TreeMap<>();
    send(HttpRequest.newBuilder(URI.create(url)).timeout(Duration.ofSeconds(30)).build())
        .lines()
        .forEach(line -> {
          int space = line.lastIndexOf(' ');
          counts.put(line.substring(0, space), Integer.valueOf(line.substring(space + 1)));
        });
    return counts;
  }

  @Override
  public void close() throws IOException, InterruptedException {
    process.destroyForcibly().waitFor();
    output.close();
  }

  private static String send(HttpRequest request) throws IOException, InterruptedException {
    HttpResponse<String> answer = Client.SHARED.send(request, HttpResponse.BodyHandlers.ofString());
    if (answer.statusCode() != 200) {
      throw new IOException("the ledger said " + answer.statusCode());
    }
    return answer.body();
  }

  private static final class Client {
    static final HttpClient SHARED =
        HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  }

  /** The ledger's process; ends when its standard input does. */
  static final class Main {
    private static final Map<String, Integer> COUNTS = new ConcurrentHashMap<>();

    private Main() {}

    public static void main(String[] args) throws IOException {
      HttpServer server =
          HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
      server.createContext(
          "/",
          exchange -> {
            String key = exchange.getRequestURI().getPath().substring(1);
            StringBuilder body = new StringBuilder();
            if (exchange.getRequestMethod().equals("POST")) {
              body.append(COUNTS.merge(key, 1, Integer::sum));
            } else {
              COUNTS.forEach((k, n) -> body.append(k).append(' ').append(n).append('\n'));
            }
            byte[] bytes = body.toString().getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, bytes.length == 0 ? -1 : bytes.length);
            exchange.getResponseBody().write(bytes);
            exchange.close();
          });
      server.start();
      System.out.println(server.getAddress().getPort());
      while (System.in.read() >= 0) {
        Thread.onSpinWait();
      }
      server.stop(0);
      System.exit(0);
    }
  }
}
