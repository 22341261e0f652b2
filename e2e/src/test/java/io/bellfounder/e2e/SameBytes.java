package io.bellfounder.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * What "byte for byte" means, once for all tests: the same exchanges with and without the gateway,
 * and the provider's answer at the client as the provider sent it. Only what the gateway is allowed
 * to change is set aside, by name.
 */
final class SameBytes {

  /**
   * Host, credentials, hop-by-hop headers (RFC 9110, 7.6.1), and the encodings, which may only get
   * fewer.
   */
  private static final List<String> ASIDE =
      List.of(
          "host",
          "authorization",
          "x-api-key",
          "accept-encoding",
          "connection",
          "keep-alive",
          "te",
          "trailer",
          "transfer-encoding",
          "upgrade");

  /** What the gateway adds to an answer, and the framing it chooses itself. */
  private static final List<String> ADDED =
      List.of(
          "x-request-id", "x-bellfounder-call-id", "connection", "keep-alive", "transfer-encoding");

  /** The one field that is ever added to a request: it makes OpenAI streams report their usage. */
  private static final Pattern ASKS_FOR_USAGE =
      Pattern.compile(",?\"stream_options\":\\{\"include_usage\":true\\},?");

  private SameBytes() {}

  /** Compares request by request, in order. */
  static void requests(List<Exchange> direct, List<Exchange> through) {
    assertThat(through).hasSameSizeAs(direct);
    for (int i = 0; i < direct.size(); i++) {
      request(direct.get(i), through.get(i));
    }
  }

  static void request(Exchange direct, Exchange through) {
    assertThat(through.method()).isEqualTo(direct.method());
    assertThat(through.target()).isEqualTo(direct.target());
    TreeMap<String, List<String>> sent = Exchange.without(direct.requestHeaders(), ASIDE);
    TreeMap<String, List<String>> arrived = Exchange.without(through.requestHeaders(), ASIDE);
    if (!Arrays.equals(direct.requestBody(), through.requestBody()) && streamsChat(direct)) {
      assertThat(through.requestText())
          .as("only stream_options is added")
          .satisfies(text ->
              assertThat(withoutUsageWish(text)).isEqualTo(withoutUsageWish(direct.requestText())));
      sent.remove("content-length");
      arrived.remove("content-length");
    } else {
      assertThat(through.requestBody()).isEqualTo(direct.requestBody());
    }
    assertThat(arrived).isEqualTo(sent);
    assertThat(encodings(direct)).containsAll(encodings(through));
  }

  /** The provider's answer came to the client untouched. */
  static void answer(Exchange fromProvider, Exchange toClient) {
    assertThat(toClient.status()).isEqualTo(fromProvider.status());
    assertThat(toClient.complete()).isEqualTo(fromProvider.complete());
    TreeMap<String, List<String>> sent = Exchange.without(fromProvider.responseHeaders(), ADDED);
    TreeMap<String, List<String>> arrived = Exchange.without(toClient.responseHeaders(), ADDED);
    if (fromProvider.streamed() && !asksForUsage(toClient) && streamsChat(toClient)) {
      assertThat(toClient.responseText()).isEqualTo(withoutUsageChunk(fromProvider.responseText()));
      sent.remove("content-length");
      arrived.remove("content-length");
    } else {
      assertThat(toClient.responseBody()).isEqualTo(fromProvider.responseBody());
    }
    assertThat(arrived).isEqualTo(sent);
  }

  private static boolean streamsChat(Exchange exchange) {
    return exchange.path().endsWith("/chat/completions")
        && Json.read(exchange.requestBody()).path("stream").asBoolean();
  }

  private static boolean asksForUsage(Exchange exchange) {
    return ASKS_FOR_USAGE.matcher(exchange.requestText()).find();
  }

  private static String withoutUsageWish(String body) {
    // A comma before or behind goes with the field; where it stood between two others, one must
    // stay.
    return ASKS_FOR_USAGE
        .matcher(body)
        .replaceFirst(m -> m.group().startsWith(",") && m.group().endsWith(",") ? "," : "");
  }

  private static String withoutUsageChunk(String stream) {
    return Arrays.stream(stream.split("(?<=\n\n)"))
        .filter(event -> !event.contains("\"choices\":[]"))
        .reduce("", String::concat);
  }

  private static List<String> encodings(Exchange exchange) {
    return exchange
        .requestHeader("accept-encoding")
        .map(value ->
            Arrays.stream(value.split(","))
                .map(String::strip)
                .filter(e -> !e.equals("identity"))
                .toList())
        .orElse(List.of());
  }

  static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
