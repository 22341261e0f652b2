package io.bellfounder.gateway;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;

/**
 * Asks the machine's scheduler for short turns for the calling thread. An event loop has some tens
 * of microseconds of work at a time; with turns as long as everybody's, 1.4 ms and more, it may
 * wait as long for a thread that computes. With short ones it goes before that, and gives way as
 * soon.
 *
 * <p>Takes no privilege. Linux does it from 6.12 on ({@code sched_attr.sched_runtime} of ordinary
 * threads); earlier kernels accept the request and make nothing of it; other systems and sandboxes
 * that forbid it leave everything as it is. Threads that this one starts have ordinary turns.
 */
final class ShortTurns {
  private static final Logger LOG = System.getLogger(ShortTurns.class.getName());

  /** The least that the kernel grants. */
  static final long TURN_NANOS = 100_000;

  /** The first version of {@code struct sched_attr}, which every kernel takes: sched_setattr(2). */
  private static final int ATTRIBUTES_BYTES = 48;

  private static final long FLAGS_OFFSET = 8;
  private static final long RUNTIME_OFFSET = 24;
  private static final long RESET_ON_FORK = 1;
  private static final long THIS_THREAD = 0;
  private static final long NO_FLAGS = 0;

  /** The numbers of sched_setattr and sched_getattr: few C libraries have functions for them. */
  private record Numbers(long set, long get) {}

  private static final Map<String, Numbers> NUMBERS =
      Map.of("amd64", new Numbers(314, 315), "aarch64", new Numbers(274, 275));

  private ShortTurns() {}

  /** True if the kernel accepted it. */
  static boolean ask() {
    var numbers = NUMBERS.get(System.getProperty("os.arch", ""));
    if (numbers == null || !System.getProperty("os.name", "").equals("Linux")) {
      return false;
    }
    try (var arena = Arena.ofConfined()) {
      var attributes = arena.allocate(ATTRIBUTES_BYTES, Long.BYTES);
      // Read first: the thread's policy and priority are written back as they are.
      long answer = call(numbers.get, attributes, ATTRIBUTES_BYTES);
      if (answer == 0) {
        attributes.set(ValueLayout.JAVA_LONG, FLAGS_OFFSET, RESET_ON_FORK);
        attributes.set(ValueLayout.JAVA_LONG, RUNTIME_OFFSET, TURN_NANOS);
        answer = call(numbers.set, attributes, NO_FLAGS);
      }
      LOG.log(Level.DEBUG, "short turns: the kernel answered {0}", answer);
      return answer == 0;
    } catch (Throwable e) {
      // Only speed is lost.
      LOG.log(Level.DEBUG, "short turns cannot be asked for", e);
      return false;
    }
  }

  private static long call(long number, MemorySegment attributes, long third) throws Throwable {
    var linker = Linker.nativeLinker();
    var syscall =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("syscall"),
            FunctionDescriptor.of(
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.ADDRESS,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG),
            Linker.Option.firstVariadicArg(1));
    return (long) syscall.invokeExact(number, THIS_THREAD, attributes, third, NO_FLAGS);
  }
}
