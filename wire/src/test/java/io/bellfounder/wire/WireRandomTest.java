package io.bellfounder.wire;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.bellfounder.wire.RequestScan.Scanned;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/** What hand-picked cases do not reach. Prints its seed; {@code -Dseed=N} replays it. */
class WireRandomTest {
  private static final JsonFactory JSON = new JsonFactory();
  private static final List<String> NAMES =
      List.of(
          "model",
          "stream",
          "max_tokens",
          "stream_options",
          "include_usage",
          "messages",
          "a",
          "mod\\u0065l",
          "\\\"model\\\"",
          "é",
          "");

  /** Ends of strings, their neighbours in value, and the same with the high bit set. */
  private static final byte[] DELICATE = {
    '"', '\\', '!', '#', '[', ']', 0, 0x7f, (byte) 0x80, (byte) 0xa2, (byte) 0xdc, (byte) 0xff
  };

  private final long seed =
      Long.getLong("seed") != null ? Long.getLong("seed") : ThreadLocalRandom.current().nextLong();
  private final SplittableRandom random = new SplittableRandom(seed);

  {
    System.out.println("WireRandomTest: replay with -Dseed=" + seed);
  }

  @Test
  void agrees_with_a_real_parser_on_random_bodies() {
    for (int i = 0; i < 20_000; i++) {
      var body = blanks() + object(0) + blanks();
      var bytes = body.getBytes(UTF_8);

      var scanned = (Scanned) RequestScan.of(Endpoint.CHAT_COMPLETIONS, bytes, 0, bytes.length);

      var reference = Reference.of(bytes);
      assertThat(scanned.model()).as(body).isEqualTo(reference.model);
      assertThat(scanned.streaming()).as(body).isEqualTo(reference.stream);
      assertThat(scanned.maxOutputTokens()).as(body).isEqualTo(reference.maxTokens);
      assertThat(scanned.asksForUsage()).as(body).isEqualTo(reference.asks);

      var edited = scanned.edited("new \"name\"").toBytes();
      var after = Reference.of(edited);
      assertThat(after.model).as(body).isEqualTo(reference.hasModel ? "new \"name\"" : null);
      assertThat(after.asks).as(body).isEqualTo(reference.asks || scanned.dropsUsageChunk());
      assertThat(after.stream).isEqualTo(reference.stream);
      assertThat(after.maxTokens).isEqualTo(reference.maxTokens);
      if (!scanned.dropsUsageChunk()) {
        assertThat(scanned.edited(null).toBytes()).isEqualTo(bytes);
      }
    }
  }

  @Test
  void a_string_ends_where_it_ends_when_read_byte_by_byte() {
    for (int i = 0; i < 20_000; i++) {
      var bytes = new byte[random.nextInt(64)];
      random.nextBytes(bytes);
      for (int at = 0; at < bytes.length; at++) {
        if (random.nextInt(4) == 0) {
          bytes[at] = DELICATE[random.nextInt(DELICATE.length)];
        }
      }
      int from = random.nextInt(bytes.length + 1);
      int end = random.nextInt(from, bytes.length + 1);

      assertThat(JsonCursor.closingQuote(bytes, from, end))
          .as("from %d to %d of %s", from, end, Arrays.toString(bytes))
          .isEqualTo(closingQuoteByteByByte(bytes, from, end));
    }
  }

  private static int closingQuoteByteByByte(byte[] bytes, int from, int end) {
    for (int i = from; i < end; i++) {
      if (bytes[i] == '"') {
        return i;
      }
      if (bytes[i] == '\\') {
        i++;
      }
    }
    return -1;
  }

  @Test
  void cut_anywhere_an_answer_means_the_same() {
    var streams =
        List.of(
            SseMeterTest.ANTHROPIC,
            SseMeterTest.OPENAI,
            SseMeterTest.ANTHROPIC.replace("\n", "\r\n"),
            SseMeterTest.OPENAI.replace("\n", "\r"),
            SseMeterTest.MESSAGE_START + "{\n\"error\": {\"message\":\"x\"}}");
    for (var stream : streams) {
      for (var endpoint : List.of(Endpoint.MESSAGES, Endpoint.CHAT_COMPLETIONS)) {
        var bytes = stream.getBytes(UTF_8);
        var whole = described(new SseMeter(endpoint, false), bytes, false);
        for (int i = 0; i < 500; i++) {
          assertThat(described(new SseMeter(endpoint, i % 2 == 0), bytes, true)).isEqualTo(whole);
        }
      }
    }
    var message = JsonMeterTest.MESSAGE.getBytes(UTF_8);
    var whole = described(AnswerMeter.json(Endpoint.MESSAGES, true), message, false);
    for (int i = 0; i < 2_000; i++) {
      assertThat(described(AnswerMeter.json(Endpoint.MESSAGES, true), message, true))
          .isEqualTo(whole);
    }
  }

  @Test
  void damaged_bytes_never_break_anything() {
    var sources =
        List.of(
            SseMeterTest.ANTHROPIC,
            SseMeterTest.OPENAI,
            JsonMeterTest.MESSAGE,
            "{\"model\":\"m\",\"stream\":true,\"stream_options\":{\"include_usage\":false},\"max_tokens\":5}",
            "{\"error\":{\"type\":\"x\",\"message\":\"y\"}}",
            "{\"usage\":{\"iterations\":[{\"type\":\"compaction\",\"input_tokens\":1}],\"cache_creation\":{}}}");
    for (int i = 0; i < 20_000; i++) {
      var bytes = sources.get(random.nextInt(sources.size())).getBytes(UTF_8);
      for (int flips = random.nextInt(6); flips >= 0; flips--) {
        int at = random.nextInt(bytes.length);
        bytes[at] =
            random.nextBoolean()
                ? (byte) random.nextInt()
                : (byte) "{}[]\",:\\\n\r 0tfn".charAt(random.nextInt(16) % 15);
      }
      survives(bytes);
    }
    for (int i = 0; i < 5_000; i++) {
      var bytes = new byte[random.nextInt(300)];
      random.nextBytes(bytes);
      survives(bytes);
    }
  }

  private void survives(byte[] bytes) {
    int from = bytes.length == 0 ? 0 : random.nextInt(bytes.length);
    for (var endpoint : Endpoint.values()) {
      if (RequestScan.of(endpoint, bytes, from, bytes.length - from) instanceof Scanned scanned) {
        assertThat(scanned.edited("m").toBytes()).isNotNull();
      }
      assertThat(described(new SseMeter(endpoint, random.nextBoolean()), bytes, true)).isNotNull();
      assertThat(described(AnswerMeter.json(endpoint, random.nextBoolean()), bytes, true))
          .isNotNull();
    }
    var error = WireError.read(bytes, from, bytes.length - from);
    assertThat(error == null || error.message().length() <= 501).isTrue();
  }

  /** All that a meter says in the end, after the bytes came whole or cut at random. */
  private String described(AnswerMeter meter, byte[] bytes, boolean cut) {
    var out = new ByteArrayOutputStream();
    for (int at = 0; at < bytes.length; ) {
      int length = cut ? Math.min(1 + random.nextInt(40), bytes.length - at) : bytes.length - at;
      // Each chunk in an array of its own that is spoilt afterwards, as a pooled buffer would be.
      var chunk = new byte[length + 6];
      System.arraycopy(bytes, at, chunk, 3, length);
      if (meter instanceof SseMeter sse) {
        sse.pass(chunk, 3, length, out::write);
      } else {
        meter.read(chunk, 3, length);
      }
      Arrays.fill(chunk, (byte) '"');
      at += length;
    }
    meter.end();
    return String.join(
        "|",
        meter.usage().toString(),
        Boolean.toString(meter.usageFinal()),
        String.valueOf(meter.rawUsage()),
        Long.toString(meter.outputFloorTokens()),
        Boolean.toString(meter.finishSeen()),
        Boolean.toString(meter.terminalSeen()),
        String.valueOf(meter.error()),
        String.valueOf(meter.model()),
        meter instanceof SseMeter sse ? sse.beginning().name() : "");
  }

  // ---- random JSON

  private String object(int depth) {
    var out = new StringBuilder("{");
    int members = random.nextInt(depth == 0 ? 8 : 4);
    for (int i = 0; i < members; i++) {
      out.append(i == 0 ? "" : "," + blanks());
      out.append('"').append(NAMES.get(random.nextInt(NAMES.size()))).append('"');
      out.append(blanks()).append(':').append(blanks()).append(value(depth + 1)).append(blanks());
    }
    return out.append(blanks()).append('}').toString();
  }

  private String value(int depth) {
    return switch (random.nextInt(depth > 4 ? 7 : 10)) {
      case 0 -> "true";
      case 1 -> "false";
      case 2 -> "null";
      case 3 -> Integer.toString(random.nextInt(100_000));
      case 4 -> "-1.5e+3";
      case 5, 6 -> string();
      case 7 -> "[" + value(depth + 1) + "," + value(depth + 1) + "]";
      case 8 -> "[ ]";
      default -> object(depth);
    };
  }

  private String string() {
    var pieces =
        List.of(
            "x",
            "claude",
            "\\\"",
            "\\\\",
            "\\n",
            "\\u00e9",
            "é",
            "漢",
            "{",
            "}",
            "]",
            ":",
            ",",
            "\\\"model\\\":\\\"evil\\\"",
            "        ",
            "\\ud83d\\ude00");
    var out = new StringBuilder("\"");
    for (int i = random.nextInt(12); i > 0; i--) {
      out.append(pieces.get(random.nextInt(pieces.size())));
    }
    return out.append('"').toString();
  }

  private String blanks() {
    return List.of("", "", "", " ", "\n", "\t\r\n ").get(random.nextInt(6));
  }

  /** The same questions, asked of Jackson. */
  private static final class Reference {
    boolean hasModel;
    @Nullable String model;
    boolean stream;
    @Nullable Long maxTokens;
    boolean asks;

    static Reference of(byte[] bytes) throws JacksonException {
      var found = new Reference();
      try (var json = JSON.createParser(ObjectReadContext.empty(), bytes)) {
        json.nextToken();
        while (json.nextToken() == JsonToken.PROPERTY_NAME) {
          var name = json.currentName();
          var value = json.nextToken();
          switch (name) {
            case "model" -> {
              found.hasModel = true;
              found.model = value == JsonToken.VALUE_STRING ? json.getString() : null;
            }
            case "stream" -> found.stream = value == JsonToken.VALUE_TRUE;
            case "max_tokens" ->
                found.maxTokens = value == JsonToken.VALUE_NUMBER_INT ? json.getLongValue() : null;
            case "stream_options" -> {
              found.asks = false;
              while (value == JsonToken.START_OBJECT
                  && json.nextToken() == JsonToken.PROPERTY_NAME) {
                var option = json.currentName();
                boolean yes = json.nextToken() == JsonToken.VALUE_TRUE;
                found.asks = option.equals("include_usage") ? yes : found.asks;
                json.skipChildren();
              }
            }
            default -> {}
          }
          json.skipChildren();
        }
        assertThat(json.nextToken()).isNull();
      }
      return found;
    }
  }
}
