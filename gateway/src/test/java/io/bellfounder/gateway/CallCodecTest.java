package io.bellfounder.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bellfounder.gateway.CallFields.Field;
import io.bellfounder.testing.Seeds;
import io.bellfounder.wire.Dialect;
import io.bellfounder.wire.Usage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class CallCodecTest {

  @Test
  void gives_back_what_was_written() throws Exception {
    var opened = SpoolCalls.opened(42);
    var settled = SpoolCalls.settled(opened);

    assertThat(readOpened(written(CallCodec.encode(opened)))).isEqualTo(opened);
    assertThat(readSettled(written(CallCodec.encode(settled)))).isEqualTo(settled);
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

    assertThat(readOpened(written(CallCodec.encode(opened)))).isEqualTo(opened);
    assertThat(readSettled(written(CallCodec.encode(settled)))).isEqualTo(settled);
  }

  @Test
  void version_1_can_be_read_for_ever() throws Exception {
    assertThat(readSettled(golden())).isEqualTo(SpoolCalls.settled(SpoolCalls.opened(42)));
    assertThat(written(CallCodec.encode(SpoolCalls.settled(SpoolCalls.opened(42)))))
        .isEqualTo(golden());
  }

  @Test
  void passes_over_fields_of_a_later_version() throws Exception {
    var later = new RecordWriter(SpoolFrame.HEAD_BYTES);
    later.number(CallFields.VERSION, 2);
    later.number(new Field(CallFields.LIMIT - 1, "new"), -1L);
    later.text(new Field(CallFields.LIMIT, "beyond what is known"), "new");
    later.nested(
        new Field(5_000, "far beyond"),
        "new",
        (out, text) -> out.text(new Field(1, "inside"), text));
    // A field of 8 bytes and one of 4, which the codec itself never writes, at number 32.
    var fixed64 = new byte[] {(byte) 0x81, 2, 1, 2, 3, 4, 5, 6, 7, 8};
    var fixed32 = new byte[] {(byte) 0x85, 2, 1, 2, 3, 4};

    assertThat(readSettled(together(golden(), written(later), fixed64, fixed32)))
        .isEqualTo(SpoolCalls.settled(SpoolCalls.opened(42)));
  }

  @Test
  void says_which_field_is_missing_and_quotes_no_value() {
    var opened = new RecordWriter(SpoolFrame.HEAD_BYTES);
    opened.text(CallFields.Opened.NODE, "secret-secret");
    opened.text(CallFields.Opened.ID, "secret-secret");

    assertThatThrownBy(() -> readOpened(written(opened)))
        .isInstanceOf(CallCodecReader.UnreadableCall.class)
        .hasMessageContaining("id")
        .hasMessageNotContaining("secret-secret");
    assertThatThrownBy(() -> readSettled(written(new RecordWriter(SpoolFrame.HEAD_BYTES))))
        .isInstanceOf(CallCodecReader.UnreadableCall.class)
        .hasMessageContaining("opened");
  }

  @Test
  void texts_of_any_characters_and_numbers_of_any_size_come_back() throws Exception {
    for (var text :
        List.of("", "a", "\u007F\u0080", "Grüße", "鐘", "\uD83D\uDD14 rings", "x".repeat(5_000))) {
      var settled = SpoolCalls.settled(SpoolCalls.opened(1), text);
      assertThat(readSettled(written(CallCodec.encode(settled))).rawUsage()).isEqualTo(text);
    }
    var field = new Field(1, "number");
    for (long number : new long[] {0, 1, 127, 128, -1, Long.MAX_VALUE, Long.MIN_VALUE}) {
      var out = new RecordWriter(SpoolFrame.HEAD_BYTES);
      out.number(field, number);
      assertThat(new RecordReader(out.bytes(), SpoolFrame.HEAD_BYTES, out.length()).number(field))
          .isEqualTo(number);
    }
  }

  @Test
  void a_record_that_no_frame_takes_says_so() {
    assertThat(
            CallCodec.encode(SpoolCalls.settled(SpoolCalls.opened(1), "x".repeat(17_000)))
                .tooLarge())
        .isTrue();
    assertThat(
            CallCodec.encode(SpoolCalls.settled(SpoolCalls.opened(1), "x".repeat(1_000)))
                .tooLarge())
        .isFalse();
  }

  @Test
  void reads_or_refuses_damaged_bytes_and_never_breaks() throws IOException {
    var random = Seeds.random("reads_or_refuses_damaged_bytes_and_never_breaks");
    for (int i = 0; i < 20_000; i++) {
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

    assertThat(readSettled(written(CallCodec.encode(settled))).rawUsage()).isEqualTo("cut ?");
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

  private static byte[] written(RecordWriter record) {
    return Arrays.copyOfRange(record.bytes(), SpoolFrame.HEAD_BYTES, record.length());
  }

  private static byte[] together(byte[]... parts) {
    var all = new ByteArrayOutputStream();
    for (var part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }

  private static byte[] golden() throws IOException {
    try (var in = CallCodecTest.class.getResourceAsStream("settled-call-v1.bin")) {
      return Objects.requireNonNull(in).readAllBytes();
    }
  }
}
