package io.bellfounder.simulator;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Random faults that replay: the choice follows from the seed, the request's body and how often
 * that body came before, not from the order of arrival. For many threads.
 */
final class Weather {
  static final Set<String> FAULTS =
      Set.of(
          "429",
          "500",
          "502",
          "503",
          "529",
          "stall",
          "cut_reset",
          "cut_close",
          "cut_end",
          "error_event");
  private static final int BODIES_MAX = 100_000;

  private final Map<String, Double> faults;
  private final long seed;
  private final long stallMillis;
  private final Map<Long, Integer> seen =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, Integer> eldest) {
          return size() > BODIES_MAX;
        }
      };

  /**
   * @throws IllegalArgumentException if a fault is unknown or the probabilities exceed one
   */
  Weather(Script.Chaos chaos, long scriptSeed) {
    faults = new TreeMap<>(chaos.faults() == null ? new HashMap<>() : chaos.faults());
    seed = chaos.seed() == null ? scriptSeed : chaos.seed();
    stallMillis = chaos.stallMillis() == null ? 500 : chaos.stallMillis();
    for (String fault : faults.keySet()) {
      if (!FAULTS.contains(fault)) {
        throw new IllegalArgumentException(
            "script: chaos knows no fault '" + fault + "', only " + FAULTS);
      }
    }
    if (faults.values().stream().mapToDouble(Double::doubleValue).sum() > 1) {
      throw new IllegalArgumentException("script: the probabilities of chaos exceed 1");
    }
  }

  Script.@Nullable Fault fault(byte[] body, boolean stream) {
    CRC32C crc = new CRC32C();
    crc.update(body, 0, body.length);
    int time;
    synchronized (this) {
      time = seen.merge(crc.getValue(), 1, Integer::sum);
    }
    SplittableRandom random =
        new SplittableRandom(seed ^ (crc.getValue() << 20) ^ (time * 0x9E3779B97F4A7C15L));
    double drawn = random.nextDouble();
    for (Map.Entry<String, Double> fault : faults.entrySet()) {
      drawn -= fault.getValue();
      if (drawn < 0) {
        return make(fault.getKey(), stream, random);
      }
    }
    return null;
  }

  private Script.Fault make(String name, boolean stream, SplittableRandom random) {
    int events = random.nextInt(9);
    int bytes = 1 + random.nextInt(60);
    return switch (name) {
      case "429" -> status(429, "1");
      case "stall" -> new Script.Fault.Stall(!stream, events, stallMillis);
      case "cut_reset" -> cut(Script.How.reset, stream, events, bytes);
      case "cut_close" -> cut(Script.How.close, stream, events, bytes);
      case "cut_end" -> cut(Script.How.end, stream, events, bytes);
      case "error_event" ->
          stream ? new Script.Fault.ErrorEvent(events, null, null) : status(529, null);
      default -> status(Integer.parseInt(name), null);
    };
  }

  private static Script.Fault cut(Script.How how, boolean stream, int events, int bytes) {
    return stream
        ? new Script.Fault.Cut(false, events, null, how, false)
        : new Script.Fault.Cut(false, null, bytes, how, false);
  }

  private static Script.Fault status(int status, @Nullable String retryAfter) {
    return new Script.Fault.Status(status, retryAfter, null, null, null, null);
  }
}
