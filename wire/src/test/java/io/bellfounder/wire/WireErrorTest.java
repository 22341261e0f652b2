package io.bellfounder.wire;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class WireErrorTest {

  @Test
  void speaks_anthropics_shape() {
    var error = WireError.Kind.BILLING.saying("The budget of team \"a\" is used up.");

    assertThat(error.body(Dialect.ANTHROPIC, "req-1"))
        .asString(UTF_8)
        .isEqualTo(
            "{\"type\":\"error\",\"error\":{\"type\":\"billing_error\",\"message\":\"The budget of team \\\"a\\\" is used up.\"},\"request_id\":\"req-1\"}");
    assertThat(error.event(Dialect.ANTHROPIC, "r"))
        .asString(UTF_8)
        .startsWith("event: error\ndata: {\"type\":\"error\"")
        .endsWith("}\n\n");
  }

  @Test
  void speaks_openais_shape() {
    var error = WireError.Kind.AUTHENTICATION.saying("No such key.");

    assertThat(error.body(Dialect.OPENAI, "r"))
        .asString(UTF_8)
        .isEqualTo(
            "{\"error\":{\"message\":\"No such key.\",\"type\":\"invalid_request_error\",\"param\":null,\"code\":\"invalid_api_key\"}}");
    assertThat(error.event(Dialect.OPENAI, "r")).asString(UTF_8).startsWith("data: {\"error\"");
  }

  @ParameterizedTest
  @EnumSource(WireError.Kind.class)
  void reads_back_what_it_writes(WireError.Kind kind) {
    var error = kind.saying("why \\ \"not\" \t é");
    var body = error.body(Dialect.ANTHROPIC, "r");

    assertThat(WireError.read(body, 0, body.length)).isEqualTo(error);
    assertThat(kind.status()).isBetween(400, 599);
  }

  @Test
  void its_own_events_are_read_as_what_they_are() {
    for (var dialect : Dialect.values()) {
      var endpoint = dialect == Dialect.ANTHROPIC ? Endpoint.MESSAGES : Endpoint.CHAT_COMPLETIONS;
      var meter = new SseMeter(endpoint, false);
      var ping = WireError.ping(dialect);
      meter.read(ping, 0, ping.length);
      assertThat(meter.beginning()).isEqualTo(SseMeter.Beginning.NOTHING);
      assertThat(meter.atBoundary()).isTrue();
      var error = WireError.Kind.API.saying("broken").event(dialect, "r");
      meter.read(error, 0, error.length);
      assertThat(meter.beginning()).isEqualTo(SseMeter.Beginning.ERROR);
    }
  }

  @Test
  void a_message_is_one_bounded_line() {
    var error = new WireError("t", "a\nb\u0000" + "x".repeat(10_000));

    assertThat(error.message()).startsWith("a b x").hasSizeLessThan(502);
  }
}
