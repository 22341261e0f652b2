package io.bellfounder.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class SimulatorTest {
  private static final String ASK =
      """
      {"model":"claude-opus-5-5","max_tokens":1000,"messages":[{"role":"user","content":"Grüß Gott, 世界"}]}\
      """;
  private static final String ASK_STREAM =
      ASK.replace("\"max_tokens\"", "\"stream\":true,\"max_tokens\"");
  private static final String CHAT =
      """
      {"model":"gpt-5.2","messages":[{"role":"user","content":"Grüß Gott"}]}\
      """;
  private static final String CHAT_STREAM =
      CHAT.replace("\"messages\"", "\"stream\":true,\"messages\"");
  private static final String CHAT_STREAM_USAGE =
      CHAT_STREAM.replace(
          "\"messages\"", "\"stream_options\":{\"include_usage\":true},\"messages\"");

  private Simulator simulator;

  @BeforeEach
  void start() {
    simulator = Simulator.start();
  }

  @AfterEach
  void stop() {
    simulator.close();
  }

  @Test
  void aPromptIsEchoedInAnthropicsShapeAndBilled() throws Exception {
    RawCall call = RawCall.anthropic(simulator, ASK);

    JsonNode message = json(call.body());
    assertThat(call.status()).isEqualTo(200);
    assertThat(message.at("/content/0/text").stringValue()).isEqualTo("You said: Grüß Gott, 世界");
    assertThat(message.at("/stop_reason").stringValue()).isEqualTo("end_turn");
    simulator.awaitIdle(Duration.ofSeconds(5));
    BillLine line = simulator.bill().getFirst();
    assertThat(line.id()).isEqualTo(message.at("/id").stringValue());
    assertThat(call.head()).containsIgnoringCase("request-id: " + line.requestId());
    assertThat(line.billed().input()).isEqualTo(message.at("/usage/input_tokens").asLong());
    assertThat(line.billed().output()).isEqualTo(message.at("/usage/output_tokens").asLong());
    assertThat(line.reported()).isEqualTo(line.billed());
  }

  @Test
  void aStreamFollowsTheGrammarInBothDialects() throws Exception {
    RawCall anthropic = RawCall.anthropic(simulator, ASK_STREAM);
    RawCall openAi = RawCall.openAi(simulator, CHAT_STREAM);

    assertThat(StreamGrammar.check(Dialect.ANTHROPIC, anthropic.body())).isEmpty();
    assertThat(StreamGrammar.check(Dialect.OPENAI, openAi.body())).isEmpty();
    assertThat(anthropic.text()).contains("event: ping\ndata: {\"type\": \"ping\"}\n\n");
    assertThat(anthropic.chunks())
        .allMatch(chunk -> new String(chunk, StandardCharsets.UTF_8).endsWith("\n\n"));
  }

  @Test
  void theUsageChunkOfOpenAiComesOnlyWhenAskedFor() throws Exception {
    RawCall without = RawCall.openAi(simulator, CHAT_STREAM);
    RawCall with = RawCall.openAi(simulator, CHAT_STREAM_USAGE);

    assertThat(without.text()).doesNotContain("usage");
    assertThat(with.text()).contains("\"choices\":[],\"usage\":{\"prompt_tokens\":");
    assertThat(StreamGrammar.check(Dialect.OPENAI, with.body())).isEmpty();
  }

  @Test
  void everyKindOfBlockStreamsByTheGrammarAndReadsTheSameWhole() throws Exception {
    simulator.script(
        """
        {"rules":[{"answer":{"content":[
          {"type":"thinking","thinking":"Let me think about this."},
          {"type":"redacted_thinking"},
          {"type":"text","text":"I write the file. 😀"},
          {"type":"tool_use","name":"Write","input":{"file_path":"/tmp/a","content":"x"}},
          {"type":"tool_use","name":"Nothing"},
          {"type":"raw","block":{"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{"query":"q"}}}],
          "usage":{"input":3,"cacheWrite5m":5,"cacheWrite1h":7,"cacheRead":11,"output":13}}}]}\
        """);

    RawCall stream = RawCall.anthropic(simulator, ASK_STREAM);
    JsonNode whole = json(RawCall.anthropic(simulator, ASK).body());

    assertThat(StreamGrammar.check(Dialect.ANTHROPIC, stream.body())).isEmpty();
    assertThat(whole.at("/stop_reason").stringValue()).isEqualTo("tool_use");
    assertThat(whole.at("/content")).hasSize(6);
    assertThat(whole.at("/usage/cache_creation_input_tokens").asLong()).isEqualTo(12);
    assertThat(whole.at("/usage/cache_creation/ephemeral_1h_input_tokens").asLong()).isEqualTo(7);
    simulator.awaitIdle(Duration.ofSeconds(5));
    assertThat(simulator.bill())
        .extracting(BillLine::billed)
        .containsOnly(new Tokens(3, 5, 7, 11, 13, 6));
  }

  @Test
  void parallelToolCallsStreamInOpenAisShape() throws Exception {
    simulator.script(
        """
        {"rules":[{"answer":{"content":[
          {"type":"tool_use","name":"weather","input":{"city":"Wien"}},
          {"type":"tool_use","name":"weather","input":{"city":"Graz"}}],
          "usage":{"input":10,"cacheRead":90,"output":20,"reasoning":5}}}]}\
        """);

    RawCall stream = RawCall.openAi(simulator, CHAT_STREAM_USAGE);
    JsonNode whole = json(RawCall.openAi(simulator, CHAT).body());

    assertThat(StreamGrammar.check(Dialect.OPENAI, stream.body())).isEmpty();
    assertThat(whole.at("/choices/0/finish_reason").stringValue()).isEqualTo("tool_calls");
    assertThat(whole.at("/choices/0/message/tool_calls")).hasSize(2);
    assertThat(whole.at("/usage/prompt_tokens").asLong()).isEqualTo(100);
    assertThat(whole.at("/usage/prompt_tokens_details/cached_tokens").asLong()).isEqualTo(90);
    assertThat(whole.at("/usage/completion_tokens_details/reasoning_tokens").asLong()).isEqualTo(5);
  }

  @Test
  void aToolTurnIsScriptedByWhatTheRequestCarries() throws Exception {
    simulator.script(
        """
        {"rules":[
          {"when":{"toolResult":true},"answer":{"text":"Done."}},
          {"when":{"tool":"Write","prompt":"hello.txt"},"answer":{"content":[
            {"type":"tool_use","name":"Write","input":{"file_path":"/tmp/hello.txt","content":"hi"}}]}}]}\
        """);
    String first =
        """
        {"model":"claude-opus-5-5","max_tokens":9,"tools":[{"name":"Write","input_schema":{"type":"object"}}],
         "messages":[{"role":"user","content":"make hello.txt"}]}\
        """;
    String second =
        """
        {"model":"claude-opus-5-5","max_tokens":9,"tools":[{"name":"Write","input_schema":{"type":"object"}}],
         "messages":[{"role":"user","content":"make hello.txt"},
          {"role":"assistant","content":[{"type":"tool_use","id":"toolu_1","name":"Write","input":{}}]},
          {"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":"ok"}]}]}\
        """;

    JsonNode asks = json(RawCall.anthropic(simulator, first).body());
    JsonNode closes = json(RawCall.anthropic(simulator, second).body());

    assertThat(asks.at("/content/0/input/file_path").stringValue()).isEqualTo("/tmp/hello.txt");
    assertThat(closes.at("/content/0/text").stringValue()).isEqualTo("Done.");
  }

  @Test
  void aRuleMayCountItsRequestsAndMayBeUsedUp() throws Exception {
    simulator.script(
        """
        {"rules":[
          {"name":"second","when":{"nth":2},"answer":{"text":"two"}},
          {"name":"once","times":1,"fault":{"type":"status","status":529}}]}\
        """);

    List<Integer> statuses = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      statuses.add(RawCall.anthropic(simulator, ASK).status());
    }

    assertThat(statuses).containsExactly(529, 200, 200);
    assertThat(simulator.requests())
        .extracting(ReceivedRequest::rule)
        .containsExactly("once", "second", null);
  }

  @Test
  void requestsAreKeptByteForByteWithHeadersAsWritten() throws Exception {
    RawCall.call(
        simulator,
        "/v1/messages?beta=true",
        "X-Api-Key: k\r\naNTHROPIC-vErsion: 2026-10-21\r\nX-Twice: a\r\nX-Twice: b\r\n",
        ASK);

    ReceivedRequest request = simulator.awaitRequests(1, Duration.ofSeconds(5)).getFirst();
    assertThat(request.bodyText()).isEqualTo(ASK);
    assertThat(request.query()).isEqualTo("beta=true");
    assertThat(request.headers())
        .contains(new Header("X-Api-Key", "k"), new Header("aNTHROPIC-vErsion", "2026-10-21"))
        .containsSubsequence(new Header("X-Twice", "a"), new Header("X-Twice", "b"));
    assertThat(request.sha256()).hasSize(64);
  }

  @ParameterizedTest
  @ValueSource(strings = {"reset", "close", "end"})
  void aStreamIsCutInTheMiddle(String how) throws Exception {
    simulator.script(
        """
        {"rules":[{"fault":{"type":"cut","afterEvents":4,"how":"%s"}}]}\
        """
            .formatted(how));

    RawCall call = RawCall.anthropic(simulator, ASK_STREAM);

    assertThat(call.ending().name())
        .isEqualTo(
            switch (how) {
              case "reset" -> "RESET";
              case "close" -> "CLOSED";
              default -> "WHOLE";
            });
    assertThat(StreamGrammar.check(Dialect.ANTHROPIC, call.body())).isNotEmpty();
    simulator.awaitIdle(Duration.ofSeconds(5));
    BillLine line = simulator.bill().getFirst();
    assertThat(line.outcome()).isEqualTo(BillLine.Outcome.CUT);
    assertThat(line.billed().output()).isBetween(1L, 3L);
    assertThat(line.billed().input()).isPositive();
  }

  @Test
  void aStreamIsCutInsideAChunk() throws Exception {
    simulator.script(
        """
        {"rules":[{"fault":{"type":"cut","afterEvents":2,"how":"close","midChunk":true}}]}\
        """);

    RawCall call = RawCall.anthropic(simulator, ASK_STREAM);

    assertThat(call.ending()).isEqualTo(RawCall.Ending.CLOSED);
    assertThat(call.chunks()).hasSize(2);
    assertThat(call.text()).endsWith("\n\nevent: co");
  }

  @Test
  void aConnectionIsResetBeforeTheHeaders() throws Exception {
    simulator.script(
        """
        {"rules":[{"fault":{"type":"cut","beforeHeaders":true}}]}\
        """);

    assertThat(RawCall.anthropic(simulator, ASK).ending()).isEqualTo(RawCall.Ending.RESET);
    simulator.awaitIdle(Duration.ofSeconds(5));
    assertThat(simulator.bill()).isEmpty();
  }

  @Test
  void anErrorEventEndsAStreamThatBeganWell() throws Exception {
    simulator.script(
        """
        {"rules":[{"fault":{"type":"error_event","afterEvents":4}}]}\
        """);

    RawCall anthropic = RawCall.anthropic(simulator, ASK_STREAM);
    RawCall openAi = RawCall.openAi(simulator, CHAT_STREAM);

    assertThat(anthropic.text())
        .contains(
            "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\"");
    assertThat(StreamGrammar.check(Dialect.ANTHROPIC, anthropic.body())).isEmpty();
    assertThat(StreamGrammar.check(Dialect.OPENAI, openAi.body())).isEmpty();
    simulator.awaitIdle(Duration.ofSeconds(5));
    assertThat(simulator.bill())
        .extracting(BillLine::outcome)
        .containsOnly(BillLine.Outcome.FAILED);
  }

  @Test
  void aWholeAnswerIsTruncated() throws Exception {
    simulator.script(
        """
        {"rules":[
          {"times":1,"fault":{"type":"cut","afterBytes":20,"how":"close"}},
          {"times":1,"fault":{"type":"cut","afterBytes":20,"how":"end"}}]}\
        """);

    RawCall closed = RawCall.anthropic(simulator, ASK);
    RawCall ended = RawCall.anthropic(simulator, ASK);

    assertThat(closed.ending()).isEqualTo(RawCall.Ending.CLOSED);
    assertThat(closed.body()).hasSize(20);
    assertThat(ended.ending()).isEqualTo(RawCall.Ending.WHOLE);
    assertThat(ended.body()).hasSize(20);
  }

  @ParameterizedTest
  @ValueSource(ints = {400, 401, 403, 429, 500, 502, 503, 529})
  void aStatusHasTheProvidersOwnBody(int status) throws Exception {
    simulator.script(
        """
        {"rules":[{"fault":{"type":"status","status":%d,"retryAfter":"7"}}]}\
        """
            .formatted(status));

    RawCall anthropic = RawCall.anthropic(simulator, ASK_STREAM);
    RawCall openAi = RawCall.openAi(simulator, CHAT);

    assertThat(anthropic.status()).isEqualTo(status);
    assertThat(anthropic.head()).contains("retry-after: 7").contains("request-id: req_01");
    assertThat(json(anthropic.body()).at("/error/type").isString()).isTrue();
    assertThat(json(anthropic.body()).at("/request_id").isString()).isTrue();
    assertThat(openAi.status()).isEqualTo(status);
    assertThat(json(openAi.body()).at("/error/message").isString()).isTrue();
  }

  @Test
  void aProxysPageStandsInForTheProvider() throws Exception {
    simulator.script(
        """
        {"rules":[{"fault":{"type":"status","status":502,"html":true}}]}\
        """);

    RawCall call = RawCall.anthropic(simulator, ASK);

    assertThat(call.head()).contains("text/html");
    assertThat(call.text()).contains("<h1>502 Bad Gateway</h1>");
  }

  @Test
  void aClientThatLeavesDuringSilenceIsSeenAtOnceAndBilledForWhatWasMade() throws Exception {
    simulator.script(
        """
        {"rules":[{"answer":{"tokens":200},"pace":{"betweenEventsMillis":20}}]}\
        """);
    Socket socket =
        RawCall.open(
            simulator, "/v1/messages", "x-api-key: k\r\nanthropic-version: 1\r\n", ASK_STREAM);
    socket.getInputStream().readNBytes(1500);

    socket.close();

    simulator.awaitIdle(Duration.ofSeconds(2));
    ReceivedRequest request = simulator.requests().getFirst();
    BillLine line = simulator.bill().getFirst();
    assertThat(request.end()).isEqualTo(ReceivedRequest.End.CLIENT_LEFT);
    assertThat(line.outcome()).isEqualTo(BillLine.Outcome.ABORTED);
    assertThat(line.billed().output()).isBetween(1L, 150L);
    assertThat(line.reported()).isNotNull().extracting(Tokens::output).isEqualTo(1L);
  }

  @Test
  void silenceIsFilledWithPingsWhenThePaceWantsThem() throws Exception {
    simulator.script(
        """
        {"rules":[{"fault":{"type":"stall","afterEvents":3,"millis":100},"pace":{"pingEveryMillis":30}}]}\
        """);

    RawCall call = RawCall.anthropic(simulator, ASK_STREAM);

    assertThat(call.text().split("event: ping", -1).length - 1).isBetween(3, 4);
    assertThat(StreamGrammar.check(Dialect.ANTHROPIC, call.body())).isEmpty();
  }

  @Test
  void headersMayDrip() throws Exception {
    simulator.script(
        """
        {"rules":[{"fault":{"type":"slow_headers","millisPerByte":1}}]}\
        """);

    RawCall whole = RawCall.anthropic(simulator, ASK);
    RawCall stream = RawCall.anthropic(simulator, ASK_STREAM);

    assertThat(json(whole.body()).at("/type").stringValue()).isEqualTo("message");
    assertThat(stream.ending()).isEqualTo(RawCall.Ending.WHOLE);
    assertThat(StreamGrammar.check(Dialect.ANTHROPIC, stream.body())).isEmpty();
  }

  @Test
  void bytesAreSplitAnywhereAndStayTheSame() throws Exception {
    byte[] plain = RawCall.anthropic(simulator, ASK_STREAM).body();
    long seed = Long.getLong("seed", System.nanoTime());
    System.out.println("seed " + seed);
    for (String split :
        List.of(
            "\"by\":\"bytes\",\"bytes\":1",
            "\"by\":\"random\",\"bytes\":9,\"seed\":" + seed,
            "\"by\":\"whole\"")) {
      simulator.reset();
      simulator.script("{\"rules\":[{\"split\":{" + split + "}}]}");

      RawCall call = RawCall.anthropic(simulator, ASK_STREAM);

      assertThat(call.body()).isEqualTo(plain);
      simulator.awaitIdle(Duration.ofSeconds(5));
      BillLine line = simulator.bill().getFirst();
      assertThat(line.reported()).isEqualTo(line.billed());
      if (split.contains("whole")) {
        assertThat(call.chunks()).hasSize(1);
      } else {
        assertThat(call.chunks()).allMatch(chunk -> chunk.length <= 9);
      }
    }
  }

  @Test
  void linesMayEndInCarriageReturns() throws Exception {
    simulator.script(
        """
        {"rules":[{"answer":{"crlf":true},"split":{"by":"bytes","bytes":3}}]}\
        """);

    RawCall call = RawCall.openAi(simulator, CHAT_STREAM_USAGE);

    assertThat(call.text()).contains("\r\n\r\ndata: [DONE]\r\n\r\n");
    assertThat(StreamGrammar.check(Dialect.OPENAI, call.body())).isEmpty();
  }

  @Test
  void aGzippedStreamIsReadableEventByEvent() throws Exception {
    simulator.script(
        """
        {"rules":[{"gzip":true}]}\
        """);
    String headers = "x-api-key: k\r\nanthropic-version: 1\r\naccept-encoding: gzip\r\n";

    RawCall zipped = RawCall.call(simulator, "/v1/messages", headers, ASK_STREAM);
    RawCall whole = RawCall.call(simulator, "/v1/messages", headers, ASK);
    RawCall plain = RawCall.anthropic(simulator, ASK_STREAM);

    assertThat(zipped.head()).contains("content-encoding: gzip");
    assertThat(zipped.chunks().size()).isEqualTo(plain.chunks().size());
    byte[] read =
        new GZIPInputStream(new java.io.ByteArrayInputStream(zipped.body())).readAllBytes();
    assertThat(StreamGrammar.check(Dialect.ANTHROPIC, read)).isEmpty();
    assertThat(
            json(new GZIPInputStream(new java.io.ByteArrayInputStream(whole.body())).readAllBytes())
                .at("/type")
                .stringValue())
        .isEqualTo("message");
    assertThat(plain.head()).doesNotContain("gzip");
  }

  @Test
  void theSameSeedSaysTheSameAgain() throws Exception {
    byte[] first = RawCall.anthropic(simulator, ASK_STREAM).body();
    simulator.reset();

    assertThat(RawCall.anthropic(simulator, ASK_STREAM).body()).isEqualTo(first);
    assertThat(RawCall.anthropic(simulator, ASK_STREAM).body()).isNotEqualTo(first);
  }

  @Test
  void chaosReplaysWhateverTheOrderOfArrival() throws Exception {
    String script =
        """
        {"chaos":{"seed":42,"faults":{"429":0.2,"500":0.2,"cut_reset":0.2,"error_event":0.2}}}\
        """;
    List<String> asks = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      asks.add(ASK_STREAM.replace("Grüß", "Grüß " + i));
    }
    simulator.script(script);
    List<String> forward = new ArrayList<>();
    for (String ask : asks) {
      forward.add(RawCall.anthropic(simulator, ask).status() + "");
    }
    simulator.script(script);
    List<String> backward = new ArrayList<>();
    for (String ask : asks.reversed()) {
      backward.add(RawCall.anthropic(simulator, ask).status() + "");
    }

    assertThat(backward.reversed()).isEqualTo(forward);
    assertThat(forward).contains("429", "500", "200");
  }

  @Test
  void aWrongKeyAndAMalformedBodyAnswerAsTheProviderWould() throws Exception {
    simulator.script("{\"requireKey\":\"right\"}");
    RawCall wrong = RawCall.anthropic(simulator, ASK);
    RawCall wrongOpenAi = RawCall.openAi(simulator, CHAT);
    simulator.script("{}");
    RawCall none = RawCall.call(simulator, "/v1/messages", "anthropic-version: 1\r\n", ASK);
    RawCall noMax =
        RawCall.anthropic(
            simulator,
            "{\"model\":\"claude\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}");
    RawCall noJson = RawCall.openAi(simulator, "{");

    assertThat(wrong.status()).isEqualTo(401);
    assertThat(wrong.text()).contains("\"message\":\"invalid x-api-key\"");
    assertThat(wrongOpenAi.text()).contains("invalid_api_key");
    assertThat(none.text()).contains("x-api-key header is required");
    assertThat(noMax.status()).isEqualTo(400);
    assertThat(noMax.text()).contains("max_tokens: Field required");
    assertThat(noJson.status()).isEqualTo(400);
    assertThat(noJson.text()).contains("could not parse the JSON body");
  }

  @Test
  void modelsCountsAndEmbeddingsAnswer() throws Exception {
    HttpResponse<String> models =
        get("/v1/models?limit=2", "anthropic-version", "2023-06-01", "x-api-key", "k");
    HttpResponse<String> openAiModels = get("/v1/models", "authorization", "Bearer k");
    RawCall count =
        RawCall.call(
            simulator,
            "/v1/messages/count_tokens?beta=true",
            "x-api-key: k\r\nanthropic-version: 1\r\n",
            ASK.replace("\"max_tokens\":1000,", ""));
    RawCall embeddings =
        RawCall.call(
            simulator,
            "/v1/embeddings",
            "authorization: Bearer k\r\n",
            "{\"model\":\"text-embedding-3-small\",\"input\":[\"a\",\"b\"],\"dimensions\":4}");

    assertThat(json(models.body()).at("/data")).hasSize(2);
    assertThat(json(models.body()).at("/has_more").asBoolean()).isTrue();
    assertThat(json(models.body()).at("/data/0/display_name").stringValue())
        .isEqualTo("Claude Opus 5.5");
    assertThat(json(openAiModels.body()).at("/object").stringValue()).isEqualTo("list");
    assertThat(json(count.body()).at("/input_tokens").asLong()).isPositive();
    assertThat(json(embeddings.body()).at("/data/1/embedding")).hasSize(4);
    simulator.awaitIdle(Duration.ofSeconds(5));
    assertThat(simulator.bill()).extracting(BillLine::operation).containsExactly("embeddings");
  }

  @Test
  void aSchemaIsFollowed() throws Exception {
    RawCall call =
        RawCall.anthropic(
            simulator,
            """
            {"model":"claude-opus-5-5","max_tokens":100,"messages":[{"role":"user","content":"x"}],
             "output_config":{"format":{"type":"json_schema","schema":{"type":"object","properties":
              {"title":{"type":"string"},"ok":{"type":"boolean"}}}}}}\
            """);

    assertThat(json(call.body()).at("/content/0/text").stringValue())
        .isEqualTo("{\"title\":\"x\",\"ok\":false}");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "anthropic-text",
        "anthropic-tool-use",
        "anthropic-thinking",
        "openai-text",
        "openai-tool-calls"
      })
  void aRecordingIsServedByteForByte(String name) throws Exception {
    simulator.script("{\"rules\":[{\"answer\":{\"recorded\":\"" + name + "\"}}]}");

    boolean anthropic = name.startsWith("anthropic");
    RawCall call =
        anthropic
            ? RawCall.anthropic(simulator, ASK_STREAM)
            : RawCall.openAi(simulator, CHAT_STREAM_USAGE);

    byte[] file = Simulator.class.getResourceAsStream("recordings/" + name + ".sse").readAllBytes();
    assertThat(call.body()).isEqualTo(file);
    assertThat(StreamGrammar.check(anthropic ? Dialect.ANTHROPIC : Dialect.OPENAI, file)).isEmpty();
    simulator.awaitIdle(Duration.ofSeconds(5));
    assertThat(simulator.bill().getFirst().billed().output()).isPositive();
  }

  @Test
  void itIsDrivenOverHttpToo() throws Exception {
    HttpResponse<String> refused = post("/_sim/script", "{\"rulez\":[]}");
    HttpResponse<String> taken =
        post("/_sim/script", "{\"rules\":[{\"answer\":{\"text\":\"From afar\"}}]}");
    RawCall call = RawCall.anthropic(simulator, ASK);
    simulator.awaitIdle(Duration.ofSeconds(5));

    assertThat(refused.statusCode()).isEqualTo(400);
    assertThat(refused.body()).contains("rulez");
    assertThat(taken.statusCode()).isEqualTo(200);
    assertThat(call.text()).contains("From afar");
    JsonNode requests = json(get("/_sim/requests?body=true").body());
    assertThat(requests.at("/requests/0/end").stringValue()).isEqualTo("COMPLETE");
    JsonNode bill = json(get("/_sim/bill").body());
    assertThat(bill.at("/total/output").asLong())
        .isEqualTo(bill.at("/lines/0/billed/output").asLong());
    HttpRequest delete =
        HttpRequest.newBuilder(URI.create(simulator.baseUrl() + "/_sim")).DELETE().build();
    try (HttpClient client = HttpClient.newHttpClient()) {
      client.send(delete, HttpResponse.BodyHandlers.discarding());
    }
    assertThat(simulator.requests()).isEmpty();
  }

  @Test
  void aScriptWithAnUnknownWordIsRefusedByItsName() {
    assertThatThrownBy(() -> simulator.script("{\"rules\":[{\"fault\":{\"type\":\"flood\"}}]}"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("flood");
    assertThatThrownBy(() -> simulator.script("{\"chaos\":{\"faults\":{\"rain\":0.1}}}"))
        .hasMessageContaining("rain");
    assertThatThrownBy(() -> simulator.script("{\"rules\":[{\"answer\":{\"recorded\":\"none\"}}]}"))
        .hasMessageContaining("'none'");
  }

  private HttpResponse<String> get(String path, String... headers) throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(simulator.baseUrl() + path)).GET();
    if (headers.length > 0) {
      request.headers(headers);
    }
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }
  }

  private HttpResponse<String> post(String path, String body) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(simulator.baseUrl() + path))
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client.send(request, HttpResponse.BodyHandlers.ofString());
    }
  }

  private static JsonNode json(byte[] bytes) {
    return Json.read(bytes).orElseThrow();
  }

  private static JsonNode json(String text) {
    return json(text.getBytes(StandardCharsets.UTF_8));
  }
}
