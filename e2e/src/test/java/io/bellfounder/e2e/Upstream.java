package io.bellfounder.e2e;

import io.bellfounder.simulator.BillLine;
import io.bellfounder.simulator.Dialect;
import io.bellfounder.simulator.ReceivedRequest;
import io.bellfounder.simulator.Simulator;
import io.bellfounder.simulator.Tokens;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeoutException;

/**
 * The simulated provider, with a tap on the wire to it. What it does is told to it scene by scene,
 * or by rules.
 */
final class Upstream implements AutoCloseable {

  private final Simulator simulator;
  private final Tap tap;

  private Upstream(Simulator simulator) {
    this.simulator = simulator;
    this.tap = Tap.before(simulator.baseUrl());
  }

  static Upstream start() {
    return new Upstream(Simulator.start());
  }

  /** Its address, by way of the tap. */
  String url() {
    return tap.url();
  }

  /** Its address without the tap, for load. */
  String untapped() {
    return simulator.baseUrl();
  }

  /** The wire between whoever calls and the provider. */
  Tap tap() {
    return tap;
  }

  /** The next requests are answered by these scenes, one each; later ones by an echo. */
  void next(Scene... scenes) {
    List<Map<String, Object>> rules = new ArrayList<>();
    for (Scene scene : scenes) {
      rules.add(scene.times(1, Map.of()));
    }
    choose(rules);
  }

  /** Every request is answered by this scene. */
  void always(Scene scene) {
    choose(List.of(scene.times(0, Map.of())));
  }

  void choose(List<Map<String, Object>> rules) {
    simulator.script(Json.write(Map.of("rules", rules)));
  }

  /**
   * One request as the provider billed it.
   *
   * @param usage what it charges, in its own counting
   * @param reported the last usage it put on the wire; nothing if it came to none
   */
  record Billed(BillLine.Outcome outcome, Usage usage, Usage reported) {}

  /**
   * Every request to a model since the start, by the session id it carried, with the bill for it if
   * there is one.
   */
  Map<String, List<Billed>> bill() {
    try {
      simulator.awaitIdle(Duration.ofSeconds(20));
    } catch (TimeoutException e) {
      throw new AssertionError(e);
    }
    Map<Long, BillLine> lines = new HashMap<>();
    simulator.bill().forEach(line -> lines.put(line.number(), line));
    Map<String, List<Billed>> bySession = new HashMap<>();
    for (ReceivedRequest request : simulator.requests()) {
      BillLine line = lines.get(request.number());
      Billed billed =
          line == null
              ? new Billed(BillLine.Outcome.FAILED, Usage.NONE, Usage.NONE)
              : new Billed(
                  line.outcome(),
                  usage(line, line.billed()),
                  line.reported() == null ? Usage.NONE : usage(line, line.reported()));
      bySession
          .computeIfAbsent(
              request.header("x-claude-code-session-id").orElse("none"), _ -> new ArrayList<>())
          .add(billed);
    }
    return bySession;
  }

  /** OpenAI has no class for cache writes: there they are input. */
  private static Usage usage(BillLine line, Tokens tokens) {
    if (line.dialect() == Dialect.OPENAI) {
      long input = tokens.input() + tokens.cacheWrite5m() + tokens.cacheWrite1h();
      return new Usage(input, 0, 0, tokens.cacheRead(), tokens.output());
    }
    return new Usage(
        tokens.input(),
        tokens.cacheWrite5m(),
        tokens.cacheWrite1h(),
        tokens.cacheRead(),
        tokens.output());
  }

  @Override
  public void close() {
    tap.close();
    simulator.close();
  }
}
