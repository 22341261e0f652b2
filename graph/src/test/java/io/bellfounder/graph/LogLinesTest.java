package io.bellfounder.graph;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What an operator reads: who it is about as {@code key=value}, then what happens next. */
class LogLinesTest {
  private static final Pattern LINE =
      Pattern.compile(
          "LOG\\.log\\(\\s*Level\\.(?:INFO|WARNING|ERROR),\\s*(.*?)\\);\\n", Pattern.DOTALL);

  @Test
  void every_line_begins_with_whom_it_is_about_and_ends_with_what_happens_next() throws Exception {
    List<String> others = new ArrayList<>();
    int lines = 0;
    for (Path file : sources()) {
      Matcher found = LINE.matcher(Files.readString(file));
      while (found.find()) {
        lines++;
        String message = found.group(1);
        boolean about = message.matches("(?s)(carrier\\.where\\(\\)|where\\(\\)|\"\\w+=\").*");
        boolean next = message.matches("(?s).*\"[^\"]*[;:,] ?[^\"]*\".*");
        if (!about || !next) {
          others.add(file.getFileName() + ": " + message);
        }
      }
    }
    assertThat(others).isEmpty();
    assertThat(lines).isGreaterThan(8);
  }

  private static List<Path> sources() throws Exception {
    try (Stream<Path> all = Files.list(Path.of("src/main/java/io/bellfounder/graph"))) {
      return all.filter(file -> file.toString().endsWith(".java")).sorted().toList();
    }
  }
}
