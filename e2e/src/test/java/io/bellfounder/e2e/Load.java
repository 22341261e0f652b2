package io.bellfounder.e2e;

import io.bellfounder.simulator.Dialect;
import io.bellfounder.testing.Await;
import io.bellfounder.testing.Seeds;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Mixed calls drawn from a seed: both dialects, streamed and whole, faults of the provider and
 * departures of the client. Each carries a session id of its own, by which the ledger's record, the
 * provider's bill and the client's view of it are brought together.
 */
final class Load implements AutoCloseable {

  /**
   * What one call is to be. {@code leaveAfter} is in body bytes, -1 for a client that stays to the
   * end.
   */
  record Plan(String session, boolean anthropic, boolean stream, Scene scene, int leaveAfter) {
    /**
     * What is limited has a name of its own: the gateway keeps the wait for the model, and would
     * refuse the rest too.
     */
    String model() {
      String model = anthropic ? World.ANTHROPIC_MODEL : World.OPENAI_MODEL;
      return scene.equals(LIMITED) ? model + "-limited" : model;
    }

    Dialect dialect() {
      return anthropic ? Dialect.ANTHROPIC : Dialect.OPENAI;
    }

    /** Whether it is the provider that breaks the answer off. */
    boolean broken() {
      return scene.rule().containsKey("fault") && !refused();
    }

    private boolean refused() {
      return scene.rule().get("fault") instanceof Map<?, ?> fault
          && "status".equals(fault.get("type"));
    }
  }

  /** How a client saw its call end. */
  sealed interface End {
    /** The answer came whole. */
    record Whole(int status, String body) implements End {}

    /** The client left on purpose, with so much of the answer. */
    record Left(String body) implements End {}

    /** The connection broke after so much of the answer. */
    record Broke(String how, String body) implements End {}
  }

  private static final Scene LIMITED = Scene.refuses(429, "1");

  private final List<Plan> plans = new ArrayList<>();
  private final BlockingQueue<Plan> waiting = new LinkedBlockingQueue<>();
  private final Map<String, End> ends = new ConcurrentHashMap<>();
  private final List<Thread> clients = new ArrayList<>();
  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(5))
          .build();
  private final String key;
  private volatile String url;

  Load(long seed, int calls, String url, String key) {
    this.url = url;
    this.key = key;
    RandomGenerator random = Seeds.random(seed);
    for (int i = 0; i < calls; i++) {
      plans.add(plan("load-" + Long.toHexString(seed) + "-" + i, random));
    }
    waiting.addAll(plans);
  }

  private static Plan plan(String session, RandomGenerator random) {
    boolean stream = random.nextInt(100) < 70;
    int leave = stream && random.nextInt(100) < 15 ? random.nextInt(1, 1_500) : -1;
    Scene scene =
        leave < 0
            ? scene(random, stream)
            : Scene.streamsFor(Duration.ofMillis(random.nextInt(200, 1_500)));
    return new Plan(session, random.nextBoolean(), stream, scene, leave);
  }

  private static Scene scene(RandomGenerator random, boolean stream) {
    int dice = random.nextInt(100);
    String words = "word ".repeat(random.nextInt(1, 60)).strip();
    if (dice < 75) {
      return Scene.says(words);
    } else if (dice < 82) {
      return LIMITED;
    } else if (dice < 87) {
      return Scene.refuses(529);
    } else if (dice < 92) {
      return Scene.refuses(500);
    } else if (dice < 96) {
      return stream ? Scene.breaksOff(words) : Scene.breaksOffAfterBytes(40);
    } else {
      return Scene.streamsFor(Duration.ofMillis(random.nextInt(200, 1_500)));
    }
  }

  List<Plan> plans() {
    return plans;
  }

  /** How a call ended; null if it has not. */
  @Nullable End end(Plan plan) {
    return ends.get(plan.session());
  }

  /**
   * The provider's script: each call has a rule of its own, found by its session id, that also
   * meets the gateway's repetitions.
   */
  List<Map<String, Object>> rules() {
    return plans.stream()
        .map(plan ->
            plan.scene()
                .times(0, Map.of("headers", Map.of("x-claude-code-session-id", plan.session()))))
        .toList();
  }

  int ended() {
    return ends.size();
  }

  /** Starts this many clients; each takes the next call when its last one is over. */
  void start(int atOnce) {
    for (int i = 0; i < atOnce; i++) {
      clients.add(Thread.ofVirtual().name("client-" + i).start(this::work));
    }
  }

  void awaitEnded(int count) {
    Await.until(count + " calls ended", Duration.ofSeconds(120), () -> ends.size() >= count);
  }

  void awaitAll() {
    awaitEnded(plans.size());
  }

  /** The server is at another address now; calls that found nobody wait for this. */
  void moveTo(String newUrl) {
    this.url = newUrl;
  }

  private void work() {
    for (Plan plan = waiting.poll(); plan != null; plan = waiting.poll()) {
      try {
        ends.put(plan.session(), call(plan));
      } catch (ConnectException _) {
        // Nobody listened, so nothing was sent: the call is made once the server is back.
        String gone = url;
        waiting.add(plan);
        Await.until("the server is back", Duration.ofSeconds(90), () -> !gone.equals(url));
      } catch (InterruptedException _) {
        return;
      }
    }
  }

  private End call(Plan plan) throws ConnectException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(
                URI.create(url + (plan.anthropic() ? "/v1/messages" : "/v1/chat/completions")))
            .header("x-api-key", key)
            .header("content-type", "application/json")
            .header("anthropic-version", RawHttp.ANTHROPIC_VERSION)
            .header("x-claude-code-session-id", plan.session())
            .POST(HttpRequest.BodyPublishers.ofString(body(plan)))
            .build();
    ByteArrayOutputStream taken = new ByteArrayOutputStream();
    try {
      HttpResponse<InputStream> response =
          http.send(request, HttpResponse.BodyHandlers.ofInputStream());
      boolean leaves = plan.leaveAfter() >= 0 && response.statusCode() == 200;
      try (InputStream in = response.body()) {
        byte[] buffer = new byte[8 * 1024];
        while (!leaves || taken.size() < plan.leaveAfter()) {
          int n =
              in.read(
                  buffer,
                  0,
                  leaves
                      ? Math.min(buffer.length, plan.leaveAfter() - taken.size())
                      : buffer.length);
          if (n < 0) {
            return new End.Whole(response.statusCode(), taken.toString(StandardCharsets.UTF_8));
          }
          taken.write(buffer, 0, n);
        }
        return new End.Left(taken.toString(StandardCharsets.UTF_8));
      }
    } catch (ConnectException e) {
      throw e;
    } catch (IOException e) {
      return new End.Broke(String.valueOf(e.getMessage()), taken.toString(StandardCharsets.UTF_8));
    }
  }

  private static String body(Plan plan) {
    return Json.write(
        Map.of(
            "model", plan.model(),
            "max_tokens", 1024,
            "stream", plan.stream(),
            "messages", List.of(Map.of("role", "user", "content", plan.session()))));
  }

  @Override
  public void close() {
    clients.forEach(Thread::interrupt);
    http.shutdownNow();
  }
}
