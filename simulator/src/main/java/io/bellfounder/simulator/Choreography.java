package io.bellfounder.simulator;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/** Turns what the model says into steps: faults first, then pace, then the cuts between chunks. */
final class Choreography {
  private Choreography() {}

  /** An empty list means that the stream goes out undisturbed. */
  static List<Plan.Step> steps(
      Dialect dialect,
      List<Frame> frames,
      boolean crlf,
      boolean gzip,
      Script.@Nullable Fault fault,
      Script.@Nullable Pace pace,
      Script.@Nullable Split split,
      String requestId) {
    List<Frame> told = faulty(dialect, frames, fault, requestId);
    if (crlf) {
      told = told.stream().map(Choreography::withCrlf).toList();
    }
    if (gzip) {
      told = zipped(told);
    }
    List<Plan.Step> steps = paced(dialect, told, fault, pace);
    if (fault instanceof Script.Fault.Cut cut && cut.afterBytes() != null) {
      steps = cutAfterBytes(steps, cut.afterBytes(), cut);
    }
    return split(
        steps, split == null ? new Script.Split(Script.Split.By.event, null, null, null) : split);
  }

  private static List<Frame> faulty(
      Dialect dialect, List<Frame> frames, Script.@Nullable Fault fault, String requestId) {
    return switch (fault) {
      case Script.Fault.ErrorEvent(Integer after, String type, String message) -> {
        int kept = Math.min(or(after, 0), frames.size());
        List<Frame> told = new ArrayList<>(frames.subList(0, kept));
        long produced = kept == 0 ? 0 : told.getLast().produced();
        String text = message == null ? "Overloaded" : message;
        told.add(
            dialect == Dialect.ANTHROPIC
                ? AnthropicWire.error(
                    type == null ? "overloaded_error" : type, text, requestId, produced)
                : OpenAiWire.error(type == null ? "server_error" : type, text, produced));
        yield told;
      }
      case Script.Fault.Malformed(Integer after, String bytes) -> {
        int kept = Math.min(or(after, 1), frames.size());
        List<Frame> told = new ArrayList<>(frames);
        String text =
            bytes != null
                ? bytes
                : dialect == Dialect.ANTHROPIC
                    ? "event: content_block_delta\ndata: {\"type\":\"content_block_del\n\n"
                    : "data: {\"id\":\"chatcmpl-\n\n";
        long produced = kept == 0 ? 0 : frames.get(kept - 1).produced();
        told.add(kept, new Frame(Frame.utf8(text), Frame.Kind.CONTENT, produced, null));
        yield told;
      }
      case Script.Fault.Cut(var before, Integer after, Integer bytes, var how, var midChunk) ->
          bytes != null ? frames : frames.subList(0, Math.min(or(after, 3), frames.size()));
      case Script.Fault.Status _, Script.Fault.Stall _, Script.Fault.SlowHeaders _ -> frames;
      case null -> frames;
    };
  }

  private static Frame withCrlf(Frame frame) {
    String text = new String(frame.bytes(), StandardCharsets.UTF_8);
    return frame.withBytes(Frame.utf8(text.replace("\n", "\r\n")));
  }

  /** One gzip stream, flushed at the end of each event. */
  static List<Frame> zipped(List<Frame> frames) {
    List<Frame> zipped = new ArrayList<>();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(bytes, 512, true)) {
      for (int i = 0; i < frames.size(); i++) {
        gzip.write(frames.get(i).bytes());
        if (i < frames.size() - 1) {
          gzip.flush();
        } else {
          gzip.finish();
        }
        zipped.add(frames.get(i).withBytes(bytes.toByteArray()));
        bytes.reset();
      }
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible); // it writes to memory
    }
    return zipped;
  }

  private static List<Plan.Step> paced(
      Dialect dialect,
      List<Frame> frames,
      Script.@Nullable Fault fault,
      Script.@Nullable Pace pace) {
    byte[] ping = dialect == Dialect.ANTHROPIC ? AnthropicWire.PING : OpenAiWire.COMMENT;
    long pingMillis = pace == null ? 0 : or(pace.pingEveryMillis(), 0L);
    Script.Fault.Stall stall =
        fault instanceof Script.Fault.Stall s && !Boolean.TRUE.equals(s.beforeHeaders()) ? s : null;
    List<Plan.Step> steps = new ArrayList<>();
    long produced = 0;
    double owedMillis = 0;
    for (int i = 0; i < frames.size(); i++) {
      Frame frame = frames.get(i);
      if (pace != null && i > 0) {
        owedMillis += or(pace.betweenEventsMillis(), 0L);
        if (pace.tokensPerSecond() != null) {
          owedMillis += (frame.produced() - produced) * 1000.0 / pace.tokensPerSecond();
        }
        if (owedMillis >= 1) {
          steps.add(new Plan.Step.Pause((long) owedMillis, ping, pingMillis));
          owedMillis -= (long) owedMillis;
        }
      }
      if (stall != null && or(stall.afterEvents(), 0) == i) {
        steps.add(new Plan.Step.Pause(stall.millis(), ping, pingMillis));
      }
      produced = frame.produced();
      steps.add(
          new Plan.Step.Send(
              frame.bytes(), produced, frame.reported(), frame.kind() == Frame.Kind.ERROR));
    }
    if (fault instanceof Script.Fault.Cut cut && cut.afterBytes() == null) {
      steps.add(
          broken(cut, dialect == Dialect.ANTHROPIC ? "event: content_blo" : "data: {\"id\":\"ch"));
    }
    return steps;
  }

  private static Plan.Step broken(Script.Fault.Cut cut, String halfText) {
    Script.How how = cut.how() == null ? Script.How.reset : cut.how();
    byte[] half = Boolean.TRUE.equals(cut.midChunk()) ? Frame.utf8(halfText) : new byte[0];
    return new Plan.Step.Break(how, half);
  }

  static List<Plan.Step> cutAfterBytes(List<Plan.Step> steps, int bytes, Script.Fault.Cut cut) {
    List<Plan.Step> kept = new ArrayList<>();
    int left = bytes;
    for (Plan.Step step : steps) {
      if (step instanceof Plan.Step.Send send) {
        if (send.bytes().length > left) {
          if (left > 0) {
            kept.add(
                new Plan.Step.Send(
                    Arrays.copyOf(send.bytes(), left), send.produced(), null, false));
          }
          break;
        }
        left -= send.bytes().length;
      }
      kept.add(step);
    }
    kept.add(broken(cut, "{\"half"));
    return kept;
  }

  private static List<Plan.Step> split(List<Plan.Step> steps, Script.Split split) {
    if (split.by() == Script.Split.By.event) {
      return steps;
    }
    List<Plan.Step> pieces = new ArrayList<>();
    SplittableRandom random = new SplittableRandom(or(split.seed(), 0L));
    List<Plan.Step.Send> run = new ArrayList<>();
    for (Plan.Step step : steps) {
      if (step instanceof Plan.Step.Send send) {
        run.add(send);
      } else {
        cutRun(run, split, random, pieces);
        pieces.add(step);
      }
    }
    cutRun(run, split, random, pieces);
    return pieces;
  }

  /** A piece stands for the tokens of the last event it finishes. */
  private static void cutRun(
      List<Plan.Step.Send> run,
      Script.Split split,
      SplittableRandom random,
      List<Plan.Step> pieces) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    run.forEach(send -> all.writeBytes(send.bytes()));
    byte[] bytes = all.toByteArray();
    int size = Math.max(1, split.bytes() == null ? 16 : split.bytes());
    int from = 0;
    while (from < bytes.length) {
      int length =
          switch (split.by()) {
            case whole, event -> bytes.length;
            case bytes -> size;
            case random -> 1 + random.nextInt(size);
          };
      int to = Math.min(bytes.length, from + length);
      if (from > 0 && or(split.gapMillis(), 0L) > 0) {
        pieces.add(new Plan.Step.Pause(or(split.gapMillis(), 0L), new byte[0], 0));
      }
      pieces.add(piece(run, Arrays.copyOfRange(bytes, from, to), from, to));
      from = to;
    }
    run.clear();
  }

  private static Plan.Step.Send piece(List<Plan.Step.Send> run, byte[] bytes, int from, int to) {
    int end = 0;
    long produced = 0;
    Tokens reported = null;
    boolean failing = false;
    for (Plan.Step.Send send : run) {
      end += send.bytes().length;
      if (end > to) {
        break;
      }
      produced = send.produced();
      if (end > from) {
        reported = send.reported() == null ? reported : send.reported();
        failing |= send.failing();
      }
    }
    return new Plan.Step.Send(bytes, produced, reported, failing);
  }

  private static int or(@Nullable Integer given, int otherwise) {
    return given == null ? otherwise : given;
  }

  private static long or(@Nullable Long given, long otherwise) {
    return given == null ? otherwise : given;
  }
}
