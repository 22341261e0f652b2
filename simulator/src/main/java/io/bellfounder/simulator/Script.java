package io.bellfounder.simulator;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * What the simulator shall do, as {@code docs/reference/simulator.md} describes it. Rules are tried
 * in order; the first that matches answers; without one the default answer echoes the prompt.
 *
 * @param seed where ids and random choices come from; default 0
 * @param requireKey the only key accepted; default any non-empty one
 * @param models the ids listed at {@code /v1/models}; default some of each provider's
 * @param unknownModels {@code "serve"} (default) or {@code "refuse"} with the provider's 404
 */
record Script(
    @Nullable Long seed,
    @Nullable String requireKey,
    @Nullable List<String> models,
    @Nullable String unknownModels,
    @Nullable Chaos chaos,
    @Nullable List<Rule> rules) {

  static final Script EMPTY = new Script(null, null, null, null, null, null);

  Script {
    rules = rules == null ? List.of() : List.copyOf(rules);
  }

  /**
   * @throws IllegalArgumentException naming the place and the key that is wrong
   */
  static Script parse(String json) {
    try {
      return Json.MAPPER.readValue(json, Script.class);
    } catch (JacksonException refused) {
      throw new IllegalArgumentException("script: " + refused.getMessage(), refused);
    }
  }

  long seedOrDefault() {
    return seed == null ? 0 : seed;
  }

  List<Rule> ruleList() {
    return rules == null ? List.of() : rules;
  }

  /**
   * One rule.
   *
   * @param times how often it answers before it is used up; default without end
   */
  record Rule(
      @Nullable String name,
      @Nullable When when,
      @Nullable Integer times,
      @Nullable Answer answer,
      @Nullable Fault fault,
      @Nullable Pace pace,
      @Nullable Split split,
      @Nullable Boolean gzip,
      @Nullable Map<String, String> headers) {}

  /**
   * All given conditions must hold.
   *
   * @param model a pattern, {@code *} stands for anything
   * @param headers name to pattern
   * @param prompt text within the last user message
   * @param body text anywhere within the request body
   * @param tool a tool of this name is offered
   * @param toolResult whether the last message carries a tool's result
   * @param nth only the n-th of the requests, counted from 1, for which all else holds
   */
  record When(
      @Nullable Dialect dialect,
      @Nullable String path,
      @Nullable String model,
      @Nullable Map<String, String> headers,
      @Nullable String prompt,
      @Nullable String body,
      @Nullable Boolean stream,
      @Nullable String tool,
      @Nullable Boolean toolResult,
      @Nullable List<Integer> nth) {}

  /**
   * What the model says.
   *
   * @param text short for one text block
   * @param tokens short for a text block of so many tokens
   * @param stopReason in the dialect's own words; default follows from the content
   * @param charactersPerDelta size of the text pieces in a stream; default 12
   * @param pings whether an Anthropic stream has a ping after its first block start; default true
   * @param crlf whether lines of a stream end in CR LF; default false
   * @param recorded a recording's name, served byte for byte instead of all else
   * @param body a JSON body served as it is, for a call without stream
   */
  record Answer(
      @Nullable String text,
      @Nullable Integer tokens,
      @Nullable List<Block> content,
      @Nullable String stopReason,
      @Nullable String stopSequence,
      @Nullable UsageSpec usage,
      @Nullable Integer charactersPerDelta,
      @Nullable Boolean pings,
      @Nullable Boolean crlf,
      @Nullable String model,
      @Nullable String recorded,
      @Nullable JsonNode body) {

    static final Answer ECHO =
        new Answer(null, null, null, null, null, null, null, null, null, null, null, null);
  }

  /** A content block, in Anthropic's words; OpenAI's form follows from it. */
  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
  @JsonSubTypes({
    @JsonSubTypes.Type(value = Block.Text.class, name = "text"),
    @JsonSubTypes.Type(value = Block.Thinking.class, name = "thinking"),
    @JsonSubTypes.Type(value = Block.RedactedThinking.class, name = "redacted_thinking"),
    @JsonSubTypes.Type(value = Block.ToolUse.class, name = "tool_use"),
    @JsonSubTypes.Type(value = Block.Raw.class, name = "raw")
  })
  sealed interface Block {
    record Text(String text) implements Block {}

    /** A missing signature is made up from the seed. */
    record Thinking(String thinking, @Nullable String signature) implements Block {}

    record RedactedThinking(@Nullable String data) implements Block {}

    /** A missing id is made up from the seed. */
    record ToolUse(@Nullable String id, String name, @Nullable JsonNode input) implements Block {}

    /**
     * Any other block of Anthropic's.
     *
     * @param block as it stands in an answer without stream
     * @param start as it stands in {@code content_block_start}; default {@code block}
     */
    record Raw(JsonNode block, @Nullable JsonNode start, @Nullable List<JsonNode> deltas)
        implements Block {}
  }

  /** Tokens to bill; what is missing is counted from the text. */
  record UsageSpec(
      @Nullable Long input,
      @Nullable Long cacheWrite5m,
      @Nullable Long cacheWrite1h,
      @Nullable Long cacheRead,
      @Nullable Long output,
      @Nullable Long reasoning) {}

  /**
   * How fast the bytes go out.
   *
   * @param initialDelayMillis before the headers; default 0
   * @param betweenEventsMillis before each event but the first; default 0
   * @param tokensPerSecond pauses in proportion to the tokens of each event instead
   * @param pingEveryMillis a ping is sent whenever a pause has lasted so long; default none
   */
  record Pace(
      @Nullable Long initialDelayMillis,
      @Nullable Long betweenEventsMillis,
      @Nullable Double tokensPerSecond,
      @Nullable Long pingEveryMillis) {}

  /**
   * Where the bytes of a stream are cut into HTTP chunks, each written alone.
   *
   * @param by {@code event} (default), {@code whole}, {@code bytes} or {@code random}
   * @param bytes the size for {@code bytes}, the largest for {@code random}; default 16
   * @param gapMillis a pause between two pieces; default 0
   */
  record Split(By by, @Nullable Integer bytes, @Nullable Long seed, @Nullable Long gapMillis) {
    enum By {
      event,
      whole,
      bytes,
      random
    }
  }

  /** How an exchange breaks off. */
  enum How {
    /** TCP reset. */
    reset,
    /** The connection is closed without the end that its framing promised. */
    close,
    /** The HTTP message ends as if it were whole. */
    end
  }

  /** What goes wrong. An event count of 0 stands for the time after the headers. */
  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
  @JsonSubTypes({
    @JsonSubTypes.Type(value = Fault.Status.class, name = "status"),
    @JsonSubTypes.Type(value = Fault.Stall.class, name = "stall"),
    @JsonSubTypes.Type(value = Fault.Cut.class, name = "cut"),
    @JsonSubTypes.Type(value = Fault.ErrorEvent.class, name = "error_event"),
    @JsonSubTypes.Type(value = Fault.Malformed.class, name = "malformed"),
    @JsonSubTypes.Type(value = Fault.SlowHeaders.class, name = "slow_headers")
  })
  sealed interface Fault {
    /**
     * An error instead of an answer.
     *
     * @param retryAfter the header's value as it is
     * @param body sent as it is, instead of the provider's own body for that status
     * @param html a proxy's HTML page instead of the provider's JSON
     */
    record Status(
        int status,
        @Nullable String retryAfter,
        @Nullable String errorType,
        @Nullable String message,
        @Nullable String body,
        @Nullable Boolean html)
        implements Fault {}

    /** Silence, once; afterwards the answer goes on. */
    record Stall(@Nullable Boolean beforeHeaders, @Nullable Integer afterEvents, long millis)
        implements Fault {}

    /**
     * The answer breaks off.
     *
     * @param afterBytes instead of {@code afterEvents}; also for answers without stream
     * @param midChunk the last HTTP chunk announces more bytes than it brings
     */
    record Cut(
        @Nullable Boolean beforeHeaders,
        @Nullable Integer afterEvents,
        @Nullable Integer afterBytes,
        @Nullable How how,
        @Nullable Boolean midChunk)
        implements Fault {}

    /** An error event inside a 200; the stream ends after it. */
    record ErrorEvent(
        @Nullable Integer afterEvents, @Nullable String errorType, @Nullable String message)
        implements Fault {}

    /** An event whose data is no JSON; the stream goes on. */
    record Malformed(@Nullable Integer afterEvents, @Nullable String bytes) implements Fault {}

    /** The head of the response drips, byte by byte; the connection is closed after the answer. */
    record SlowHeaders(long millisPerByte) implements Fault {}
  }

  /**
   * Random faults, each with its probability in 0..1. The choice for a request depends on the seed,
   * the body and how often that body was seen, so that it does not depend on the order of arrival.
   *
   * @param stallMillis how long a stall lasts; default 500
   */
  record Chaos(
      @Nullable Long seed, @Nullable Map<String, Double> faults, @Nullable Long stallMillis) {}
}
