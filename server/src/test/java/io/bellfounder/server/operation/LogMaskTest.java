package io.bellfounder.server.operation;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class LogMaskTest {
  @Test
  void keys_do_not_pass_wherever_they_stand() {
    assertThat(LogMask.mask("GET /ak/bell_abc/v1/messages")).isEqualTo("GET /ak/***/v1/messages");
    assertThat(LogMask.mask("key bell_0123456789abcdefghij!")).isEqualTo("key bell_***!");
    assertThat(LogMask.mask("x sk-ant-api03-abcdefgh y")).isEqualTo("x sk-*** y");
    assertThat(LogMask.mask("Authorization: Bearer abc.def-123"))
        .isEqualTo("Authorization: Bearer ***");
    assertThat(LogMask.mask("postgres://u:p@h/d")).isEqualTo("postgres://u:***@h/d");
    assertThat(LogMask.mask("parse jdbc:postgresql://u:p/w@x@h/d, a@b"))
        .isEqualTo("parse jdbc:postgresql://u:***@h/d, a@b");
    assertThat(LogMask.mask("http://h/sign-in#token=abc")).isEqualTo("http://h/sign-in#token=***");
  }

  @Test
  void a_long_line_of_beginnings_is_masked_in_good_time() {
    String text = "://u:".repeat(20_000);

    assertThat(LogMask.mask(text)).isEqualTo(text);
  }

  @Test
  void other_text_passes_unchanged() {
    String text = "call 0199-abc settled: 42 tokens at http://127.0.0.1:8080/v1/messages";

    assertThat(LogMask.mask(text)).isEqualTo(text);
  }
}
