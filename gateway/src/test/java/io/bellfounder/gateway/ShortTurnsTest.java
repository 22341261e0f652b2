package io.bellfounder.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Read from what the kernel says of a thread, where it says how long its turns are. */
class ShortTurnsTest {
  private static final Path SELF = Path.of("/proc/thread-self");
  private static final String SHORT = Long.toString(ShortTurns.TURN_NANOS);

  @BeforeEach
  void kernelGrantsThem() throws IOException {
    var version = System.getProperty("os.version", "").split("[.-]", 3);
    assumeTrue(System.getProperty("os.name", "").equals("Linux"), "Linux alone grants short turns");
    int number = Integer.parseInt(version[0]) * 1_000 + Integer.parseInt(version[1]);
    assumeTrue(number >= 6_012, "the kernel grants short turns from 6.12 on");
    assumeTrue(Files.exists(SELF.resolve("sched")), "the kernel does not say how long turns are");
  }

  @Test
  void aThreadThatAsksGetsShortTurnsAndKeepsItsPriority() throws Exception {
    onAThread(() -> {
      String before = field("prio");
      assertThat(field("se.slice")).isNotEqualTo(SHORT);
      assertThat(ShortTurns.ask()).isTrue();
      assertThat(field("prio")).isEqualTo(before);
      assertThat(field("se.slice")).isEqualTo(SHORT);
    });
  }

  @Test
  void whatItStartsHasOrdinaryTurns() throws Exception {
    onAThread(() -> {
      assertThat(ShortTurns.ask()).isTrue();
      onAThread(() -> assertThat(field("se.slice")).isNotEqualTo(SHORT));
    });
  }

  @Test
  void everyEventLoopOfAGatewayAsksForThem() throws IOException {
    var earlier = eventLoops();
    var setup = RunningGateway.with();
    try (var _ = setup.start()) {
      var loops = eventLoops();
      loops.removeAll(earlier);

      assertThat(loops).hasSize(setup.config().eventLoops());
      for (var loop : loops) {
        assertThat(field(loop, "se.slice")).isEqualTo(SHORT);
      }
    }
  }

  private interface Check {
    void run() throws Exception;
  }

  private static void onAThread(Check check) throws Exception {
    var task =
        new FutureTask<@Nullable Void>(() -> {
          check.run();
          return null;
        });
    Thread.ofPlatform().start(task);
    task.get();
  }

  private static List<Path> eventLoops() throws IOException {
    var loops = new ArrayList<Path>();
    try (var threads = Files.newDirectoryStream(Path.of("/proc/self/task"))) {
      for (var thread : threads) {
        if (Files.readString(thread.resolve("comm")).startsWith("vert.x-eventloo")) {
          loops.add(thread);
        }
      }
    }
    return loops;
  }

  private static String field(String name) throws IOException {
    return field(SELF, name);
  }

  private static String field(Path thread, String name) throws IOException {
    return Files.readAllLines(thread.resolve("sched")).stream()
        .filter(line -> line.startsWith(name + " "))
        .map(line -> line.substring(line.indexOf(':') + 1).strip())
        .findFirst()
        .orElseThrow();
  }
}
