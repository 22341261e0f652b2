package io.bellfounder.gateway;

import io.bellfounder.gateway.CallFields.Key;
import io.bellfounder.gateway.CallFields.Opened;
import io.bellfounder.gateway.CallFields.Priced;
import io.bellfounder.gateway.CallFields.Settled;
import io.bellfounder.gateway.CallFields.Tokens;
import io.bellfounder.gateway.CallFields.Tried;
import io.bellfounder.gateway.PriceBook.Price;
import io.bellfounder.wire.Dialect;
import io.bellfounder.wire.Usage;
import java.time.DateTimeException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Reads what {@link CallCodec} wrote, in this version or a later one. */
final class CallCodecReader {

  /** The bytes are no record of a call. The message names the field, never its value. */
  static final class UnreadableCall extends Exception {
    UnreadableCall(String message, Throwable cause) {
      super(message, cause);
    }
  }

  private CallCodecReader() {}

  static OpenedCall opened(byte[] bytes, int from, int to) throws UnreadableCall {
    return guarded(bytes, from, to, CallCodecReader::opened);
  }

  static SettledCall settled(byte[] bytes, int from, int to) throws UnreadableCall {
    return guarded(bytes, from, to, CallCodecReader::settled);
  }

  private static <T> T guarded(byte[] bytes, int from, int to, Function<RecordReader, T> reading)
      throws UnreadableCall {
    try {
      return reading.apply(new RecordReader(bytes, from, to));
    } catch (IllegalArgumentException e) {
      throw new UnreadableCall(String.valueOf(e.getMessage()), e);
    } catch (DateTimeException | ArithmeticException e) {
      throw new UnreadableCall("a point in time is out of range", e);
    }
  }

  private static OpenedCall opened(RecordReader in) {
    return new OpenedCall(
        in.id(Opened.ID),
        in.text(Opened.NODE),
        key(in.nested(Opened.KEY)),
        in.word(Opened.DIALECT, Dialect.class),
        in.text(Opened.OPERATION),
        in.text(Opened.REQUESTED_MODEL),
        in.textOrNull(Opened.ROUTE),
        in.textOrNull(Opened.PROVIDER),
        in.textOrNull(Opened.TARGET_MODEL),
        in.flag(Opened.STREAMING),
        in.instant(Opened.OPENED_AT),
        in.number(Opened.REQUEST_BYTES),
        in.number(Opened.ESTIMATED_INPUT_TOKENS),
        in.numberOrNull(Opened.MAX_OUTPUT_TOKENS),
        price(in.nestedOrNull(Opened.PRICE)),
        in.textOrNull(Opened.SESSION_ID),
        in.textOrNull(Opened.AGENT_ID),
        in.textOrNull(Opened.PARENT_AGENT_ID),
        in.textOrNull(Opened.USER_AGENT),
        in.textOrNull(Opened.CLIENT_REQUEST_ID));
  }

  private static SettledCall settled(RecordReader in) {
    return new SettledCall(
        opened(in.nested(Settled.OPENED)),
        in.word(Settled.OUTCOME, SettledCall.Outcome.class),
        in.intOrNull(Settled.STATUS),
        in.textOrNull(Settled.ERROR_TYPE),
        in.textOrNull(Settled.PROVIDER),
        in.textOrNull(Settled.TARGET_MODEL),
        in.all(Settled.ATTEMPT).stream().map(CallCodecReader::attempt).toList(),
        usage(in.nested(Settled.USAGE)),
        in.flag(Settled.ESTIMATED),
        in.textOrNull(Settled.RAW_USAGE),
        price(in.nestedOrNull(Settled.PRICE)),
        in.number(Settled.COST_PICO),
        in.instant(Settled.SETTLED_AT),
        in.numberOrNull(Settled.TTFB_MILLIS),
        in.number(Settled.DURATION_MILLIS),
        in.number(Settled.RESPONSE_BYTES));
  }

  private static GatewayKey key(RecordReader in) {
    return new GatewayKey(
        in.id(Key.ID),
        in.text(Key.NAME),
        in.id(Key.ORGANISATION_ID),
        in.idOrNull(Key.MEMBER_ID),
        in.instantOrNull(Key.EXPIRES_AT));
  }

  private static Attempt attempt(RecordReader in) {
    return new Attempt(
        in.toInt(Tried.ORDINAL),
        in.text(Tried.PROVIDER),
        in.text(Tried.MODEL),
        in.instant(Tried.STARTED_AT),
        in.word(Tried.OUTCOME, Attempt.Outcome.class),
        in.intOrNull(Tried.STATUS),
        in.textOrNull(Tried.PROVIDER_REQUEST_ID),
        in.numberOrNull(Tried.TTFB_MILLIS),
        in.number(Tried.DURATION_MILLIS),
        in.textOrNull(Tried.DETAIL));
  }

  private static Usage usage(RecordReader in) {
    return new Usage(
        in.numberOrNull(Tokens.INPUT),
        in.numberOrNull(Tokens.CACHE_WRITE_5M),
        in.numberOrNull(Tokens.CACHE_WRITE_1H),
        in.numberOrNull(Tokens.CACHE_READ),
        in.numberOrNull(Tokens.OUTPUT));
  }

  private static @Nullable Price price(@Nullable RecordReader in) {
    return in == null
        ? null
        : new Price(
            in.text(Priced.VERSION),
            in.flag(Priced.KNOWN),
            in.number(Priced.INPUT_PICO),
            in.number(Priced.CACHE_WRITE_5M_PICO),
            in.number(Priced.CACHE_WRITE_1H_PICO),
            in.number(Priced.CACHE_READ_PICO),
            in.number(Priced.OUTPUT_PICO));
  }
}
