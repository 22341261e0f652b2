package io.bellfounder.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bellfounder.testing.Seeds;
import io.bellfounder.testing.SettableClock;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Kills a process that writes, again and again on one spool, and counts what is left. */
class SpoolKillTest {
  private static final int KILLS = 6;

  @TempDir Path directory;

  /** What the dead processes had been told is written. */
  private final Set<Long> opened = new HashSet<>();

  private final Set<Long> settled = new HashSet<>();

  @Test
  void kill_9_at_any_moment_loses_and_doubles_no_call() throws Exception {
    var random = Seeds.random("kill_9_at_any_moment_loses_and_doubles_no_call");
    for (int kill = 0; kill < KILLS; kill++) {
      var child = child(kill * 1_000_000L, random.nextLong());
      killAfter(child, 1 + random.nextInt(4_000));
    }

    var found = new HashMap<Long, SettledCall>();
    try (var spool = SpoolWriterMain.spool(directory)) {
      for (var call : SpoolTest.settlements(SpoolTest.all(spool.reader()))) {
        long number = call.opened().id().getLeastSignificantBits();
        assertThat(found.put(number, call)).as("call " + number + " twice").isNull();
      }
    }
    check(found);
  }

  @Test
  void a_process_that_holds_the_directory_keeps_others_off_until_it_dies() throws Exception {
    var child = child(0, 1);
    try (var lines = lines(child)) {
      assertThat(lines.readLine()).isNotNull();

      assertThatThrownBy(() -> SpoolWriterMain.spool(directory))
          .isInstanceOf(Spool.SpoolInUse.class)
          .hasMessageContaining("pid " + child.pid());
    }
    child.destroyForcibly().waitFor();
    SpoolWriterMain.spool(directory).close();
  }

  private void check(Map<Long, SettledCall> found) {
    assertThat(settled).isNotEmpty();
    assertThat(found.keySet()).containsAll(opened);
    for (long number : settled) {
      assertThat(found.get(number)).isEqualTo(SpoolCalls.settled(SpoolCalls.opened(number)));
    }
    found.forEach((number, call) -> {
      if (call.outcome() == SettledCall.Outcome.INTERRUPTED) {
        assertThat(settled).doesNotContain(number);
        assertThat(call.opened()).isEqualTo(SpoolCalls.opened(number));
      }
    });
  }

  /** Reads so many acknowledgements, then kills, then reads what was in the pipe. */
  private void killAfter(Process child, int acknowledgements)
      throws IOException, InterruptedException {
    try (var lines = lines(child)) {
      for (int i = 0; i < acknowledgements; i++) {
        acknowledged(lines.readLine());
      }
      child.toHandle().destroyForcibly(); // unlike the process itself this leaves the pipe readable
      for (var line = lines.readLine(); line != null; line = lines.readLine()) {
        acknowledged(line);
      }
    }
    assertThat(child.waitFor(20, TimeUnit.SECONDS)).isTrue();
  }

  private void acknowledged(@Nullable String line) {
    assertThat(line).isNotNull();
    if (line == null || !line.endsWith(".")) {
      return; // the kill cut the line, so nobody was told
    }
    long number = Long.parseLong(line, 1, line.length() - 1, 10);
    (line.charAt(0) == 'O' ? opened : settled).add(number);
  }

  private Process child(long firstNumber, long seed) throws IOException {
    var errors = Files.createTempFile(directory, "child", ".err");
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx128m",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            SpoolWriterMain.class.getName(),
            directory.toString(),
            Long.toString(firstNumber),
            Long.toString(seed))
        .redirectError(errors.toFile())
        .start();
  }

  private static BufferedReader lines(Process child) {
    return new BufferedReader(
        new InputStreamReader(child.getInputStream(), StandardCharsets.US_ASCII));
  }

  /** The process that is killed: opens and settles at random and says so once it is written. */
  static final class SpoolWriterMain {
    private SpoolWriterMain() {}

    static Spool spool(Path directory) throws IOException {
      return Spool.open(
          new SpoolConfig(directory, 256L << 20, 256 << 10, Duration.ofMillis(5)),
          new SettableClock(SpoolCalls.START));
    }

    public static void main(String[] args) throws Exception {
      var random = Seeds.random(Long.parseLong(args[2]));
      var spool = spool(Path.of(args[0]));
      long next = Long.parseLong(args[1]);
      var open = new java.util.ArrayList<Long>();
      while (true) {
        if (open.size() < 20 && (open.isEmpty() || random.nextBoolean())) {
          spool.opened(SpoolCalls.opened(next));
          say("O" + next);
          open.add(next++);
        } else {
          long number = open.remove(random.nextInt(open.size()));
          spool.settled(SpoolCalls.settled(SpoolCalls.opened(number)));
          say("S" + number);
        }
      }
    }

    private static void say(String what) throws IOException {
      System.out.write((what + ".\n").getBytes(StandardCharsets.US_ASCII));
      System.out.flush();
    }
  }
}
