package io.bellfounder.postgres;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SessionPriorityTest {
  @TempDir Path processes;

  @Test
  void each_child_is_told_once_also_one_that_comes_later() throws IOException {
    SessionPriority priority = new SessionPriority(processes, 7, 10);
    children("11 12 ");
    Path first = child("11");
    Path second = child("12");

    assertThat(priority.lower()).isTrue();
    assertThat(first).hasContent("10");
    assertThat(second).hasContent("10");

    Files.writeString(first, "untouched");
    children("11 13");
    Path later = child("13");
    assertThat(priority.lower()).isTrue();
    assertThat(first).hasContent("untouched");
    assertThat(later).hasContent("10");
  }

  @Test
  void a_child_that_has_ended_or_has_no_session_priority_holds_up_nobody() throws IOException {
    SessionPriority priority = new SessionPriority(processes, 7, 10);
    children("11 12");
    Path there = child("12");

    assertThat(priority.lower()).isTrue();
    assertThat(there).hasContent("10");
  }

  @Test
  void a_child_that_puts_us_off_is_asked_again_so_often_and_no_more() throws IOException {
    SessionPriority priority = new SessionPriority(processes, 7, 10);
    children("11 12");
    // Cannot be written, and looks as if it could.
    Files.createDirectories(processes.resolve("11/autogroup"));
    Path next = child("12");

    int asked = 1;
    while (!priority.lower() && asked < 1_000) {
      asked++;
    }

    assertThat(asked).isEqualTo(50);
    assertThat(next).hasContent("10");
  }

  @Test
  void without_a_list_of_children_nothing_happens() {
    assertThat(new SessionPriority(processes, 7, 10).lower()).isTrue();
  }

  /** Linux lets an ordinary user change ten sessions a second, and root as many as there are. */
  @Test
  void an_ordinary_user_is_put_off_and_gets_there() throws Exception {
    String classes = System.getProperty("java.class.path");
    assumeTrue(Files.exists(Path.of("/proc/self/autogroup")), "Linux has no session priorities");
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    List<String> command =
        new ArrayList<>(List.of(java.toString(), "-cp", classes, OrdinaryUser.class.getName()));
    if (Files.getOwner(Path.of("/proc/self")).getName().equals("root")) {
      Path setpriv = Path.of("/usr/bin/setpriv");
      assumeTrue(Files.isExecutable(setpriv), "root has no setpriv to become somebody else");
      command.addAll(
          0, List.of(setpriv.toString(), "--reuid=65534", "--regid=65534", "--clear-groups"));
    }
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), UTF_8);

    assumeFalse(said.contains("ClassNotFoundException"), "another user cannot read the classes");
    assertThat(said).isEqualTo("put off, then all told\n");
  }

  /** Has children, each in a session of its own, as PostgreSQL has. */
  static final class OrdinaryUser {
    public static void main(String[] args) throws Exception {
      List<Process> children = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        children.add(new ProcessBuilder("setsid", "sleep", "60").start());
      }
      try {
        long self = ProcessHandle.current().pid();
        // Java starts processes from a thread of its own, and they are that thread's children.
        Path processes = Files.createTempDirectory("processes");
        Path list = processes.resolve(self + "/task/" + self);
        Files.createDirectories(list);
        StringBuilder pids = new StringBuilder();
        for (Process child : children) {
          pids.append(child.pid()).append(' ');
          Files.createSymbolicLink(
              processes.resolve(Long.toString(child.pid())), Path.of("/proc/" + child.pid()));
        }
        Files.writeString(list.resolve("children"), pids);
        SessionPriority priority = new SessionPriority(processes, self, 10);
        int rounds = 1;
        while (!priority.lower() && rounds < 100) {
          rounds++;
          // The kernel counts by its own clock, which no test can move.
          Thread.sleep(50);
        }
        for (Process child : children) {
          String session = Files.readString(Path.of("/proc/" + child.pid() + "/autogroup"));
          if (!session.strip().endsWith(" nice 10")) {
            System.out.println("left as it was: " + session);
          }
        }
        System.out.println(rounds > 1 && rounds < 100 ? "put off, then all told" : rounds);
      } finally {
        children.forEach(Process::destroy);
      }
    }
  }

  private void children(String pids) throws IOException {
    Path list = Files.createDirectories(processes.resolve("7/task/7")).resolve("children");
    Files.writeString(list, pids);
  }

  private Path child(String pid) throws IOException {
    return Files.writeString(
        Files.createDirectories(processes.resolve(pid)).resolve("autogroup"), "");
  }
}
