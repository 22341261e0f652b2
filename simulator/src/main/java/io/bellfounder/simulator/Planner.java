package io.bellfounder.simulator;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Decides the answer to a request under one script. For many threads. */
final class Planner {
  private static final String JSON = "application/json";
  private static final String STREAM = "text/event-stream; charset=utf-8";
  private static final Plan.Step.Send NOTHING = new Plan.Step.Send(new byte[0], 0, null, false);

  private final Script script;
  private final Rules rules;
  private final @Nullable Weather weather;
  private final List<String> models;
  private final AtomicLong requestIds = new AtomicLong();
  private final AtomicLong turns = new AtomicLong();

  /**
   * @throws IllegalArgumentException if the script contradicts itself
   */
  Planner(Script script) {
    this.script = script;
    rules = new Rules(script);
    weather = script.chaos() == null ? null : new Weather(script.chaos(), script.seedOrDefault());
    models = script.models() == null ? Catalogue.MODELS : List.copyOf(script.models());
    for (Script.Rule rule : script.ruleList()) {
      if (rule.answer() != null && rule.answer().recorded() != null) {
        Recording.of(rule.answer().recorded());
      }
    }
  }

  Plan plan(Exchange exchange) {
    Dialect dialect = dialect(exchange);
    Ids requestIdSource = new Ids(script.seedOrDefault(), -requestIds.incrementAndGet());
    String requestId =
        dialect == Dialect.ANTHROPIC
            ? requestIdSource.next("req_01", 22)
            : requestIdSource.next("req_", 32).toLowerCase(Locale.ROOT);
    JsonNode body = Json.read(exchange.body()).orElse(null);
    Prompt prompt = body == null || !body.isObject() ? null : Prompt.of(dialect, body);
    Optional<Rules.Match> match = rules.match(exchange, dialect, prompt);
    exchange.answering(requestId, match.map(Rules.Match::name).orElse(null));
    Script.Rule rule = match.map(Rules.Match::rule).orElse(null);
    Reply reply =
        new Reply(dialect, exchange, requestId, prompt, rule, fault(exchange, prompt, rule));
    return finish(reply, answer(reply));
  }

  /** All that is known when an answer is made. */
  private record Reply(
      Dialect dialect,
      Exchange exchange,
      String requestId,
      @Nullable Prompt prompt,
      Script.@Nullable Rule rule,
      Script.@Nullable Fault fault) {
    Script.Answer script() {
      return rule == null || rule.answer() == null ? Script.Answer.ECHO : rule.answer();
    }
  }

  private static Dialect dialect(Exchange exchange) {
    if (exchange.path().startsWith("/v1/messages")) {
      return Dialect.ANTHROPIC;
    }
    boolean openAi =
        exchange.path().startsWith("/v1/chat")
            || exchange.path().startsWith("/v1/embeddings")
            || (exchange.path().startsWith("/v1/") && exchange.header("anthropic-version") == null);
    return openAi ? Dialect.OPENAI : Dialect.ANTHROPIC;
  }

  private Script.@Nullable Fault fault(
      Exchange exchange, @Nullable Prompt prompt, Script.@Nullable Rule rule) {
    if (rule != null && rule.fault() != null) {
      return rule.fault();
    }
    return weather == null || prompt == null || !exchange.isModelCall()
        ? null
        : weather.fault(exchange.body(), prompt.stream());
  }

  private Plan answer(Reply reply) {
    String path = reply.exchange().path();
    if (path.equals("/") || path.equals("/api/hello")) {
      return whole(200, Json.bytes(Json.object().put("message", "hello")), JSON, null);
    }
    Optional<ProviderError> refused =
        Admission.key(
            reply.dialect(),
            reply.exchange().header("x-api-key"),
            bearer(reply.exchange()),
            script.requireKey());
    if (refused.isPresent()) {
      return error(reply, refused.get());
    }
    if (reply.fault() instanceof Script.Fault.Status status) {
      return refusal(reply, status);
    }
    if (reply.exchange().method().equals("GET")) {
      return list(reply);
    }
    Prompt prompt = reply.prompt();
    if (prompt == null) {
      return error(reply, Admission.notJson(reply.dialect()));
    }
    return reply.exchange().method().equals("POST") ? post(reply, prompt) : notFound(reply);
  }

  private Plan post(Reply reply, Prompt prompt) {
    String version = reply.exchange().header("anthropic-version");
    Optional<ProviderError> refused =
        switch (reply.exchange().path()) {
          case "/v1/messages" -> Admission.messages(version, prompt.body(), false);
          case "/v1/messages/count_tokens" -> Admission.messages(version, prompt.body(), true);
          case "/v1/chat/completions" -> Admission.completions(prompt.body());
          case "/v1/embeddings" -> Admission.embeddings(prompt.body());
          default -> Optional.empty();
        };
    if (refused.isPresent()) {
      return error(reply, refused.get());
    }
    if ("refuse".equals(script.unknownModels()) && !models.contains(prompt.model())) {
      return error(reply, Admission.unknownModel(reply.dialect(), prompt.model()));
    }
    return switch (reply.exchange().path()) {
      case "/v1/messages" -> say(reply, prompt, "messages");
      case "/v1/chat/completions" -> say(reply, prompt, "chat.completions");
      case "/v1/messages/count_tokens" ->
          whole(
              200, Json.bytes(Json.object().put("input_tokens", prompt.inputTokens())), JSON, null);
      case "/v1/embeddings" -> embed(prompt);
      default -> notFound(reply);
    };
  }

  private Plan say(Reply reply, Prompt prompt, String operation) {
    Script.Answer answer = reply.script();
    Turn turn =
        Turn.of(
            prompt,
            answer,
            new Ids(script.seedOrDefault(), turns.incrementAndGet()),
            created(reply.exchange().receivedAt()));
    if (answer.recorded() != null) {
      Recording recording = Recording.of(answer.recorded());
      turn = turn.recorded(recording.id(), recording.model(), recording.tokens());
      return stream(reply, recording.frames(), new Plan.Charge(turn, operation));
    }
    Plan.Charge charge = new Plan.Charge(turn, operation);
    if (prompt.stream()) {
      List<Frame> frames =
          reply.dialect() == Dialect.ANTHROPIC
              ? AnthropicWire.stream(turn)
              : OpenAiWire.stream(turn);
      return stream(reply, frames, charge);
    }
    JsonNode body =
        answer.body() != null
            ? answer.body()
            : reply.dialect() == Dialect.ANTHROPIC
                ? AnthropicWire.whole(turn)
                : OpenAiWire.whole(turn);
    return whole(200, Json.bytes(body), JSON, charge);
  }

  private Plan stream(Reply reply, List<Frame> frames, Plan.Charge charge) {
    Script.Rule rule = reply.rule();
    boolean gzip = gzips(reply);
    List<Header> headers = new ArrayList<>();
    headers.add(new Header("content-type", STREAM));
    headers.add(new Header("cache-control", "no-cache"));
    if (gzip) {
      headers.add(new Header("content-encoding", "gzip"));
    }
    List<Plan.Step> steps =
        Choreography.steps(
            reply.dialect(),
            frames,
            Boolean.TRUE.equals(reply.script().crlf()),
            gzip,
            reply.fault(),
            rule == null ? null : rule.pace(),
            rule == null ? null : rule.split(),
            reply.requestId());
    return new Plan(200, headers, -1, List.of(), steps, 0, charge);
  }

  private Plan embed(Prompt prompt) {
    Tokens tokens = new Tokens(prompt.inputTokens(), 0, 0, 0, 0, 0);
    Turn turn = Turn.silent(prompt, tokens);
    return whole(
        200, Json.bytes(Catalogue.embeddings(prompt)), JSON, new Plan.Charge(turn, "embeddings"));
  }

  private Plan list(Reply reply) {
    String path = reply.exchange().path();
    boolean anthropic = reply.dialect() == Dialect.ANTHROPIC;
    if (path.equals("/v1/models")) {
      Map<String, String> query = Query.parse(reply.exchange().query());
      return whole(
          200,
          Json.bytes(
              anthropic
                  ? Catalogue.anthropicModels(
                      models, limit(query.getOrDefault("limit", "20")), query.get("after_id"))
                  : Catalogue.openAiModels(models)),
          JSON,
          null);
    }
    String model = path.startsWith("/v1/models/") ? path.substring(11) : "";
    if (models.contains(model)) {
      return whole(
          200,
          Json.bytes(anthropic ? Catalogue.anthropicModel(model) : Catalogue.openAiModel(model)),
          JSON,
          null);
    }
    return model.isEmpty()
        ? notFound(reply)
        : error(reply, Admission.unknownModel(reply.dialect(), model));
  }

  private static int limit(String text) {
    return text.matches("\\d{1,4}") ? Math.clamp(Integer.parseInt(text), 1, 1000) : 20;
  }

  private static Plan refusal(Reply reply, Script.Fault.Status fault) {
    byte[] body =
        Boolean.TRUE.equals(fault.html())
            ? ProviderError.html(fault.status())
            : fault.body() != null
                ? fault.body().getBytes(StandardCharsets.UTF_8)
                : ProviderError.of(reply.dialect(), fault.status())
                    .with(fault.errorType(), fault.message())
                    .body(reply.dialect(), reply.requestId());
    Plan plan =
        whole(fault.status(), body, Boolean.TRUE.equals(fault.html()) ? "text/html" : JSON, null);
    if (fault.retryAfter() != null) {
      plan.headers().add(new Header("retry-after", fault.retryAfter()));
    }
    return plan;
  }

  private static Plan error(Reply reply, ProviderError error) {
    return whole(error.status(), error.body(reply.dialect(), reply.requestId()), JSON, null);
  }

  private static Plan notFound(Reply reply) {
    String target = reply.exchange().method() + " " + reply.exchange().path();
    return error(
        reply,
        reply.dialect() == Dialect.ANTHROPIC
            ? ProviderError.anthropic(404, "not_found_error", "Not Found")
            : ProviderError.openAi(404, "Invalid URL (" + target + ")", null, null));
  }

  private static Plan whole(int status, byte[] body, String type, Plan.@Nullable Charge charge) {
    List<Header> headers = new ArrayList<>();
    headers.add(new Header("content-type", type));
    Tokens tokens = charge == null ? null : charge.turn().tokens();
    Plan.Step.Send send =
        new Plan.Step.Send(body, tokens == null ? 0 : tokens.output(), tokens, false);
    return new Plan(status, headers, body.length, List.of(), List.of(send), 0, charge);
  }

  /** What holds for all answers: the provider's headers, delays, the faults around the head. */
  private Plan finish(Reply reply, Plan plan) {
    List<Header> headers = new ArrayList<>(plan.headers());
    headers.addAll(
        reply.dialect() == Dialect.ANTHROPIC ? anthropicHeaders(reply) : openAiHeaders(reply));
    List<Plan.Step> steps = plan.steps();
    long length = plan.contentLength();
    if (length >= 0 && plan.status() == 200 && gzips(reply)) {
      headers.add(new Header("content-encoding", "gzip"));
      steps = zipped(steps);
      length = ((Plan.Step.Send) steps.getFirst()).bytes().length;
    }
    if (length >= 0 && reply.fault() instanceof Script.Fault.Cut cut) {
      int after = cut.afterBytes() == null ? (int) length / 2 : cut.afterBytes();
      steps = Choreography.cutAfterBytes(steps, after, cut);
      if (cut.how() == Script.How.end) {
        length = Math.min(length, after);
        steps = steps.subList(0, Math.max(1, steps.size() - 1));
        steps = steps.getFirst() instanceof Plan.Step.Send ? steps : List.of(NOTHING);
      }
    }
    if (reply.rule() != null && reply.rule().headers() != null) {
      for (Map.Entry<String, String> more : reply.rule().headers().entrySet()) {
        headers.removeIf(header -> header.name().equalsIgnoreCase(more.getKey()));
        headers.add(new Header(more.getKey(), more.getValue()));
      }
    }
    long dripMillis =
        reply.fault() instanceof Script.Fault.SlowHeaders(long millis) ? Math.max(1, millis) : 0;
    return new Plan(
        plan.status(), headers, length, before(reply), steps, dripMillis, plan.charge());
  }

  private static List<Plan.Step> zipped(List<Plan.Step> steps) {
    Plan.Step.Send send = (Plan.Step.Send) steps.getFirst();
    Frame frame = new Frame(send.bytes(), Frame.Kind.CONTENT, send.produced(), send.reported());
    byte[] bytes = Choreography.zipped(List.of(frame)).getFirst().bytes();
    return List.of(new Plan.Step.Send(bytes, send.produced(), send.reported(), false));
  }

  private static List<Plan.Step> before(Reply reply) {
    List<Plan.Step> before = new ArrayList<>();
    Script.Pace pace = reply.rule() == null ? null : reply.rule().pace();
    if (pace != null && pace.initialDelayMillis() != null) {
      before.add(new Plan.Step.Pause(pace.initialDelayMillis(), new byte[0], 0));
    }
    if (reply.fault() instanceof Script.Fault.Stall stall
        && (Boolean.TRUE.equals(stall.beforeHeaders()) || !streams(reply))) {
      before.add(new Plan.Step.Pause(stall.millis(), new byte[0], 0));
    }
    if (reply.fault() instanceof Script.Fault.Cut cut && Boolean.TRUE.equals(cut.beforeHeaders())) {
      Script.How how =
          cut.how() == Script.How.reset || cut.how() == null ? Script.How.reset : Script.How.close;
      before.add(new Plan.Step.Break(how, new byte[0]));
    }
    return before;
  }

  private static boolean streams(Reply reply) {
    return reply.prompt() != null && reply.prompt().stream();
  }

  private static boolean gzips(Reply reply) {
    String accepted = reply.exchange().header("accept-encoding");
    return reply.rule() != null
        && Boolean.TRUE.equals(reply.rule().gzip())
        && accepted != null
        && accepted.contains("gzip");
  }

  private List<Header> anthropicHeaders(Reply reply) {
    String reset = Instant.ofEpochSecond(created(reply.exchange().receivedAt()) + 60).toString();
    return List.of(
        new Header("request-id", reply.requestId()),
        new Header("anthropic-organization-id", "5b1e11f0-0de1-4f00-8000-00000000beef"),
        new Header("anthropic-ratelimit-requests-limit", "4000"),
        new Header("anthropic-ratelimit-requests-remaining", "3999"),
        new Header("anthropic-ratelimit-requests-reset", reset),
        new Header("anthropic-ratelimit-input-tokens-limit", "2000000"),
        new Header("anthropic-ratelimit-input-tokens-remaining", "2000000"),
        new Header("anthropic-ratelimit-input-tokens-reset", reset),
        new Header("anthropic-ratelimit-output-tokens-limit", "400000"),
        new Header("anthropic-ratelimit-output-tokens-remaining", "400000"),
        new Header("anthropic-ratelimit-output-tokens-reset", reset),
        new Header("x-envoy-upstream-service-time", "7"),
        new Header("strict-transport-security", "max-age=31536000; includeSubDomains; preload"));
  }

  private static List<Header> openAiHeaders(Reply reply) {
    return List.of(
        new Header("x-request-id", reply.requestId()),
        new Header("openai-organization", "bellfounder-simulated"),
        new Header("openai-processing-ms", "7"),
        new Header("openai-version", "2020-10-01"),
        new Header("x-ratelimit-limit-requests", "10000"),
        new Header("x-ratelimit-limit-tokens", "2000000"),
        new Header("x-ratelimit-remaining-requests", "9999"),
        new Header("x-ratelimit-remaining-tokens", "1999990"),
        new Header("x-ratelimit-reset-requests", "6ms"),
        new Header("x-ratelimit-reset-tokens", "0s"));
  }

  private static @Nullable String bearer(Exchange exchange) {
    String authorization = exchange.header("authorization");
    return authorization != null && authorization.regionMatches(true, 0, "bearer ", 0, 7)
        ? authorization.substring(7).strip()
        : null;
  }

  private static long created(Instant at) {
    return at.getEpochSecond();
  }
}
