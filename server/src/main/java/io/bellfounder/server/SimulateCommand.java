package io.bellfounder.server;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Unmatched;

/** {@code bell simulate}: hands its words to the simulator, which this program does not know. */
@Command(
    name = "simulate",
    description =
        "A model provider to try things against; `bell simulate --help` lists its options.")
final class SimulateCommand implements Callable<Integer> {
  @Unmatched List<String> words = new ArrayList<>();

  @Override
  public Integer call() throws Exception {
    Method main =
        Class.forName("io.bellfounder.simulator.Simulate").getMethod("main", String[].class);
    try {
      main.invoke(null, (Object) words.toArray(String[]::new));
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof Exception cause) {
        throw cause;
      }
      throw e;
    }
    return 0;
  }
}
