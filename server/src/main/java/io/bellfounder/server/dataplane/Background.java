package io.bellfounder.server.dataplane;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lowers the calling thread's priority for the machine's scheduler. Java's own priorities do
 * nothing on Linux unless the whole process is started for it.
 */
final class Background {
  private static final Logger LOG = LoggerFactory.getLogger(Background.class);

  /** On the scale of {@code nice}: a thread of the usual priority weighs nine times as much. */
  private static final int NICE = 10;

  private static final int PRIO_PROCESS = 0;

  private Background() {}

  /**
   * Does nothing where a thread cannot be named alone, which is everywhere but on Linux; there, 0
   * means the calling thread (setpriority(2), "C library/kernel differences").
   */
  static void enter() {
    if (!System.getProperty("os.name", "").toLowerCase(Locale.ROOT).startsWith("linux")) {
      return;
    }
    try {
      Linker linker = Linker.nativeLinker();
      MethodHandle setPriority =
          linker.downcallHandle(
              linker.defaultLookup().findOrThrow("setpriority"),
              FunctionDescriptor.of(
                  ValueLayout.JAVA_INT,
                  ValueLayout.JAVA_INT,
                  ValueLayout.JAVA_INT,
                  ValueLayout.JAVA_INT));
      int answer = (int) setPriority.invokeExact(PRIO_PROCESS, 0, NICE);
      LOG.debug("the thread's priority is lower now, or not: {}", answer);
    } catch (Throwable e) {
      // Only speed is lost.
      LOG.debug("the thread's priority stays as it is", e);
    }
  }
}
