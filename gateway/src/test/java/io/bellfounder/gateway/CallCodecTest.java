package io.bellfounder.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bellfounder.testing.Seeds;
import io.bellfounder.wire.Dialect;
import io.bellfounder.wire.Usage;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class CallCodecTest {

  @Test
  void gives_back_what_was_written() throws Exception {
    var opened = SpoolCalls.opened(42);
    var settled = SpoolCalls.settled(opened);

    assertThat(readOpened(CallCodec.encode(opened))).isEqualTo(opened);
    assertThat(readSettled(CallCodec.encode(settled))).isEqualTo(settled);
  }

  @Test
  // NullAway reads a nullable nested type as non-null out of a class file.
  @SuppressWarnings("NullAway")
  void missing_stays_missing_and_zero_stays_zero() throws Exception {
    var opened = bare();
    var usage = new Usage(null, null, null, 0L, null);
    var settled =
        new SettledCall(
            opened,
            SettledCall.Outcome.ABORTED,
            null,
            null,
            null,
            null,
            List.of(),
            usage,
            true,
            null,
            null,
            0,
            SpoolCalls.START,
            null,
            0,
            0);

    assertThat(readOpened(CallCodec.encode(opened))).isEqualTo(opened);
    assertThat(readSettled(CallCodec.encode(settled))).isEqualTo(settled);
  }

  @Test
  void version_1_can_be_read_for_ever() throws Exception {
    assertThat(readSettled(golden())).isEqualTo(SpoolCalls.settled(SpoolCalls.opened(42)));
    assertThat(new String(CallCodec.encode(SpoolCalls.settled(SpoolCalls.opened(42))), UTF_8))
        .isEqualTo(new String(golden(), UTF_8).strip());
  }

  @Test
  void passes_over_fields_of_a_later_version() throws Exception {
    var later =
        new String(golden(), UTF_8)
            .replace(
                "{\"v\":1,",
                "{\"v\":2,\"new\":{\"a\":[1,{\"b\":null}],\"c\":1.5},\"list\":[[1],2],");

    assertThat(readSettled(later.getBytes(UTF_8)))
        .isEqualTo(SpoolCalls.settled(SpoolCalls.opened(42)));
  }

  @Test
  void says_which_field_is_missing_and_quotes_no_value() {
    assertThatThrownBy(() -> readOpened("{\"v\":1,\"id\":\"secret-secret\"}".getBytes(UTF_8)))
        .isInstanceOf(CallCodecReader.UnreadableCall.class)
        .hasMessageNotContaining("secret-secret");
    assertThatThrownBy(() -> readSettled("{\"v\":1}".getBytes(UTF_8)))
        .isInstanceOf(CallCodecReader.UnreadableCall.class)
        .hasMessageContaining("opened");
  }

  @Test
  void reads_or_refuses_damaged_bytes_and_never_breaks() throws IOException {
    var random = Seeds.random("reads_or_refuses_damaged_bytes_and_never_breaks");
    for (int i = 0; i < 2_000; i++) {
      var bytes = golden();
      for (int flips = random.nextInt(4); flips >= 0; flips--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
      }
      try {
        assertThat(readSettled(bytes)).isNotNull();
      } catch (CallCodecReader.UnreadableCall e) {
        assertThat(e).hasMessageNotContaining("claude");
      }
    }
  }

  @Test
  void half_a_character_is_replaced_rather_than_lost_with_its_record() throws Exception {
    var settled = SpoolCalls.settled(SpoolCalls.opened(1), "cut \uD83D");

    assertThat(readSettled(CallCodec.encode(settled)).rawUsage()).isEqualTo("cut \uFFFD");
  }

  // NullAway reads a nullable nested type as non-null out of a class file.
  @SuppressWarnings("NullAway")
  private static OpenedCall bare() {
    return new OpenedCall(
        SpoolCalls.id(1),
        "n",
        new GatewayKey(SpoolCalls.id(1), "k", SpoolCalls.id(2), null, null),
        Dialect.OPENAI,
        "chat.completions",
        "",
        null,
        null,
        null,
        false,
        SpoolCalls.START,
        0,
        0,
        null,
        null,
        null,
        null,
        null,
        null,
        null);
  }

  private static OpenedCall readOpened(byte[] bytes) throws CallCodecReader.UnreadableCall {
    return CallCodecReader.opened(bytes, 0, bytes.length);
  }

  private static SettledCall readSettled(byte[] bytes) throws CallCodecReader.UnreadableCall {
    return CallCodecReader.settled(bytes, 0, bytes.length);
  }

  private static byte[] golden() throws IOException {
    try (var in = CallCodecTest.class.getResourceAsStream("settled-call-v1.json")) {
      return java.util.Objects.requireNonNull(in).readAllBytes();
    }
  }
}
