package io.bellfounder.wire;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Frames and meters a stream of server-sent events in one pass. It knows where events end, so that
 * a relay may put a ping or an error between two of them; it reads usage, end and errors out of
 * them; and it can keep back the usage chunk that an OpenAI client did not ask for. Lines may end
 * in LF, CRLF or CR, data may have several lines, and chunks may be cut anywhere.
 *
 * <p>An event is kept up to 256 KiB; of a longer one only the length is known. While the usage
 * chunk is to be dropped, bytes of an event that is not whole yet are held back, at most 64 KiB.
 */
public final class SseMeter extends AnswerMeter {
  static final int EVENT_BYTES_MAX = 256 << 10;
  static final int HELD_BYTES_MAX = 64 << 10;

  /** What the stream began with. */
  public enum Beginning {
    /** Nothing yet, or only pings and comments. */
    NOTHING,
    /** An event that means something to a client: from here on no other target may take over. */
    EVENT,
    /** An error before anything else. */
    ERROR
  }

  /** Where bytes go on to. */
  @FunctionalInterface
  public interface Sink {
    /** The range is only valid during the call. */
    void pass(byte[] bytes, int offset, int length);
  }

  private static final Sink NOWHERE = (bytes, offset, length) -> {};
  private static final byte[] NONE = {};

  private final boolean dropsUsageChunk;
  private final JsonCursor cursor = new JsonCursor();
  private final TextWalk walk;

  private Beginning beginning = Beginning.NOTHING;

  // The line under way: its part from earlier chunks.
  private byte[] line = NONE;
  private int lineLength;
  private boolean lineTooLong;
  private boolean skipLineFeed;

  // The event under way.
  private boolean midEvent;
  private byte[] data = NONE;
  private int dataFrom;
  private int dataTo;
  private boolean dataSeen;
  private boolean dataOwned;
  private byte[] dataBuffer = NONE;
  private boolean tooLong;
  private long eventBytes;
  private boolean bareJson;
  private boolean namedPing;
  private boolean namedError;

  // Bytes of the event under way that were not passed on yet.
  private byte[] held = NONE;
  private int heldLength;
  private boolean letGo;

  /**
   * @param dropsUsageChunk true for an OpenAI client that did not ask for usage: the chunk with an
   *     empty {@code choices} and a usage is then not passed on
   */
  public SseMeter(Endpoint endpoint, boolean dropsUsageChunk) {
    super(endpoint);
    this.dropsUsageChunk = dropsUsageChunk && endpoint == Endpoint.CHAT_COMPLETIONS;
    this.walk = new TextWalk(endpoint.dialect());
  }

  @Override
  public void read(byte[] bytes, int offset, int length) {
    pass(bytes, offset, length, NOWHERE);
  }

  /**
   * Reads the next bytes and passes on what may go to the client: all of them, in one range of the
   * same array, unless a usage chunk is to be dropped.
   */
  public void pass(byte[] bytes, int offset, int length, Sink sink) {
    int end = offset + length;
    int passFrom = offset;
    int eventFrom = offset;
    int at = offset;
    while (at < end) {
      if (skipLineFeed) {
        skipLineFeed = false;
        if (bytes[at] == '\n') {
          at++;
          eventFrom = midEvent ? eventFrom : at;
          continue;
        }
      }
      midEvent = true;
      int stop = lineEnd(bytes, at, end);
      if (stop == end) {
        keepLine(bytes, at, end);
        at = end;
        break;
      }
      boolean blank = lineLength == 0 && !lineTooLong && stop == at;
      if (!blank) {
        takeLine(bytes, at, stop);
      }
      at = stop + 1;
      skipLineFeed = bytes[stop] == '\r';
      if (skipLineFeed && at < end) {
        skipLineFeed = false;
        at += bytes[at] == '\n' ? 1 : 0;
      }
      if (blank) {
        boolean usageOnly = dispatch();
        if (dropsUsageChunk) {
          if (usageOnly && !letGo) {
            give(sink, bytes, passFrom, eventFrom);
            passFrom = at;
          } else if (heldLength > 0) {
            sink.pass(held, 0, heldLength);
          }
          heldLength = 0;
          letGo = false;
        }
        eventFrom = at;
      }
    }
    keepData();
    if (dropsUsageChunk && midEvent && !letGo) {
      give(sink, bytes, passFrom, eventFrom);
      hold(bytes, eventFrom, end, sink);
    } else {
      give(sink, bytes, passFrom, end);
    }
    if (tooLong && beginning == Beginning.NOTHING) {
      beginning = Beginning.EVENT;
    }
  }

  /** No more bytes come: an event without its blank line is read, and held bytes are passed on. */
  public void rest(Sink sink) {
    if (lineLength > 0 && !lineTooLong) {
      var last = line;
      int length = lineLength;
      lineLength = 0;
      takeLine(last, 0, length);
    }
    if (dataSeen) {
      dispatch();
    }
    if (heldLength > 0) {
      sink.pass(held, 0, heldLength);
      heldLength = 0;
    }
  }

  @Override
  public void end() {
    rest(NOWHERE);
  }

  /** True if all bytes passed on so far are whole events, so that another may be put in here. */
  public boolean atBoundary() {
    return !midEvent;
  }

  public Beginning beginning() {
    return beginning;
  }

  @Override
  boolean whole() {
    return (finished || terminated) && error == null;
  }

  private static void give(Sink sink, byte[] bytes, int from, int to) {
    if (to > from) {
      sink.pass(bytes, from, to - from);
    }
  }

  private void hold(byte[] bytes, int from, int to, Sink sink) {
    int more = to - from;
    if (heldLength + more > HELD_BYTES_MAX) {
      // No usage chunk is this long.
      give(sink, held, 0, heldLength);
      give(sink, bytes, from, to);
      heldLength = 0;
      letGo = true;
      return;
    }
    held = grown(held, heldLength + more);
    System.arraycopy(bytes, from, held, heldLength, more);
    heldLength += more;
  }

  private static byte[] grown(byte[] buffer, int length) {
    return length <= buffer.length
        ? buffer
        : Arrays.copyOf(buffer, Math.max(length, Math.max(512, 2 * buffer.length)));
  }

  private static int lineEnd(byte[] bytes, int from, int end) {
    int at = from;
    while (at < end && bytes[at] != '\n' && bytes[at] != '\r') {
      at++;
    }
    return at;
  }

  // ---- lines

  private void keepLine(byte[] bytes, int from, int to) {
    int more = to - from;
    eventBytes += more;
    if (lineTooLong || lineLength + more > EVENT_BYTES_MAX) {
      lineTooLong = true;
      tooLong = true;
      lineLength = 0;
      return;
    }
    line = grown(line, lineLength + more);
    System.arraycopy(bytes, from, line, lineLength, more);
    lineLength += more;
  }

  private void takeLine(byte[] bytes, int from, int to) {
    if (lineLength == 0 && !lineTooLong && to - from <= EVENT_BYTES_MAX) {
      eventBytes += to - from;
      field(bytes, from, to, false);
      return;
    }
    keepLine(bytes, from, to);
    int length = lineLength;
    boolean lost = lineTooLong;
    lineLength = 0;
    lineTooLong = false;
    if (!lost) {
      field(line, 0, length, true);
    }
  }

  private void field(byte[] bytes, int from, int to, boolean reused) {
    if (bareJson) {
      data(bytes, from, to, reused);
    } else if (startsWith(bytes, from, to, "data:")) {
      int value = from + 5;
      data(bytes, value < to && bytes[value] == ' ' ? value + 1 : value, to, reused);
    } else if (startsWith(bytes, from, to, "event:")) {
      var name = JsonCursor.text(bytes, from + 6, Math.min(to, from + 64)).strip();
      namedPing = name.equals("ping");
      namedError = name.equals("error");
    } else if (bytes[from] == '{' && !dataSeen) {
      // Not SSE at all, but some providers write an error like this after the last event.
      bareJson = true;
      data(bytes, from, to, reused);
    }
  }

  private static boolean startsWith(byte[] bytes, int from, int to, String prefix) {
    if (to - from < prefix.length()) {
      return false;
    }
    for (int i = 0; i < prefix.length(); i++) {
      if (bytes[from + i] != prefix.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  /** A first line is read where it lies; further ones are put behind it. */
  private void data(byte[] bytes, int from, int to, boolean reused) {
    if (tooLong) {
      return;
    }
    if (!dataSeen) {
      dataSeen = true;
      data = bytes;
      dataFrom = from;
      dataTo = to;
      dataOwned = false;
      if (reused) {
        keepData();
      }
      return;
    }
    keepData();
    int length = dataTo + 1 + to - from;
    if (length > EVENT_BYTES_MAX) {
      tooLong = true;
      return;
    }
    dataBuffer = grown(dataBuffer, length);
    dataBuffer[dataTo] = '\n';
    System.arraycopy(bytes, from, dataBuffer, dataTo + 1, to - from);
    data = dataBuffer;
    dataTo = length;
  }

  /** The array that the data lies in is about to change hands. */
  private void keepData() {
    if (!dataSeen || dataOwned) {
      return;
    }
    int length = dataTo - dataFrom;
    dataBuffer = grown(dataBuffer, length);
    System.arraycopy(data, dataFrom, dataBuffer, 0, length);
    data = dataBuffer;
    dataFrom = 0;
    dataTo = length;
    dataOwned = true;
  }

  // ---- events

  /** An event is whole. True if it is the usage chunk and nothing else. */
  private boolean dispatch() {
    boolean usageOnly = false;
    if (tooLong) {
      textBytes += eventBytes;
      begins(Beginning.EVENT);
    } else if (dataSeen) {
      usageOnly = event();
    }
    midEvent = false;
    dataSeen = false;
    dataOwned = false;
    data = NONE;
    tooLong = false;
    eventBytes = 0;
    bareJson = false;
    namedPing = false;
    namedError = false;
    return usageOnly;
  }

  private void begins(Beginning with) {
    if (beginning == Beginning.NOTHING) {
      beginning = with;
    }
  }

  private boolean event() {
    if (isDone()) {
      terminated = true;
      begins(Beginning.EVENT);
      return false;
    }
    cursor.over(data, dataFrom, dataTo);
    if (!cursor.enterObject()) {
      begins(Beginning.EVENT);
      return false;
    }
    return switch (endpoint.dialect()) {
      case ANTHROPIC -> anthropic();
      case OPENAI -> openAi();
    };
  }

  private boolean isDone() {
    int from = dataFrom;
    int to = dataTo;
    while (from < to && JsonCursor.isBlank(data[to - 1])) {
      to--;
    }
    return to - from == 6 && startsWith(data, from, to, "[DONE]");
  }

  private boolean anthropic() {
    boolean ping = namedPing;
    boolean failed = namedError;
    WireError read = null;
    while (cursor.next()) {
      if (cursor.named("type")) {
        if (is("\"ping\"")) {
          ping = true;
        } else if (is("\"error\"")) {
          failed = true;
        } else if (is("\"message_stop\"")) {
          terminated = true;
        }
      } else if (cursor.named("delta")) {
        walk.over(data, cursor.valueStart(), cursor.valueEnd());
        textBytes += walk.textBytes();
        finished |= walk.finished();
      } else if (cursor.named("usage") && cursor.valueIs('{')) {
        usage(data, cursor.valueStart(), cursor.valueEnd());
      } else if (cursor.named("message") && cursor.valueIs('{')) {
        start(cursor.valueStart(), cursor.valueEnd());
      } else if (cursor.named("error")) {
        read = WireError.ofMember(data, cursor.valueStart(), cursor.valueEnd());
      }
    }
    return ended(ping, failed, read);
  }

  private void start(int from, int to) {
    var message = new JsonCursor().over(data, from, to);
    if (!message.enterObject()) {
      return;
    }
    while (message.next()) {
      if (message.named("usage") && message.valueIs('{')) {
        tally.add(data, message.valueStart(), message.valueEnd());
        rawStartUsage = raw(data, message.valueStart(), message.valueEnd(), rawStartUsage);
      } else if (message.named("model")) {
        model = message.string(MODEL_BYTES_MAX);
      }
    }
  }

  private boolean openAi() {
    boolean noChoices = false;
    boolean usage = false;
    WireError read = null;
    while (cursor.next()) {
      if (cursor.named("choices")) {
        noChoices = isEmptyArray(cursor.valueStart(), cursor.valueEnd());
        walk.over(data, cursor.valueStart(), cursor.valueEnd());
        textBytes += walk.textBytes();
        finished |= walk.finished();
      } else if (cursor.named("usage") && cursor.valueIs('{')) {
        usage = true;
        usage(data, cursor.valueStart(), cursor.valueEnd());
      } else if (cursor.named("model")) {
        var named = cursor.string(MODEL_BYTES_MAX);
        model = named == null ? model : named;
      } else if (cursor.named("error")) {
        read = WireError.ofMember(data, cursor.valueStart(), cursor.valueEnd());
      }
    }
    ended(namedPing, namedError, read);
    return noChoices && usage && read == null;
  }

  private boolean ended(boolean ping, boolean failed, @Nullable WireError read) {
    if (failed || read != null) {
      if (error == null) {
        error = read != null ? read : new WireError("error", "");
      }
      begins(Beginning.ERROR);
    } else if (!ping) {
      begins(Beginning.EVENT);
    }
    return false;
  }

  private boolean is(String quoted) {
    int from = cursor.valueStart();
    return cursor.valueEnd() - from == quoted.length()
        && startsWith(data, from, cursor.valueEnd(), quoted);
  }

  private boolean isEmptyArray(int from, int to) {
    if (data[from] != '[') {
      return false;
    }
    for (int i = from + 1; i < to - 1; i++) {
      if (!JsonCursor.isBlank(data[i])) {
        return false;
      }
    }
    return true;
  }
}
