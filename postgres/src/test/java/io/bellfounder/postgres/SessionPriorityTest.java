package io.bellfounder.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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

  private void children(String pids) throws IOException {
    Path list = Files.createDirectories(processes.resolve("7/task/7")).resolve("children");
    Files.writeString(list, pids);
  }

  private Path child(String pid) throws IOException {
    return Files.writeString(
        Files.createDirectories(processes.resolve(pid)).resolve("autogroup"), "");
  }
}
