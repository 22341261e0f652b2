package io.bellfounder.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** What {@code ./bell bench} says before it builds anything. */
class BenchWordsTest {

  @Test
  void a_wrong_option_is_refused_with_those_there_are() throws Exception {
    for (var benchmark : new CommandLine(Bench.class).getSubcommands().entrySet()) {
      Process bell = bell("bench", benchmark.getKey(), "--quick", "--nonsense=1");
      String said = new String(bell.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

      assertThat(bell.waitFor()).isEqualTo(2);
      assertThat(said)
          .contains("bench %s has no option '--nonsense=1'".formatted(benchmark.getKey()))
          .contains(options(benchmark.getValue()))
          .doesNotContain("Building");
    }
  }

  private static Process bell(String... words) throws IOException {
    List<String> command = new ArrayList<>(List.of("../bell"));
    command.addAll(List.of(words));
    return new ProcessBuilder(command).redirectErrorStream(true).start();
  }

  private static Iterable<String> options(CommandLine benchmark) {
    return benchmark.getCommandSpec().options().stream()
        .map(option -> option.longestName())
        .filter(name -> !name.equals("--help") && !name.equals("--version"))
        .toList();
  }
}
